# What the functions say of themselves: a service that is down is no failure of theirs.
locals {
  alarms = { for key, alarm in {
    unavailable = {
      description = "Parts of answers could not be shown: a service that ${var.service} asks is down, or slower than its budget."
      metric      = "SectionsUnavailable", threshold = var.alarms.unavailable
    }
    cache_not_told = {
      description = "The cache could not be told of events: what it has may be out of date until it is read again."
      metric      = "CacheNotTold", threshold = var.alarms.cache_not_told
    }
  } : key => alarm if var.alarms.enabled && (key != "cache_not_told" || var.cache != null) }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = module.names.names["alarm/${each.key}"]
  alarm_description   = each.value.description
  namespace           = coalesce(var.metrics_namespace, var.context.namespace)
  metric_name         = each.value.metric
  dimensions          = { service = var.service }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarms.actions
  ok_actions          = var.alarms.actions
  tags                = merge(var.context.tags, { Service = var.service })
}
