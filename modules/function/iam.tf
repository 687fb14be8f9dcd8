locals {
  tables      = concat(var.table[*], values(var.further_tables))
  table_names = [for table in local.tables : split("/", table.arn)[1]]
  indexes     = flatten([for table in local.tables : [for index in sort(table.indexes) : "${table.arn}/index/${index}"]])
  stream_name = var.stream == null ? null : split("/", var.stream.arn)[1]

  # SQS itself moves what the function's queue gives up.
  writes_failed_queue = var.on_failure == "queue" || var.dead_letter_queue || var.stream != null

  # What the function does, whatever keys that takes.
  access = [for statement in concat(local.access_of_code, local.access_to_further_tables) : statement if statement != null]

  access_to_further_tables = [
    for key, table in var.further_tables : length(table.actions) == 0 ? null : {
      Sid      = "UseTable${title(key)}"
      Effect   = "Allow"
      Action   = [for action in sort(table.actions) : "dynamodb:${action}"]
      Resource = [table.arn]
    }
  ]

  access_of_code = [
    {
      Sid    = "WriteLogs"
      Effect = "Allow"
      Action = ["logs:CreateLogStream", "logs:PutLogEvents"]
      # Lambda names the streams as it goes; the log group is the function's alone.
      Resource = ["${local.log_group_arn}:log-stream:*"]
    },
    {
      Sid    = "WriteTraces"
      Effect = "Allow"
      Action = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
      # X-Ray has no resource to name: these actions take no other value.
      Resource = ["*"]
    },
    var.table == null || length(try(var.table.actions, [])) == 0 ? null : {
      Sid      = "UseTable"
      Effect   = "Allow"
      Action   = [for action in sort(var.table.actions) : "dynamodb:${action}"]
      Resource = [var.table.arn]
    },
    length(local.indexes) == 0 ? null : {
      Sid      = "QueryIndexes"
      Effect   = "Allow"
      Action   = ["dynamodb:Query"]
      Resource = local.indexes
    },
    var.publishes == null ? null : {
      Sid      = "PublishEvents"
      Effect   = "Allow"
      Action   = ["events:PutEvents"]
      Resource = [var.publishes.bus_arn]
      Condition = {
        # A request carries one source for each of its events: all of them have to be in the list. The operator
        # also holds for a request without any, which the second condition refuses.
        "ForAllValues:StringEquals" = { "events:source" = sort(var.publishes.sources) }
        Null                        = { "events:source" = "false" }
      }
    },
    var.on_failure != "bus" ? null : {
      Sid      = "PublishFailures"
      Effect   = "Allow"
      Action   = ["events:PutEvents"]
      Resource = [var.event_bus.arn]
      Condition = {
        "ForAllValues:StringEquals" = { "events:source" = ["lambda"] }
        Null                        = { "events:source" = "false" }
      }
    },
    !local.writes_failed_queue ? null : {
      Sid      = "SendFailures"
      Effect   = "Allow"
      Action   = ["sqs:SendMessage"]
      Resource = [local.queue_arns.failed]
    },
    length(var.calls) == 0 ? null : {
      Sid      = "InvokeFunctions"
      Effect   = "Allow"
      Action   = ["lambda:InvokeFunction"]
      Resource = sort(distinct(values(var.calls)))
    },
    length(var.parameters) == 0 ? null : {
      Sid      = "ReadParameters"
      Effect   = "Allow"
      Action   = ["ssm:GetParameter"]
      Resource = sort(distinct(values(var.parameters)[*].arn))
    },
    var.sends_mail == null ? null : {
      Sid       = "SendMail"
      Effect    = "Allow"
      Action    = ["ses:SendEmail"]
      Resource  = [var.sends_mail.identity_arn]
      Condition = { StringEquals = { "ses:FromAddress" = var.sends_mail.from_address } }
    },
    var.queue == null ? null : {
      Sid      = "ReceiveEvents"
      Effect   = "Allow"
      Action   = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
      Resource = [local.queue_arns.events]
    },
  ]

  # Keys are used through the service that encrypts with them, for the very resource, and in no other way.
  keys = [for statement in [
    length(local.tables) == 0 ? null : {
      Sid      = "UseTableKey"
      Effect   = "Allow"
      Action   = ["kms:Decrypt"]
      Resource = [var.kms_key_arn]
      Condition = { StringEquals = {
        "kms:ViaService"                                  = "dynamodb.${var.context.region}.amazonaws.com"
        "kms:EncryptionContext:aws:dynamodb:tableName"    = try(one(local.table_names), local.table_names)
        "kms:EncryptionContext:aws:dynamodb:subscriberId" = var.context.account_id
      } }
    },
    !local.writes_failed_queue ? null : {
      Sid      = "UseQueueKey"
      Effect   = "Allow"
      Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource = [var.kms_key_arn]
      Condition = { StringEquals = {
        "kms:ViaService"                    = "sqs.${var.context.region}.amazonaws.com"
        "kms:EncryptionContext:aws:sqs:arn" = local.queue_arns.failed
      } }
    },
    var.queue == null ? null : {
      Sid      = "UseEventQueueKey"
      Effect   = "Allow"
      Action   = ["kms:Decrypt"]
      Resource = [var.kms_key_arn]
      Condition = { StringEquals = {
        "kms:ViaService"                    = "sqs.${var.context.region}.amazonaws.com"
        "kms:EncryptionContext:aws:sqs:arn" = local.queue_arns.events
      } }
    },
    length(local.encrypted_parameters) == 0 ? null : {
      Sid      = "UseParameterKeys"
      Effect   = "Allow"
      Action   = ["kms:Decrypt"]
      Resource = sort(distinct(local.encrypted_parameters[*].kms_key_arn))
      Condition = { StringEquals = {
        "kms:ViaService"                      = "ssm.${var.context.region}.amazonaws.com"
        "kms:EncryptionContext:PARAMETER_ARN" = sort(distinct(local.encrypted_parameters[*].arn))
      } }
    },
  ] : statement if statement != null]

  encrypted_parameters = [for parameter in values(var.parameters) : parameter if parameter.kms_key_arn != null]

  stream = [for statement in [
    var.stream == null ? null : {
      Sid      = "ReadStream"
      Effect   = "Allow"
      Action   = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]
      Resource = [var.stream.arn]
    },
    var.stream == null ? null : {
      Sid      = "UseStreamKey"
      Effect   = "Allow"
      Action   = ["kms:Decrypt"]
      Resource = [var.kms_key_arn]
      Condition = { StringEquals = {
        "kms:ViaService"                                  = "dynamodb.${var.context.region}.amazonaws.com"
        "kms:EncryptionContext:aws:dynamodb:tableName"    = local.stream_name
        "kms:EncryptionContext:aws:dynamodb:subscriberId" = var.context.account_id
      } }
    },
  ] : statement if statement != null]

  vpc_account_id = var.vpc == null ? null : coalesce(var.vpc.owner_account_id, var.context.account_id)
  vpc_arn        = "arn:${var.context.partition}:ec2:${var.context.region}"

  # Lambda makes the network interfaces with the function's role; the function's code has no business with them.
  vpc = [for statement in [
    var.vpc == null ? null : {
      Sid    = "MakeNetworkInterfaces"
      Effect = "Allow"
      Action = ["ec2:CreateNetworkInterface"]
      # The interfaces have no names before they exist; subnets and security groups have.
      Resource = concat(
        ["${local.vpc_arn}:${var.context.account_id}:network-interface/*"],
        [for id in sort(var.vpc.security_group_ids) : "${local.vpc_arn}:${local.vpc_account_id}:security-group/${id}"],
        [for id in sort(var.vpc.subnet_ids) : "${local.vpc_arn}:${local.vpc_account_id}:subnet/${id}"],
      )
    },
    var.vpc == null ? null : {
      Sid      = "ManageNetworkInterfaces"
      Effect   = "Allow"
      Action   = ["ec2:AssignPrivateIpAddresses", "ec2:DeleteNetworkInterface", "ec2:UnassignPrivateIpAddresses"]
      Resource = ["${local.vpc_arn}:${var.context.account_id}:network-interface/*"]
    },
    var.vpc == null ? null : {
      Sid    = "SeeNetworkInterfaces"
      Effect = "Allow"
      Action = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"]
      # EC2 takes no other value for what only describes.
      Resource = ["*"]
    },
    var.vpc == null ? null : {
      Sid    = "RefuseNetworkInterfacesToCode"
      Effect = "Deny"
      Action = [
        "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
      ]
      Resource  = ["*"]
      Condition = { ArnEquals = { "lambda:SourceFunctionArn" = local.function_arn } }
    },
  ] : statement if statement != null]

  statements = [
    for sid, statement in var.statements : merge(
      {
        Sid      = sid
        Effect   = "Allow"
        Action   = sort(statement.actions)
        Resource = sort(statement.resources)
      },
      length(statement.conditions) == 0 ? {} : { Condition = statement.conditions },
    )
  ]
}

resource "aws_iam_role" "this" {
  name                 = local.role_name
  description          = "Execution role of ${local.function_name}."
  permissions_boundary = var.permissions_boundary_arn

  # Lambda assumes an execution role without a source account or source ARN: a condition on them would lock it out.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })

  tags = local.tags
}

# Apart, so that what is not known before the first apply (the key, the stream) hides nothing else in a plan.
resource "aws_iam_role_policy" "this" {
  for_each = { for name, statements in {
    access     = local.access
    keys       = local.keys
    stream     = local.stream
    vpc        = local.vpc
    statements = local.statements
  } : name => statements if length(statements) > 0 }

  name = each.key
  role = aws_iam_role.this.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = each.value
  })
}
