# Encrypts what belongs to no service: the APIs' access logs, the alarm topic, the sandbox's secret.
resource "aws_kms_key" "platform" {
  description             = "Encrypts what belongs to no service of ${var.namespace} in ${var.environment}."
  enable_key_rotation     = true
  deletion_window_in_days = var.key_deletion_window_days

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "LeaveItToIam"
        Effect    = "Allow"
        Principal = { AWS = "arn:${var.partition}:iam::${var.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "LetLogsEncryptTheAccessLogs"
        Effect    = "Allow"
        Principal = { Service = "logs.${var.region}.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
        Resource  = "*"
        Condition = { ArnEquals = { "kms:EncryptionContext:aws:logs:arn" = [
          for name in ["api", "sandbox"] :
          "arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:/aws/vendedlogs/apigateway/${module.names.names[name]}"
        ] } }
      },
      {
        Sid       = "LetAlarmsFillTheTopic"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = "*"
        Condition = { StringEquals = {
          "aws:SourceAccount"                      = var.account_id
          "kms:EncryptionContext:aws:sns:topicArn" = "arn:${var.partition}:sns:${var.region}:${var.account_id}:${module.names.names.alarms}"
        } }
      },
    ]
  })

  tags = local.context.tags
}

locals {
  # A function's result is never null, which Terraform knows before it knows the ARN.
  platform_key_arn = format("%s", aws_kms_key.platform.arn)
}

resource "aws_kms_alias" "platform" {
  name          = "alias/${module.names.names.key}"
  target_key_id = aws_kms_key.platform.key_id
}

module "names" {
  source = "./modules/names"

  context = local.context
  names = {
    key       = { parts = ["platform"], limit = 250 }
    alarms    = { parts = ["alarms"], limit = 256 }
    dashboard = { parts = ["orders"], limit = 255 }
    api       = { parts = ["api"], limit = 128 }
    sandbox   = { parts = ["sandbox"], limit = 128 }
  }
}
