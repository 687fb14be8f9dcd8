# What the person on call looks at first: how orders end, how long they take, what waits, what it costs.
locals {
  dead_letter_queue_names = sort(concat(
    flatten([for deployed in values(local.deployed_services) : values(deployed.queues)[*].name]),
    [module.event_bus.dead_letter_queue.name],
  ))
  # Of names alone: a list of whole functions is not known before they are made.
  deployed_function_names = sort(concat(
    flatten([for deployed in values(local.deployed_services) : values(deployed.functions)[*].name]),
    [for service in local.publishing_services : local.deployed_services[service].relay.name],
    values(module.console)[*].name,
  ))
  deployed_table_names = sort(concat(
    values(local.deployed_services)[*].table.name, values(module.read_model.generations)[*].table.name,
  ))
  event_queue_names = sort([for function in values(module.read_model.functions) : function.event_queue.name if function.event_queue != null])

  # A graph of figures of one statistic each: [namespace, metric, dimension, value, {how}].
  of_sagas = [local.metrics_namespace, "SagaReversed", "service", "saga_log"]

  dashboard_widgets = [
    {
      title = "Orders by outcome", y = 0, x = 0, stat = "Sum", stacked = true, left = "orders"
      metrics = [
        [{ expression = "ended - reversed", label = "shipped", color = "#2ca02c" }],
        concat(local.of_sagas, [{ id = "reversed", label = "taken back", color = "#9467bd" }]),
        concat(local.of_sagas, [{ id = "ended", stat = "SampleCount", visible = false }]),
      ]
    },
    {
      title = "Time from the first event of an order to its last", y = 0, x = 12, stat = "p50", stacked = false, left = "ms"
      metrics = [
        for percentile in ["p50", "p99"] :
        [local.metrics_namespace, "SagaDuration", "service", "saga_log", { stat = percentile, label = percentile }]
      ]
    },
    {
      title   = "Oldest open order", y = 6, x = 0, stat = "Maximum", stacked = false, left = "s"
      metrics = [[local.metrics_namespace, "OldestOpenSaga", "service", "saga_log", { label = "seconds since it was placed" }]]
    },
    {
      title = "Orders past their deadline", y = 6, x = 12, stat = "Maximum", stacked = false, left = "orders"
      metrics = [
        for metric, label in { SagasPastDeadline = "past their deadline", SagasStuck = "stuck" } :
        [local.metrics_namespace, metric, "service", "saga_log", { label = label }]
      ]
    },
    {
      title = "Dead letters", y = 12, x = 0, stat = "Maximum", stacked = false, left = "messages"
      metrics = concat(
        [[{ expression = "SUM(METRICS())", label = "in all queues", color = "#d62728" }]],
        [for name in local.dead_letter_queue_names : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", name]],
      )
    },
    {
      title   = "How long events wait for the read model", y = 12, x = 12, stat = "Maximum", stacked = false, left = "s"
      metrics = [for name in local.event_queue_names : ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", name]]
    },
    {
      title = "Cost: invocations", y = 18, x = 0, stat = "Sum", stacked = true, left = "invocations"
      metrics = concat(
        [[{ expression = "SUM(METRICS())", label = "of all functions" }]],
        [for name in local.deployed_function_names : ["AWS/Lambda", "Invocations", "FunctionName", name]],
      )
    },
    {
      title   = "Cost: write units", y = 18, x = 8, stat = "Sum", stacked = true, left = "units"
      metrics = [for name in local.deployed_table_names : ["AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", name]]
    },
    {
      title   = "Cost: events published", y = 18, x = 16, stat = "Sum", stacked = true, left = "events"
      metrics = [for service in local.publishing_services : [local.metrics_namespace, "EventsPublished", "service", service]]
    },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = module.names.names.dashboard
  dashboard_body = jsonencode({
    periodOverride = "inherit"
    widgets = [
      for widget in local.dashboard_widgets : {
        type   = "metric"
        x      = widget.x
        y      = widget.y
        width  = startswith(widget.title, "Cost") ? 8 : 12
        height = 6
        properties = {
          title   = widget.title
          region  = var.region
          view    = "timeSeries"
          period  = 300
          stat    = widget.stat
          stacked = widget.stacked
          metrics = widget.metrics
          yAxis   = { left = { label = widget.left, showUnits = false, min = 0 } }
        }
      }
    ]
  })
}
