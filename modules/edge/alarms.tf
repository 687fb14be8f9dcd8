locals {
  alarms = { for key, alarm in {
    errors = {
      description = "Requests to ${var.domain.name} are answered with an error of the server."
      namespace   = "AWS/CloudFront"
      metric      = "5xxErrorRate"
      dimensions  = { DistributionId = aws_cloudfront_distribution.this.id, Region = "Global" }
      statistic   = "Average"
      threshold   = var.alarms.error_percent
      made        = true
    }
    blocked = {
      description = "The firewall of ${var.domain.name} refuses many requests."
      namespace   = "AWS/WAFV2"
      metric      = "BlockedRequests"
      dimensions  = { WebACL = local.name, Rule = "ALL" }
      statistic   = "Sum"
      threshold   = var.alarms.blocked_requests
      made        = var.web_acl_arn == null
    }
  } : key => alarm if var.alarms.enabled && alarm.made }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = module.names.names[each.key]
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = var.alarms.period_seconds
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarms.actions
  ok_actions          = var.alarms.actions
  tags                = var.context.tags
}
