# Every name and ARN is computed from static inputs: the key's policy can name log groups, queues and rules that exist
# only once the key does.

module "names" {
  source = "../names"

  context = var.context
  names = merge(
    {
      service = { parts = [var.service], limit = 250 }
      table   = { parts = [var.service], limit = 255 }
    },
    { for key in local.function_keys : "function/${key}" => { parts = [var.service, key], limit = 64 } },
    { for key in local.function_keys : "undelivered/${key}" => { parts = [var.service, key, "undelivered"], limit = 80 } },
    { for key in local.function_keys : "events/${key}" => { parts = [var.service, key, "events"], limit = 80 } },
    { for key in keys(var.further_tables) : "table/${key}" => { parts = [var.service, key], limit = 255 } },
    merge([
      for key, triggers in local.triggers : { for trigger in keys(triggers) : "rule/${key}/${trigger}" => { parts = [var.service, key, trigger], limit = 64 } }
    ]...),
  )
}

locals {
  region_arn = "${var.context.region}:${var.context.account_id}"
  names      = module.names.names

  source     = "${var.context.namespace}.${var.service}"
  relay_name = "relay"

  function_keys = concat(keys(var.functions), [for key in [local.relay_name] : key if var.relay_package != null])

  table_name = local.names.table
  table_arn  = "arn:${var.context.partition}:dynamodb:${local.region_arn}:table/${local.table_name}"

  further_table_names = { for key in keys(var.further_tables) : key => local.names["table/${key}"] }
  further_table_arns  = { for key, name in local.further_table_names : key => "arn:${var.context.partition}:dynamodb:${local.region_arn}:table/${name}" }

  # What modules/function will make, for the key's policy.
  log_group_arns = [
    for key in local.function_keys : "arn:${var.context.partition}:logs:${local.region_arn}:log-group:/aws/lambda/${local.names["function/${key}"]}"
  ]
  triggers = {
    for key, function in var.functions : key => merge(
      { for name in keys(function.rules) : name => var.event_bus.name },
      { for name in keys(function.schedules) : name => "default" },
    )
  }
  rule_arns = flatten([
    for key, triggers in local.triggers : [
      for name, bus_name in triggers : join("/", compact([
        "arn:${var.context.partition}:events:${local.region_arn}:rule", bus_name == "default" ? "" : bus_name, local.names["rule/${key}/${name}"],
      ]))
    ]
  ])
  undelivered_queue_arns = [
    for key, triggers in local.triggers : "arn:${var.context.partition}:sqs:${local.region_arn}:${local.names["undelivered/${key}"]}" if length(triggers) > 0
  ]
  event_queue_arns = [
    for key, function in var.functions : "arn:${var.context.partition}:sqs:${local.region_arn}:${local.names["events/${key}"]}" if function.queue != null
  ]

  tags = merge(var.context.tags, { Service = var.service })
}
