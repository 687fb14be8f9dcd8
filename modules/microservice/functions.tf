locals {
  # The relay is a function like the others, but for what only it may do.
  functions = merge(
    {
      for key, function in var.functions : key => merge(function, {
        package      = function.package == null ? var.package : function.package
        runtime      = coalesce(function.runtime, var.runtime)
        architecture = coalesce(function.architecture, var.architecture)
        log_level    = coalesce(function.log_level, var.log_level)
        layers       = function.layers == null ? var.layers : function.layers
        alarms       = function.alarms == null ? var.alarms : function.alarms
        vpc          = function.vpc == null ? var.vpc : function.vpc
        environment = merge(
          var.environment,
          function.environment,
          { for name in ["SAGA_TABLE"] : name => local.table_name if length(function.table_actions) + length(function.table_indexes) > 0 },
          {
            for name in ["SAGA_FURTHER_TABLES"] : name => jsonencode({ for key in keys(function.further_tables) : key => local.further_table_names[key] })
            if length(function.further_tables) > 0
          },
        )
      })
    },
    {
      for key in [local.relay_name] : key => {
        description          = "Puts the events of ${var.service}'s outbox on the bus."
        handler              = var.relay.handler
        memory_size          = var.relay.memory_size
        timeout              = var.relay.timeout
        package              = var.relay_package
        runtime              = var.runtime
        architecture         = var.architecture
        log_level            = var.log_level
        layers               = []
        alarms               = var.alarms
        vpc                  = var.vpc
        environment          = merge(var.environment, var.relay.environment, { SAGA_BUS = try(var.event_bus.name, "") })
        tracing              = "Active"
        reserved_concurrency = var.relay.reserved_concurrency
        table_actions        = []
        table_indexes        = []
        further_tables       = {}
        publishes            = [local.source]
        calls                = {}
        parameters           = {}
        sends_mail           = null
        statements           = {}
        rules                = {}
        schedules            = {}
        queue                = null
        stream = {
          arn                             = null
          batch_size                      = var.relay.batch_size
          maximum_batching_window_seconds = var.relay.maximum_batching_window_seconds
          parallelization_factor          = var.relay.parallelization_factor
          maximum_retry_attempts          = var.relay.maximum_retry_attempts
          maximum_record_age_seconds      = var.relay.maximum_record_age_seconds
          starting_position               = "TRIM_HORIZON"
          filters                         = var.relay.filters
        }
        on_failure                = "none"
        dead_letter_queue         = var.relay.dead_letter_queue
        maximum_retry_attempts    = 2
        maximum_event_age_seconds = 21600
      } if var.relay_package != null
    },
  )

  function_outputs = {
    for key, function in module.function : key => {
      name           = function.name
      arn            = function.arn
      invoke_arn     = function.invoke_arn
      role_arn       = function.role_arn
      role_name      = function.role_name
      log_group_name = function.log_group_name
      log_group_arn  = function.log_group_arn
      queues         = function.queues
      event_queue    = function.event_queue
      environment    = function.environment
      policies       = function.policies
      rule_arns      = function.rule_arns
      alarm_arns     = function.alarm_arns
      timeout        = function.timeout
    }
  }
}

module "function" {
  source   = "../function"
  for_each = local.functions

  context     = var.context
  service     = var.service
  name        = each.key
  description = each.value.description
  handler     = each.value.handler

  package                 = each.value.package
  runtime                 = each.value.runtime
  architecture            = each.value.architecture
  layers                  = each.value.layers
  memory_size             = each.value.memory_size
  timeout                 = each.value.timeout
  reserved_concurrency    = each.value.reserved_concurrency
  code_signing_config_arn = var.code_signing_config_arn
  vpc                     = each.value.vpc

  kms_key_arn        = aws_kms_key.this.arn
  log_retention_days = var.log_retention_days
  log_level          = each.value.log_level
  tracing            = each.value.tracing
  environment = merge(
    {
      POWERTOOLS_SERVICE_NAME      = var.service
      POWERTOOLS_METRICS_NAMESPACE = coalesce(var.metrics_namespace, var.context.namespace)
      # Lambda's names of the levels, as Python's logging has them.
      POWERTOOLS_LOG_LEVEL = lookup({ TRACE = "DEBUG", WARN = "WARNING", FATAL = "CRITICAL" }, each.value.log_level, each.value.log_level)
    },
    each.value.environment,
    {
      SAGA_SOURCE   = local.source
      SAGA_FUNCTION = each.key
    },
  )

  permissions_boundary_arn = var.permissions_boundary_arn
  table = length(each.value.table_actions) + length(each.value.table_indexes) == 0 ? null : {
    arn     = local.table_arn
    actions = each.value.table_actions
    indexes = each.value.table_indexes
  }
  further_tables = {
    for key, use in each.value.further_tables : key => { arn = local.further_table_arns[key], actions = use.actions, indexes = use.indexes }
  }
  publishes = length(each.value.publishes) == 0 ? null : {
    bus_arn = var.event_bus.arn
    sources = each.value.publishes
  }
  calls      = each.value.calls
  parameters = each.value.parameters
  sends_mail = each.value.sends_mail
  statements = each.value.statements

  event_bus = var.event_bus
  rules     = each.value.rules
  schedules = each.value.schedules
  queue     = each.value.queue
  stream = each.value.stream == null ? null : merge(each.value.stream, {
    arn = each.value.stream.arn == null ? aws_dynamodb_table.this.stream_arn : each.value.stream.arn
  })

  on_failure                = each.value.on_failure
  dead_letter_queue         = each.value.dead_letter_queue
  maximum_retry_attempts    = each.value.maximum_retry_attempts
  maximum_event_age_seconds = each.value.maximum_event_age_seconds
  alarms                    = each.value.alarms
}
