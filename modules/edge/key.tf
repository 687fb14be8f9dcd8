resource "aws_kms_key" "this" {
  for_each = local.own_firewall

  description             = "Encrypts what the firewall of ${local.name} logs."
  enable_key_rotation     = true
  deletion_window_in_days = var.key_deletion_window_days

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "LeaveItToIam"
        Effect    = "Allow"
        Principal = { AWS = "arn:${var.context.partition}:iam::${var.context.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "LetLogsEncryptTheLogGroup"
        Effect    = "Allow"
        Principal = { Service = "logs.${var.context.region}.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
        Resource  = "*"
        Condition = { ArnEquals = { "kms:EncryptionContext:aws:logs:arn" = local.log_group_arn } }
      },
    ]
  })

  tags = var.context.tags
}

resource "aws_kms_alias" "this" {
  for_each = local.own_firewall

  name          = "alias/${module.names.names.key}"
  target_key_id = aws_kms_key.this[each.key].key_id
}
