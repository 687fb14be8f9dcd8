# Signs the cursors of lists. It never leaves KMS, so there is no secret to keep, to hand over or to lose.
resource "aws_kms_key" "cursor" {
  count = local.has_cursors ? 1 : 0

  description              = "Signs the cursors of ${var.service} of ${var.context.namespace} in ${var.context.environment}."
  key_usage                = "GENERATE_VERIFY_MAC"
  customer_master_key_spec = "HMAC_256"
  deletion_window_in_days  = var.key_deletion_window_days

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "LeaveItToIam"
      Effect    = "Allow"
      Principal = { AWS = "arn:${var.context.partition}:iam::${var.context.account_id}:root" }
      Action    = "kms:*"
      Resource  = "*"
    }]
  })

  tags = merge(var.context.tags, { Service = var.service })
}

resource "aws_kms_alias" "cursor" {
  count = local.has_cursors ? 1 : 0

  name          = local.cursor_alias
  target_key_id = aws_kms_key.cursor[0].key_id
}
