mock_provider "aws" {
  override_during = plan

  mock_resource "aws_sqs_queue" {
    defaults = { url = "https://sqs.eu-central-1.amazonaws.com/123456789012/queue" }
  }
}

variables {
  context = {
    namespace   = "shop"
    environment = "dev"
    account_id  = "123456789012"
    region      = "eu-central-1"
    tags        = { Team = "platform" }
  }
  service     = "inventory"
  name        = "reserve"
  description = "Reserves stock for an order."
  handler     = "inventory.handlers.reserve"
  kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  package = {
    path   = "inventory.zip"
    sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
  }
  event_bus = {
    name = "shop-dev-events"
    arn  = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events"
  }
}

run "rules_and_schedules" {
  command = plan

  variables {
    on_failure                = "bus"
    maximum_retry_attempts    = 1
    maximum_event_age_seconds = 900
    rules = {
      placed = {
        event_pattern             = jsonencode({ source = ["shop.order"], "detail-type" = ["OrderPlaced"] })
        maximum_retry_attempts    = 20
        maximum_event_age_seconds = 7200
      }
    }
    schedules = {
      nightly = {
        expression = "cron(0 3 * * ? *)"
        input      = jsonencode({ task = "count" })
      }
    }
  }

  assert {
    condition = (
      aws_cloudwatch_event_rule.this["placed"].name == "shop-dev-inventory-reserve-placed"
      && aws_cloudwatch_event_rule.this["placed"].event_bus_name == "shop-dev-events"
      && jsondecode(aws_cloudwatch_event_rule.this["placed"].event_pattern) == jsondecode(jsonencode({ source = ["shop.order"], "detail-type" = ["OrderPlaced"] }))
      && aws_cloudwatch_event_rule.this["placed"].schedule_expression == null
    )
    error_message = "A rule is on the bus, with the caller's pattern."
  }

  assert {
    condition = (
      aws_cloudwatch_event_rule.this["nightly"].schedule_expression == "cron(0 3 * * ? *)"
      && aws_cloudwatch_event_rule.this["nightly"].event_bus_name == "default"
      && aws_cloudwatch_event_rule.this["nightly"].event_pattern == null
    )
    error_message = "A schedule is on the default bus."
  }

  assert {
    condition     = alltrue([for rule in aws_cloudwatch_event_rule.this : rule.state != "DISABLED"])
    error_message = "Rules are on."
  }

  assert {
    condition = output.rule_arns == {
      placed  = "arn:aws:events:eu-central-1:123456789012:rule/shop-dev-events/shop-dev-inventory-reserve-placed"
      nightly = "arn:aws:events:eu-central-1:123456789012:rule/shop-dev-inventory-reserve-nightly"
    }
    error_message = "A rule's ARN has the bus's name, but on the default bus."
  }

  assert {
    condition = alltrue([
      for key, arn in output.rule_arns : (
        aws_lambda_permission.this[key].principal == "events.amazonaws.com"
        && aws_lambda_permission.this[key].action == "lambda:InvokeFunction"
        && aws_lambda_permission.this[key].source_arn == arn
        && aws_lambda_permission.this[key].source_account == "123456789012"
        && aws_lambda_permission.this[key].function_name == "shop-dev-inventory-reserve"
      )
    ])
    error_message = "Exactly the rules may invoke the function."
  }

  assert {
    condition = alltrue([
      for target in values(aws_cloudwatch_event_target.this) : (
        target.arn == "arn:aws:lambda:eu-central-1:123456789012:function:shop-dev-inventory-reserve"
        && target.dead_letter_config[0].arn == "arn:aws:sqs:eu-central-1:123456789012:shop-dev-inventory-reserve-undelivered"
      )
    ])
    error_message = "What does not reach Lambda goes to the undelivered queue."
  }

  assert {
    condition = (
      aws_cloudwatch_event_target.this["placed"].rule == "shop-dev-inventory-reserve-placed"
      && aws_cloudwatch_event_target.this["placed"].event_bus_name == "shop-dev-events"
      && aws_cloudwatch_event_target.this["placed"].retry_policy[0].maximum_retry_attempts == 20
      && aws_cloudwatch_event_target.this["placed"].retry_policy[0].maximum_event_age_in_seconds == 7200
      && aws_cloudwatch_event_target.this["placed"].input == null
    )
    error_message = "A rule's target has the caller's retry policy and gets the event as it is."
  }

  assert {
    condition = (
      aws_cloudwatch_event_target.this["nightly"].retry_policy[0].maximum_retry_attempts == 185
      && aws_cloudwatch_event_target.this["nightly"].retry_policy[0].maximum_event_age_in_seconds == 3600
      && aws_cloudwatch_event_target.this["nightly"].input == jsonencode({ task = "count" })
    )
    error_message = "A schedule's target has the default retry policy and gets the caller's input."
  }

  assert {
    condition = (
      aws_lambda_function_event_invoke_config.this[0].destination_config[0].on_failure[0].destination == "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events"
      && aws_lambda_function_event_invoke_config.this[0].maximum_retry_attempts == 1
      && aws_lambda_function_event_invoke_config.this[0].maximum_event_age_in_seconds == 900
    )
    error_message = "An invocation that is given up is told on the bus."
  }

  assert {
    condition     = keys(aws_sqs_queue.this) == ["undelivered"]
    error_message = "There is no failed queue when failures go to the bus."
  }

  assert {
    condition = jsondecode(aws_sqs_queue.this["undelivered"].policy) == jsondecode(jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid       = "RefusePlainHttp"
          Effect    = "Deny"
          Principal = "*"
          Action    = "sqs:*"
          Resource  = "arn:aws:sqs:eu-central-1:123456789012:shop-dev-inventory-reserve-undelivered"
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        },
        {
          Sid       = "AcceptUndeliveredEvents"
          Effect    = "Allow"
          Principal = { Service = "events.amazonaws.com" }
          Action    = "sqs:SendMessage"
          Resource  = "arn:aws:sqs:eu-central-1:123456789012:shop-dev-inventory-reserve-undelivered"
          Condition = {
            ArnEquals = { "aws:SourceArn" = [
              "arn:aws:events:eu-central-1:123456789012:rule/shop-dev-events/shop-dev-inventory-reserve-placed",
              "arn:aws:events:eu-central-1:123456789012:rule/shop-dev-inventory-reserve-nightly",
            ] }
            StringEquals = { "aws:SourceAccount" = "123456789012" }
          }
        },
      ]
    }))
    error_message = "Only EventBridge sends to the undelivered queue, for these rules, over TLS: ${aws_sqs_queue.this["undelivered"].policy}"
  }

  assert {
    condition = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset([
      "errors", "throttles", "duration", "dropped", "destination", "undelivered", "lost/placed", "lost/nightly",
    ])
    error_message = "There is an alarm for every way in which an event can be late or lost."
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["lost/placed"].metric_name == "InvocationsFailedToBeSentToDlq"
      && aws_cloudwatch_metric_alarm.this["lost/placed"].dimensions == tomap({ EventBusName = "shop-dev-events", RuleName = "shop-dev-inventory-reserve-placed" })
      && aws_cloudwatch_metric_alarm.this["lost/nightly"].dimensions == tomap({ RuleName = "shop-dev-inventory-reserve-nightly" })
    )
    error_message = "An event that not even the queue took sets off an alarm."
  }
}

