resource "aws_backup_plan" "this" {
  name = module.names.names.plan

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.this.name
    schedule          = var.daily.schedule
    start_window      = 60
    completion_window = 360

    lifecycle {
      delete_after = var.daily.retention_days
    }
  }

  rule {
    rule_name         = "monthly"
    target_vault_name = aws_backup_vault.this.name
    schedule          = var.monthly.schedule
    start_window      = 60
    completion_window = 360

    lifecycle {
      cold_storage_after = var.monthly.cold_after_days
      delete_after       = var.monthly.retention_days
    }
  }

  tags = var.context.tags

  depends_on = [aws_backup_vault_lock_configuration.this]
}

resource "aws_backup_selection" "this" {
  name         = "tables"
  plan_id      = aws_backup_plan.this.id
  iam_role_arn = aws_iam_role.this.arn
  resources    = local.table_arns

  depends_on = [aws_iam_role_policy.this]
}
