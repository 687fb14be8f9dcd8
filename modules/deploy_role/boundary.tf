# The most that any role of the platform can do, whatever its own policies say: what its functions do at run time, to
# resources of this environment. Nothing of IAM, so that no role of the platform makes another one.
resource "aws_iam_policy" "boundary" {
  name        = module.names.names.boundary
  path        = local.path
  description = "Bounds every role of ${var.context.namespace} in ${local.environment}."

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "WriteLogs"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = [for kind in ["lambda", "cloudtrail"] : "${local.in.logs}:log-group:/aws/${kind}/${local.prefix}*"]
        },
        {
          # X-Ray has no resource to name.
          Sid      = "WriteTraces"
          Effect   = "Allow"
          Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
          Resource = "*"
        },
        {
          Sid    = "UseTables"
          Effect = "Allow"
          Action = [
            "dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:DescribeStream", "dynamodb:GetItem",
            "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams", "dynamodb:PutItem", "dynamodb:Query",
            "dynamodb:UpdateItem",
          ]
          Resource = "${local.in.dynamodb}:table/${local.prefix}*"
        },
        {
          Sid    = "BackUpTables"
          Effect = "Allow"
          Action = [
            "dynamodb:CreateBackup", "dynamodb:DeleteBackup", "dynamodb:DescribeBackup", "dynamodb:DescribeTable",
            "dynamodb:ListTagsOfResource", "dynamodb:StartAwsBackupJob",
          ]
          Resource = "${local.in.dynamodb}:table/${local.prefix}*"
        },
        {
          Sid      = "PublishEvents"
          Effect   = "Allow"
          Action   = "events:PutEvents"
          Resource = "${local.in.events}:event-bus/${local.prefix}*"
        },
        {
          Sid      = "SendDeadLetters"
          Effect   = "Allow"
          Action   = "sqs:SendMessage"
          Resource = "${local.in.sqs}:${local.prefix}*"
        },
        {
          Sid      = "TakeEvents"
          Effect   = "Allow"
          Action   = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
          Resource = "${local.in.sqs}:${local.prefix}*"
        },
        {
          Sid      = "InvokeFunctions"
          Effect   = "Allow"
          Action   = "lambda:InvokeFunction"
          Resource = "${local.in.lambda}:function:${local.prefix}*"
        },
        {
          Sid    = "UseCaches"
          Effect = "Allow"
          Action = ["elasticache:Connect", "memorydb:Connect"]
          Resource = [
            "${local.in.elasticache}:serverlesscache:${local.prefix}*",
            "${local.in.elasticache}:user:${local.prefix}*",
            "${local.in.memorydb}:cluster/${local.prefix}*",
            "${local.in.memorydb}:user/${local.prefix}*",
          ]
        },
        {
          Sid    = "ReadParameters"
          Effect = "Allow"
          Action = "ssm:GetParameter"
          Resource = concat(
            ["${local.in.ssm}:parameter/${var.context.namespace}/${local.environment}/*"],
            [for secret in values(var.provider_secrets) : "${local.in.ssm}:parameter/${trimprefix(secret.parameter_name, "/")}"],
          )
        },
        {
          Sid       = "UseKeys"
          Effect    = "Allow"
          Action    = ["kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateMac"]
          Resource  = "${local.in.kms}:key/*"
          Condition = local.tagged
        },
        {
          # Lambda attaches functions to a network with their own roles. Interfaces have no names before they exist, and
          # subnets may be another account's.
          Sid    = "AttachToNetwork"
          Effect = "Allow"
          Action = [
            "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:UnassignPrivateIpAddresses",
          ]
          Resource = concat(
            ["${local.in.ec2}:network-interface/*"],
            [for kind in ["security-group", "subnet"] : "arn:${var.context.partition}:ec2:${var.context.region}:*:${kind}/*"],
          )
        },
        {
          # No other resource than all.
          Sid      = "SeeNetwork"
          Effect   = "Allow"
          Action   = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"]
          Resource = "*"
        },
      ],
      flatten([for replica in var.audit_replica == null ? [] : [var.audit_replica] : [
        {
          Sid      = "ReadAuditRecords"
          Effect   = "Allow"
          Action   = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
          Resource = local.audit_bucket_arn
        },
        {
          Sid      = "ReadVersionsOfAuditRecords"
          Effect   = "Allow"
          Action   = ["s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"]
          Resource = "${local.audit_bucket_arn}/*"
        },
        {
          Sid      = "CopyAuditRecords"
          Effect   = "Allow"
          Action   = ["s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"]
          Resource = "${replica.bucket_arn}/*"
        },
        {
          Sid      = "EncryptCopiesOfAuditRecords"
          Effect   = "Allow"
          Action   = ["kms:Encrypt", "kms:GenerateDataKey"]
          Resource = replica.kms_key_arn
        },
      ]]),
      [for keys in [compact(values(var.provider_secrets)[*].kms_key_arn)] : {
        Sid      = "ReadProvidersSecrets"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = keys
      } if length(keys) > 0],
      [for arns in [local.mail_identity_arns] : {
        Sid      = "SendMail"
        Effect   = "Allow"
        Action   = "ses:SendEmail"
        Resource = arns
      } if length(arns) > 0],
    )
  })

  tags = var.context.tags
}