run "a_queue_of_failures" {
  command = plan

  variables {
    alarms = { actions = ["arn:aws:sns:eu-central-1:123456789012:alarms"] }
  }

  assert {
    condition = (
      aws_sqs_queue.this["failed"].name == "shop-dev-inventory-reserve-failed"
      && aws_sqs_queue.this["failed"].message_retention_seconds == 1209600
      && aws_sqs_queue.this["failed"].kms_master_key_id == var.kms_key_arn
    )
    error_message = "A queue keeps its messages for 14 days, encrypted with the service's key."
  }

  assert {
    condition     = [for statement in jsondecode(aws_sqs_queue.this["failed"].policy).Statement : statement.Sid] == ["RefusePlainHttp"]
    error_message = "No service sends to the failed queue; the role does, by its own policy."
  }

  assert {
    condition = output.queues == {
      failed = {
        name = "shop-dev-inventory-reserve-failed"
        arn  = "arn:aws:sqs:eu-central-1:123456789012:shop-dev-inventory-reserve-failed"
        url  = "https://sqs.eu-central-1.amazonaws.com/123456789012/queue"
      }
    }
    error_message = "The queues that exist are told, and no others."
  }

  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset(["errors", "throttles", "duration", "dropped", "destination", "failed"])
    error_message = "There is no alarm on what the function does not have."
  }

  assert {
    condition = alltrue([
      for alarm in values(aws_cloudwatch_metric_alarm.this) : (
        alarm.alarm_actions == toset(["arn:aws:sns:eu-central-1:123456789012:alarms"])
        && alarm.ok_actions == toset(["arn:aws:sns:eu-central-1:123456789012:alarms"])
        && alarm.treat_missing_data == "notBreaching"
        && alarm.comparison_operator == "GreaterThanThreshold"
        && alarm.period == 60
        && alarm.evaluation_periods == 1
      )
    ])
    error_message = "Every alarm tells the caller's topic, when it goes off and when it is over."
  }

  assert {
    condition = { for key, alarm in aws_cloudwatch_metric_alarm.this : key => [alarm.alarm_name, alarm.namespace, alarm.metric_name, alarm.threshold] } == {
      errors      = ["shop-dev-inventory-reserve-errors", "AWS/Lambda", "Errors", 0]
      throttles   = ["shop-dev-inventory-reserve-throttles", "AWS/Lambda", "Throttles", 0]
      duration    = ["shop-dev-inventory-reserve-duration", "AWS/Lambda", "Duration", 8000]
      dropped     = ["shop-dev-inventory-reserve-dropped", "AWS/Lambda", "AsyncEventsDropped", 0]
      destination = ["shop-dev-inventory-reserve-destination", "AWS/Lambda", "DestinationDeliveryFailures", 0]
      failed      = ["shop-dev-inventory-reserve-failed", "AWS/SQS", "ApproximateNumberOfMessagesVisible", 0]
    }
    error_message = "Each alarm watches its metric; the duration's is 80 percent of the timeout, in milliseconds."
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["duration"].extended_statistic == "p99"
      && aws_cloudwatch_metric_alarm.this["errors"].statistic == "Sum"
      && aws_cloudwatch_metric_alarm.this["failed"].statistic == "Maximum"
      && aws_cloudwatch_metric_alarm.this["errors"].dimensions == tomap({ FunctionName = "shop-dev-inventory-reserve" })
      && aws_cloudwatch_metric_alarm.this["failed"].dimensions == tomap({ QueueName = "shop-dev-inventory-reserve-failed" })
    )
    error_message = "Each alarm watches this function, and its queue."
  }
}

