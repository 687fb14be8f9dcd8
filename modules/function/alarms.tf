locals {
  function_dimensions = { FunctionName = local.function_name }

  alarms = { for key, alarm in merge(
    {
      errors = {
        description = "Invocations of ${local.function_name} fail."
        namespace   = "AWS/Lambda", metric = "Errors", statistic = "Sum", percentile = null
        dimensions  = local.function_dimensions, threshold = var.alarms.errors
      }
      throttles = {
        description = "Invocations of ${local.function_name} are throttled."
        namespace   = "AWS/Lambda", metric = "Throttles", statistic = "Sum", percentile = null
        dimensions  = local.function_dimensions, threshold = var.alarms.throttles
      }
      duration = {
        description = "Invocations of ${local.function_name} come near the timeout of ${var.timeout} s."
        namespace   = "AWS/Lambda", metric = "Duration", statistic = null, percentile = "p99"
        dimensions  = local.function_dimensions, threshold = var.timeout * 10 * var.alarms.duration_percent
      }
    },
    local.invoked_asynchronously ? {
      dropped = {
        description = "Lambda dropped events for ${local.function_name} without running it to the end."
        namespace   = "AWS/Lambda", metric = "AsyncEventsDropped", statistic = "Sum", percentile = null
        dimensions  = local.function_dimensions, threshold = 0
      }
    } : {},
    var.on_failure != "none" || var.stream != null ? {
      destination = {
        description = "Lambda could not deliver failure records of ${local.function_name}."
        namespace   = "AWS/Lambda", metric = "DestinationDeliveryFailures", statistic = "Sum", percentile = null
        dimensions  = local.function_dimensions, threshold = 0
      }
    } : {},
    var.dead_letter_queue ? {
      dead_letter_errors = {
        description = "Lambda could not put failed events of ${local.function_name} into ${local.queue_names.failed}."
        namespace   = "AWS/Lambda", metric = "DeadLetterErrors", statistic = "Sum", percentile = null
        dimensions  = local.function_dimensions, threshold = 0
      }
    } : {},
    var.stream == null ? {} : {
      iterator_age = {
        description = "${local.function_name} is behind its stream."
        namespace   = "AWS/Lambda", metric = "IteratorAge", statistic = "Maximum", percentile = null
        dimensions  = local.function_dimensions, threshold = var.alarms.iterator_age_seconds * 1000
      }
    },
    var.queue == null ? {} : {
      queue_age = {
        description = "Messages wait too long in ${local.queue_names.events}."
        namespace   = "AWS/SQS", metric = "ApproximateAgeOfOldestMessage", statistic = "Maximum", percentile = null
        dimensions  = { QueueName = local.queue_names.events }, threshold = var.alarms.queue_age_seconds
      }
    },
    {
      for key in keys(local.dead_letter_queues) : key => {
        description = "Messages wait in ${local.queue_names[key]}."
        namespace   = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", statistic = "Maximum", percentile = null
        dimensions  = { QueueName = local.queue_names[key] }, threshold = 0
      }
    },
    {
      for key, trigger in local.triggers : "lost/${key}" => {
        description = "EventBridge could put events of rule ${local.rule_names[key]} neither to ${trigger.to_queue ? local.queue_names.events : local.function_name} nor into ${local.queue_names.undelivered}."
        namespace   = "AWS/Events", metric = "InvocationsFailedToBeSentToDlq", statistic = "Sum", percentile = null
        dimensions = merge(
          { RuleName = local.rule_names[key] },
          { for name in [trigger.bus_name] : "EventBusName" => name if name != "default" },
        )
        threshold = 0
      }
    },
  ) : key => alarm if var.alarms.enabled }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = module.alarm_names.names[each.key]
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
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
