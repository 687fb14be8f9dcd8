resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = { for key in ["undecryptable"] : key => local.queue_name if var.alarms.enabled }

  alarm_name          = module.names.names.alarm
  alarm_description   = "Events wait in ${local.queue_name}: ${local.bus_name} cannot use its key."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = each.value }
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
