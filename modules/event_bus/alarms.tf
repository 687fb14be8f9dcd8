locals {
  alarms = [for key in ["undecryptable"] : key if var.alarms.enabled]
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = toset(local.alarms)

  alarm_name          = module.names.names.alarm
  alarm_description   = "Events wait in ${local.queue_name}: ${local.bus_name} cannot use its key."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = local.queue_name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = var.alarms.period_seconds
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarms.actions
  ok_actions          = var.alarms.actions
  tags                = var.context.tags
}
