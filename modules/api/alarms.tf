locals {
  alarms = var.alarms.enabled ? {
    server_errors = {
      description = "Requests to ${var.name} are answered with an error of the server."
      metric      = "5xx", statistic = "Sum", percentile = null, threshold = var.alarms.server_errors
    }
    latency = {
      description = "Requests to ${var.name} are answered slowly."
      metric      = "Latency", statistic = null, percentile = "p99", threshold = var.alarms.latency_milliseconds
    }
  } : {}
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = module.names.names["alarm/${each.key}"]
  alarm_description   = each.value.description
  namespace           = "AWS/ApiGateway"
  metric_name         = each.value.metric
  dimensions          = { ApiId = aws_apigatewayv2_api.this.id }
  statistic           = each.value.statistic
  extended_statistic  = each.value.percentile
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = var.alarms.period_seconds
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarms.actions
  ok_actions          = var.alarms.actions
  tags                = local.tags
}
