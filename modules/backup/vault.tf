resource "aws_backup_vault" "this" {
  name        = local.vault_name
  kms_key_arn = aws_kms_key.this.arn
  tags        = var.context.tags
}

# Deletion is refused to everybody, whatever their own policies say: a backup goes when its time is over.
resource "aws_backup_vault_policy" "this" {
  backup_vault_name = aws_backup_vault.this.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "KeepBackups"
        Effect    = "Deny"
        Principal = "*"
        Action    = ["backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"]
        Resource  = "*"
      },
      {
        Sid       = "RefuseOtherAccounts"
        Effect    = "Deny"
        Principal = "*"
        Action    = ["backup:CopyFromBackupVault", "backup:CopyIntoBackupVault", "backup:StartRestoreJob"]
        Resource  = "*"
        Condition = {
          StringNotEquals = { "aws:PrincipalAccount" = var.context.account_id }
          Bool            = { "aws:PrincipalIsAWSService" = "false" }
        }
      },
    ]
  })
}

resource "aws_backup_vault_lock_configuration" "this" {
  for_each = { for lock in var.lock == null ? [] : [var.lock] : "this" => lock }

  backup_vault_name   = aws_backup_vault.this.name
  changeable_for_days = each.value.mode == "compliance" ? each.value.grace_days : null
  min_retention_days  = each.value.min_retention_days
  max_retention_days  = each.value.max_retention_days
}
