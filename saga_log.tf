# Keeps what happened in every saga, for people to read: it only ever adds. And keeps an eye on those that are open, to
# have them reversed once their deadline has passed.
locals {
  saga_log = {
    range_key = "sk"
    publishes = true
    # Finds open sagas by their deadlines, and ended ones by the day. What customers typed is not in it.
    indexes = {
      by_state = {
        hash_key           = "listed"
        range_key          = "listed_at"
        projection_type    = "INCLUDE"
        non_key_attributes = ["deadline_at", "ended_at", "exceeded_at", "started_at", "state"]
      }
    }
    # Of all that is written here only a deadline that has passed is published.
    relay_filters = [jsonencode({ dynamodb = { NewImage = { outbox = { S = [{ exists = true }] } } } })]
    functions = {
      record_event = {
        description   = "Records an event of a saga."
        handler       = "saga_log.handlers.record_event"
        timeout       = 10
        environment   = merge(local.saga_ends, { for days in var.saga_log_retention_days[*] : "SAGA_LOG_KEEP_DAYS" => tostring(days) })
        table_actions = ["PutItem", "UpdateItem"]
        rules         = { for name, pattern in module.saga.log_patterns : name => { event_pattern = pattern } }
      }
      watch_deadlines = {
        description   = "Has sagas reversed that are open after their deadline, and counts those that are stuck."
        handler       = "saga_log.handlers.watch_deadlines"
        timeout       = 50
        environment   = local.stuck_after
        table_actions = ["GetItem", "UpdateItem"]
        table_indexes = ["by_state"]
        # A round that cannot be started is taken over by the next. One that fails is tried again, for which Lambda waits
        # for one minute and for two: with less time than that, any fault in a round would be a dead letter.
        schedules                 = { every_minute = { expression = "rate(1 minute)", maximum_event_age_seconds = 60 } }
        maximum_event_age_seconds = 300
      }
      get_saga = {
        description   = "Reads the story of one saga."
        handler       = "saga_log.handlers.get_saga"
        timeout       = 10
        environment   = local.saga_ends
        table_actions = ["Query"]
        on_failure    = "none"
      }
      get_sagas = {
        description   = "Lists sagas: open, stuck, or ended on a day."
        handler       = "saga_log.handlers.get_sagas"
        timeout       = 10
        environment   = local.stuck_after
        table_indexes = ["by_state"]
        on_failure    = "none"
      }
    }
  }

  saga_ends   = { SAGA_COMPLETED = module.saga.completed, SAGA_REVERSED = module.saga.reversed }
  stuck_after = { SAGA_STUCK_AFTER_SECONDS = tostring(var.stuck_after_seconds) }

  metrics_namespace = "${var.namespace}-${var.environment}"
  saga_alarms = { for key, alarm in {
    stuck = {
      description = "Sagas are open ${var.stuck_after_seconds} s after their deadline. ./scripts/saga stuck lists them, ./scripts/redrive what may hold them."
      namespace   = local.metrics_namespace, metric = "SagasStuck", statistic = "Maximum", period = 60, comparison = "GreaterThanThreshold", threshold = 0
      periods     = 1, percentile = null
      dimensions  = { service = "saga_log" }
      # Silence is the other alarm's business.
      missing = "notBreaching"
    }
    deadlines_not_told = {
      description = "Sagas are open after their deadline that cannot be reversed: what they began with holds no order."
      namespace   = local.metrics_namespace, metric = "SagaDeadlinesNotTold", statistic = "Maximum", period = 60, comparison = "GreaterThanThreshold", threshold = 0
      periods     = 1, percentile = null
      dimensions  = { service = "saga_log" }
      missing     = "notBreaching"
    }
    unwatched = {
      description = "Nothing has watched the sagas' deadlines for 15 minutes."
      namespace   = "AWS/Lambda", metric = "Invocations", statistic = "Sum", period = 900, comparison = "LessThanThreshold", threshold = 1
      periods     = 1, percentile = null
      dimensions  = { FunctionName = module.saga_log_names.names.watch_deadlines }
      missing     = "breaching"
    }
    # Nothing fails, and nothing ships: a provider that refuses everything looks like this.
    reversals = {
      description = "More than half of the orders that ended in each of the last two half hours were taken back."
      namespace   = local.metrics_namespace, metric = "SagaReversed", statistic = "Average", period = 1800, comparison = "GreaterThanThreshold", threshold = 0.5
      periods     = 2, percentile = null
      dimensions  = { service = "saga_log" }
      missing     = "notBreaching"
    }
    slow = {
      description = "Of the orders that ended in the last 15 minutes one in a hundred took more than half of the ${var.deadline_seconds} s that an order has."
      namespace   = local.metrics_namespace, metric = "SagaDuration", statistic = null, period = 900, comparison = "GreaterThanThreshold", threshold = var.deadline_seconds * 500
      periods     = 1, percentile = "p99"
      dimensions  = { service = "saga_log" }
      missing     = "notBreaching"
    }
  } : key => alarm if var.alarms.enabled }
}

module "saga_log_names" {
  source = "./modules/names"

  context = local.context
  names = merge(
    { watch_deadlines = { parts = ["saga_log", "watch_deadlines"], limit = 64 } },
    { for key in ["stuck", "deadlines_not_told", "unwatched", "reversals", "slow"] : "alarm/${key}" => { parts = ["saga_log", key], limit = 255 } },
  )
}

resource "aws_cloudwatch_metric_alarm" "saga_log" {
  for_each = local.saga_alarms

  alarm_name          = module.saga_log_names.names["alarm/${each.key}"]
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  extended_statistic  = each.value.percentile
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = each.value.period
  evaluation_periods  = each.value.periods
  treat_missing_data  = each.value.missing
  alarm_actions       = local.alarms.actions
  ok_actions          = local.alarms.actions
  tags                = merge(local.context.tags, { Service = "saga_log" })
}
