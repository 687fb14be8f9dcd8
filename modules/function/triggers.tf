locals {
  # Both kinds of rule, by the caller's keys. A schedule is a rule of the default bus: that is where AWS runs them.
  triggers = merge(
    {
      for key, rule in var.rules : key => {
        bus_name                  = var.event_bus.name
        to_queue                  = var.queue != null
        event_pattern             = rule.event_pattern
        expression                = null
        input                     = null
        maximum_retry_attempts    = rule.maximum_retry_attempts
        maximum_event_age_seconds = rule.maximum_event_age_seconds
      }
    },
    {
      for key, schedule in var.schedules : key => {
        bus_name                  = "default"
        to_queue                  = false
        event_pattern             = null
        expression                = schedule.expression
        input                     = schedule.input
        maximum_retry_attempts    = schedule.maximum_retry_attempts
        maximum_event_age_seconds = schedule.maximum_event_age_seconds
      }
    },
  )
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.triggers

  name                = local.rule_names[each.key]
  description         = each.value.to_queue ? "Fills the queue of ${local.function_name}." : "Invokes ${local.function_name}."
  event_bus_name      = each.value.bus_name
  event_pattern       = each.value.event_pattern
  schedule_expression = each.value.expression
  tags                = local.tags
}

resource "aws_lambda_permission" "this" {
  for_each = { for key, trigger in local.triggers : key => trigger if !trigger.to_queue }

  statement_id   = "rule-${each.key}"
  function_name  = aws_lambda_function.this.function_name
  action         = "lambda:InvokeFunction"
  principal      = "events.amazonaws.com"
  source_arn     = local.rule_arns[each.key]
  source_account = var.context.account_id
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.triggers

  rule           = aws_cloudwatch_event_rule.this[each.key].name
  event_bus_name = each.value.bus_name
  target_id      = each.value.to_queue ? "queue" : "function"
  arn            = each.value.to_queue ? local.queue_arns.events : local.function_arn
  input          = each.value.input

  retry_policy {
    maximum_retry_attempts       = each.value.maximum_retry_attempts
    maximum_event_age_in_seconds = each.value.maximum_event_age_seconds
  }

  dead_letter_config {
    arn = local.queue_arns.undelivered
  }

  # The first event may come as soon as the target exists: all that it needs, and all that it needs to fail, comes before.
  depends_on = [
    aws_lambda_function_event_invoke_config.this,
    aws_lambda_permission.this,
    aws_sqs_queue.this,
    aws_sqs_queue_redrive_policy.this,
  ]
}

resource "aws_lambda_event_source_mapping" "this" {
  count = var.stream == null ? 0 : 1

  function_name                      = aws_lambda_function.this.function_name
  event_source_arn                   = var.stream.arn
  starting_position                  = var.stream.starting_position
  batch_size                         = var.stream.batch_size
  maximum_batching_window_in_seconds = var.stream.maximum_batching_window_seconds
  parallelization_factor             = var.stream.parallelization_factor
  maximum_retry_attempts             = var.stream.maximum_retry_attempts
  maximum_record_age_in_seconds      = var.stream.maximum_record_age_seconds
  bisect_batch_on_function_error     = true
  function_response_types            = ["ReportBatchItemFailures"]

  destination_config {
    on_failure {
      destination_arn = local.queue_arns.failed
    }
  }

  dynamic "filter_criteria" {
    for_each = length(var.stream.filters) == 0 ? [] : [var.stream.filters]

    content {
      dynamic "filter" {
        for_each = filter_criteria.value

        content {
          pattern = filter.value
        }
      }
    }
  }

  tags = local.tags

  # Also when it is destroyed: the mapping reads the stream with the role, so the role's policies go after it.
  depends_on = [aws_iam_role_policy.this, aws_sqs_queue.this]
}

resource "aws_lambda_event_source_mapping" "queue" {
  count = var.queue == null ? 0 : 1

  function_name                      = aws_lambda_function.this.function_name
  event_source_arn                   = local.queue_arns.events
  batch_size                         = var.queue.batch_size
  maximum_batching_window_in_seconds = var.queue.maximum_batching_window_seconds
  function_response_types            = ["ReportBatchItemFailures"]

  dynamic "scaling_config" {
    for_each = var.queue.maximum_concurrency[*]

    content {
      maximum_concurrency = scaling_config.value
    }
  }

  tags = local.tags

  # Also when it is destroyed: the mapping reads the queue with the role, so the role's policies go after it.
  depends_on = [aws_iam_role_policy.this, aws_sqs_queue_redrive_policy.this]
}
