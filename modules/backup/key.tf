# The backups outlive the tables, and so does their key: a table's key may be gone when a backup is needed.
resource "aws_kms_key" "this" {
  description             = "Encrypts the backups in ${local.vault_name}."
  enable_key_rotation     = true
  deletion_window_in_days = var.key_deletion_window_days

  # Backup uses the key as the role that it assumes, and by grants that it makes on behalf of that role.
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

  tags = var.context.tags
}

resource "aws_kms_alias" "this" {
  name          = "alias/${module.names.names.key}"
  target_key_id = aws_kms_key.this.key_id
}