run "thresholds_of_the_caller" {
  command = plan

  variables {
    timeout = 30
    alarms = {
      period_seconds       = 300
      errors               = 3
      throttles            = 4
      duration_percent     = 50
      iterator_age_seconds = 20
    }
    stream = { arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-inventory/stream/2025-01-01T00:00:00.000" }
  }

  assert {
    condition = { for key in ["errors", "throttles", "duration", "iterator_age"] : key => aws_cloudwatch_metric_alarm.this[key].threshold } == {
      errors       = 3
      throttles    = 4
      duration     = 15000
      iterator_age = 20000
    }
    error_message = "The thresholds are the caller's; seconds and percent become milliseconds."
  }

  assert {
    condition     = alltrue([for alarm in values(aws_cloudwatch_metric_alarm.this) : alarm.period == 300])
    error_message = "The period is the caller's."
  }
}

run "no_alarms" {
  command = plan

  variables {
    alarms = { enabled = false }
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) == 0 && output.alarm_arns == {}
    error_message = "Alarms can be left out."
  }
}

run "a_stream" {
  command = plan

  variables {
    on_failure = "none"
    stream = {
      arn     = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-inventory/stream/2025-01-01T00:00:00.000"
      filters = ["{\"eventName\": [\"INSERT\"]}"]
    }
  }

  assert {
    condition = (
      aws_lambda_event_source_mapping.this[0].event_source_arn == var.stream.arn
      && aws_lambda_event_source_mapping.this[0].function_name == "shop-dev-inventory-reserve"
      && aws_lambda_event_source_mapping.this[0].starting_position == "TRIM_HORIZON"
      && aws_lambda_event_source_mapping.this[0].batch_size == 100
      && aws_lambda_event_source_mapping.this[0].maximum_batching_window_in_seconds == 0
      && aws_lambda_event_source_mapping.this[0].parallelization_factor == 1
      && aws_lambda_event_source_mapping.this[0].maximum_retry_attempts == 10
      && aws_lambda_event_source_mapping.this[0].maximum_record_age_in_seconds == 86400
    )
    error_message = "A stream is read from its start, in batches of at most 100, each tried at most 11 times."
  }

  assert {
    condition = (
      aws_lambda_event_source_mapping.this[0].bisect_batch_on_function_error == true
      && aws_lambda_event_source_mapping.this[0].function_response_types == toset(["ReportBatchItemFailures"])
      && aws_lambda_event_source_mapping.this[0].destination_config[0].on_failure[0].destination_arn == "arn:aws:sqs:eu-central-1:123456789012:shop-dev-inventory-reserve-failed"
    )
    error_message = "One bad record takes nothing else with it, and goes to the failed queue."
  }

  assert {
    condition     = [for filter in aws_lambda_event_source_mapping.this[0].filter_criteria[0].filter : filter.pattern] == ["{\"eventName\": [\"INSERT\"]}"]
    error_message = "The filters are the caller's."
  }

  assert {
    condition     = keys(aws_sqs_queue.this) == ["failed"] && length(aws_lambda_function_event_invoke_config.this) == 0
    error_message = "A reader of a stream has a failed queue and nothing for asynchronous invocations."
  }

  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset(["errors", "throttles", "duration", "destination", "iterator_age", "failed"])
    error_message = "A reader of a stream that falls behind sets off an alarm."
  }
}

