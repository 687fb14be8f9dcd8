# Principals of the account get at the key by their own IAM policies (the first statement hands that over); services by
# statements that say for which resources. No role is named, so that no role has to exist first.
resource "aws_kms_key" "this" {
  description             = "Encrypts everything that service ${var.service} of ${var.context.namespace} stores in ${var.context.environment}."
  enable_key_rotation     = true
  deletion_window_in_days = var.key_deletion_window_days

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid       = "LeaveItToIam"
          Effect    = "Allow"
          Principal = { AWS = "arn:${var.context.partition}:iam::${var.context.account_id}:root" }
          Action    = "kms:*"
          Resource  = "*"
        },
        {
          Sid       = "LetLogsEncryptTheLogGroups"
          Effect    = "Allow"
          Principal = { Service = "logs.${var.context.region}.amazonaws.com" }
          Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
          Resource  = "*"
          Condition = { ArnEquals = { "kms:EncryptionContext:aws:logs:arn" = sort(local.log_group_arns) } }
        },
      ],
      # Without this EventBridge drops an event that it cannot deliver, and says so nowhere but in a metric.
      [for rule_arns in [sort(local.rule_arns)] : {
        Sid       = "LetEventBridgeFillTheQueues"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = "*"
        Condition = {
          ArnEquals = {
            "aws:SourceArn"                     = rule_arns
            "kms:EncryptionContext:aws:sqs:arn" = sort(concat(local.undelivered_queue_arns, local.event_queue_arns))
          }
          StringEquals = { "aws:SourceAccount" = var.context.account_id }
        }
      } if length(rule_arns) > 0],
    )
  })

  tags = local.tags
}

resource "aws_kms_alias" "this" {
  name          = "alias/${local.names.service}"
  target_key_id = aws_kms_key.this.key_id
}
