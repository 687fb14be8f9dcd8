locals {
  alarms = { for key, alarm in {
    throttled = {
      description = "The cache refuses requests: its limits are too low.", durable = false
      namespace   = "AWS/ElastiCache", metric = "ThrottledCmds", statistic = "Sum", threshold = 0, dimension = "clusterId"
    }
    refused = {
      description = "Somebody could not sign in to the cache.", durable = false
      namespace   = "AWS/ElastiCache", metric = "AuthenticationFailures", statistic = "Sum", threshold = 0, dimension = "clusterId"
    }
    memory = {
      description = "The cache is nearly full.", durable = true
      namespace   = "AWS/MemoryDB", metric = "DatabaseMemoryUsagePercentage", statistic = "Maximum", threshold = 80, dimension = "ClusterName"
    }
    cpu = {
      description = "The cache is nearly busy all the time.", durable = true
      namespace   = "AWS/MemoryDB", metric = "EngineCPUUtilization", statistic = "Maximum", threshold = 80, dimension = "ClusterName"
    }
  } : key => alarm if var.alarms.enabled && alarm.durable == var.durable }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = module.names.names["alarm/${each.key}"]
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = { (each.value.dimension) = local.name }
  statistic           = each.value.statistic
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarms.actions
  ok_actions          = var.alarms.actions
  tags                = local.tags
}