run "the_bare_event_beside_the_bus" {
  command = plan

  variables {
    on_failure        = "bus"
    dead_letter_queue = true
  }

  assert {
    condition     = aws_lambda_function.this.dead_letter_config[0].target_arn == "arn:aws:sqs:eu-central-1:123456789012:shop-dev-inventory-reserve-failed"
    error_message = "The bare event goes to the failed queue."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["dead_letter_errors"].metric_name == "DeadLetterErrors"
    error_message = "A bare event that the queue did not take sets off an alarm."
  }
}

run "the_bare_event_alone" {
  command = plan

  variables {
    on_failure        = "none"
    dead_letter_queue = true
    rules             = { placed = { event_pattern = jsonencode({ source = ["shop.order"] }) } }
  }

  assert {
    condition     = length(aws_lambda_function_event_invoke_config.this[0].destination_config) == 0
    error_message = "There is no destination."
  }

  assert {
    condition     = keys(aws_sqs_queue.this) == ["failed", "undelivered"]
    error_message = "Rules and a dead-letter configuration have a queue each."
  }
}

run "a_queue" {
  command = plan

  variables {
    on_failure = "none"
    timeout    = 20
    rules = {
      placed    = { event_pattern = jsonencode({ source = ["shop.order"], "detail-type" = ["OrderPlaced"] }) }
      cancelled = { event_pattern = jsonencode({ source = ["shop.order"], "detail-type" = ["OrderCancelled"] }) }
    }
    queue = {
      batch_size                      = 50
      maximum_batching_window_seconds = 2
      maximum_receives                = 4
      maximum_concurrency             = 8
    }
  }

  assert {
    condition = (
      toset([for target in values(aws_cloudwatch_event_target.this) : target.arn]) == toset(["arn:aws:sqs:eu-central-1:123456789012:shop-dev-inventory-reserve-events"])
      && toset([for target in values(aws_cloudwatch_event_target.this) : target.dead_letter_config[0].arn]) == toset(["arn:aws:sqs:eu-central-1:123456789012:shop-dev-inventory-reserve-undelivered"])
      && length(aws_lambda_permission.this) == 0
    )
    error_message = "Every rule fills the queue, and none may invoke the function."
  }

  assert {
    condition = (
      aws_lambda_event_source_mapping.queue[0].event_source_arn == "arn:aws:sqs:eu-central-1:123456789012:shop-dev-inventory-reserve-events"
      && aws_lambda_event_source_mapping.queue[0].batch_size == 50
      && aws_lambda_event_source_mapping.queue[0].maximum_batching_window_in_seconds == 2
      && aws_lambda_event_source_mapping.queue[0].function_response_types == toset(["ReportBatchItemFailures"])
      && aws_lambda_event_source_mapping.queue[0].scaling_config[0].maximum_concurrency == 8
      && length(aws_lambda_event_source_mapping.this) == 0
    )
    error_message = "The queue's batches invoke the function, which tells what failed of them."
  }

  assert {
    condition = (
      toset(keys(aws_sqs_queue.this)) == toset(["undelivered", "failed", "events"])
      && aws_sqs_queue.this["events"].visibility_timeout_seconds == 122
      && aws_sqs_queue.this["events"].message_retention_seconds == 345600
      && alltrue([for queue in values(aws_sqs_queue.this) : queue.kms_master_key_id == var.kms_key_arn])
      && jsondecode(aws_sqs_queue_redrive_policy.this[0].redrive_policy) == { deadLetterTargetArn = "arn:aws:sqs:eu-central-1:123456789012:shop-dev-inventory-reserve-failed", maxReceiveCount = 4 }
      && jsondecode(aws_sqs_queue_redrive_allow_policy.this[0].redrive_allow_policy).sourceQueueArns == ["arn:aws:sqs:eu-central-1:123456789012:shop-dev-inventory-reserve-events"]
    )
    error_message = "A message is hidden for six times the timeout and the window, and ends in the failed queue, which takes nothing else."
  }

  assert {
    condition = jsondecode(aws_sqs_queue.this["events"].policy).Statement == jsondecode(jsonencode([
      {
        Sid       = "RefusePlainHttp", Effect = "Deny", Principal = "*", Action = "sqs:*"
        Resource  = "arn:aws:sqs:eu-central-1:123456789012:shop-dev-inventory-reserve-events"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid      = "AcceptEvents", Effect = "Allow", Principal = { Service = "events.amazonaws.com" }, Action = "sqs:SendMessage"
        Resource = "arn:aws:sqs:eu-central-1:123456789012:shop-dev-inventory-reserve-events"
        Condition = {
          ArnEquals = { "aws:SourceArn" = [
            "arn:aws:events:eu-central-1:123456789012:rule/shop-dev-events/shop-dev-inventory-reserve-cancelled",
            "arn:aws:events:eu-central-1:123456789012:rule/shop-dev-events/shop-dev-inventory-reserve-placed",
          ] }
          StringEquals = { "aws:SourceAccount" = "123456789012" }
        }
      },
    ]))
    error_message = "The function's rules fill the queue, over TLS, and nobody else: ${aws_sqs_queue.this["events"].policy}"
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["queue_age"].metric_name == "ApproximateAgeOfOldestMessage"
      && aws_cloudwatch_metric_alarm.this["queue_age"].threshold == 300
      && aws_cloudwatch_metric_alarm.this["queue_age"].dimensions == tomap({ QueueName = "shop-dev-inventory-reserve-events" })
      && toset(keys(aws_cloudwatch_metric_alarm.this)) == toset(["errors", "throttles", "duration", "queue_age", "failed", "undelivered", "lost/placed", "lost/cancelled"])
    )
    error_message = "A message that waits too long, and one that ended in a dead-letter queue, set off an alarm."
  }

  assert {
    condition = output.event_queue == {
      name = "shop-dev-inventory-reserve-events"
      arn  = "arn:aws:sqs:eu-central-1:123456789012:shop-dev-inventory-reserve-events"
      url  = "https://sqs.eu-central-1.amazonaws.com/123456789012/queue"
    } && toset(keys(output.queues)) == toset(["undelivered", "failed"])
    error_message = "The queue that events wait in is no dead-letter queue."
  }
}
