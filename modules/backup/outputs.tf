output "vault" {
  description = "The vault: name and ARN."
  value       = { name = local.vault_name, arn = local.vault_arn }
  depends_on  = [aws_backup_vault.this]
}

output "key_arn" {
  description = "ARN of the KMS key that the backups are encrypted with."
  value       = aws_kms_key.this.arn
}

output "plan_id" {
  description = "Id of the backup plan."
  value       = aws_backup_plan.this.id
}

output "role_arn" {
  description = "ARN of the role that backs up; it cannot restore."
  value       = aws_iam_role.this.arn
}

output "alarm_arns" {
  description = "ARNs of the alarms, by what they watch."
  value       = { for key, alarm in aws_cloudwatch_metric_alarm.this : key => alarm.arn }
}
