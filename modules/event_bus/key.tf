# Principals of the account get at the key by their own IAM policies (the first statement hands that over); services by
# statements that say for which resource. No role is named, so that no role has to exist first.
resource "aws_kms_key" "this" {
  description             = "Encrypts the events of ${local.bus_name}."
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
        # The check when the bus is made; it carries no encryption context.
        Sid       = "LetEventBridgeSeeTheKey"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "kms:DescribeKey"
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = var.context.account_id } }
      },
      {
        Sid       = "LetEventBridgeEncryptTheBus"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = "*"
        Condition = { StringEquals = {
          "aws:SourceAccount"                              = var.context.account_id
          "kms:EncryptionContext:aws:events:event-bus:arn" = local.bus_arn
        } }
      },
    ]
  })

  tags = var.context.tags
}

resource "aws_kms_alias" "this" {
  name          = "alias/${module.names.names.key}"
  target_key_id = aws_kms_key.this.key_id
}
