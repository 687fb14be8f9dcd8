locals {
  alarms = { for key, alarm in {
    failed = {
      metric      = "NumberOfBackupJobsFailed"
      description = "A backup into ${local.vault_name} failed: a table is without the backup of that day or month."
      comparison  = "GreaterThanThreshold"
      threshold   = 0
      period      = 3600
      missing     = "notBreaching"
    }
    expired = {
      metric      = "NumberOfBackupJobsExpired"
      description = "A backup into ${local.vault_name} did not begin in time: a table is without the backup of that day or month."
      comparison  = "GreaterThanThreshold"
      threshold   = 0
      period      = 3600
      missing     = "notBreaching"
    }
    # A plan that was taken away, or a role that Backup cannot assume, fails nothing.
    missing = {
      metric      = "NumberOfBackupJobsCompleted"
      description = "Fewer tables than there are were backed up into ${local.vault_name} in a day."
      comparison  = "LessThanThreshold"
      threshold   = length(var.tables)
      period      = 86400
      missing     = "breaching"
    }
  } : key => alarm if var.alarms.enabled }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = module.names.names[each.key]
  alarm_description   = each.value.description
  namespace           = "AWS/Backup"
  metric_name         = each.value.metric
  dimensions          = { BackupVaultName = local.vault_name }
  statistic           = "Sum"
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = each.value.period
  evaluation_periods  = 1
  treat_missing_data  = each.value.missing
  alarm_actions       = var.alarms.actions
  ok_actions          = var.alarms.actions
  tags                = var.context.tags
}
