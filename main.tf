# The order platform: five services, the saga that ties them together, its log, a read model, and the API in front.
locals {
  context = {
    namespace   = var.namespace
    environment = var.environment
    account_id  = var.account_id
    region      = var.region
    partition   = var.partition
    tags        = merge({ Platform = var.namespace, Environment = var.environment }, var.tags)
  }

  is_production = can(regex("^(prod|live)", var.environment))

  # Of each function that has no figure of its own. -1 is none, as AWS has it.
  reserved_concurrency = one([
    for figure in [coalesce(var.reserved_concurrency, local.is_production ? 20 : -1)] : figure == -1 ? null : figure
  ])

  # What each service consists of: static, so that nothing here waits for a resource. `port` names the port that a
  # function calls; ports.tf says where that is.
  services = {
    order        = local.order
    inventory    = local.inventory
    payment      = local.payment
    shipping     = local.shipping
    notification = local.notification
    saga_log     = local.saga_log
  }

  function_keys = concat(local.service_function_keys, [for name in keys(local.read_model_functions) : "read_model/${name}"])
  service_function_keys = flatten([
    for service, definition in merge(local.services, {
      sandbox = local.sandbox, composer = local.composer, console = { publishes = false, functions = local.console_functions }
      }) : [
      for function in concat(keys(definition.functions), definition.publishes ? ["relay"] : []) : "${service}/${function}"
    ]
  ])
}

module "service" {
  source   = "./modules/microservice"
  for_each = local.services

  context       = local.context
  service       = each.key
  package       = local.packages[each.key]
  relay_package = each.value.publishes ? local.packages.relay : null
  event_bus     = { name = module.event_bus.name, arn = module.event_bus.arn }

  table = {
    range_key                = each.value.range_key
    global_secondary_indexes = lookup(each.value, "indexes", {})
    deletion_protection      = var.deletion_protection
  }
  functions = {
    for name, function in each.value.functions : name => merge(function, {
      environment          = merge(lookup(function, "environment", {}), [for port in compact([lookup(function, "port", null)]) : local.port_environments[port]]...)
      parameters           = merge([for port in compact([lookup(function, "port", null)]) : local.port_parameters[port]]...)
      memory_size          = try(var.functions["${each.key}/${name}"].memory_size, null)
      timeout              = coalesce(try(var.functions["${each.key}/${name}"].timeout, null), function.timeout)
      reserved_concurrency = try(coalesce(var.functions["${each.key}/${name}"].reserved_concurrency), local.reserved_concurrency)
    })
  }
  relay = {
    memory_size          = try(var.functions["${each.key}/relay"].memory_size, null)
    timeout              = try(var.functions["${each.key}/relay"].timeout, null)
    reserved_concurrency = try(coalesce(var.functions["${each.key}/relay"].reserved_concurrency), local.reserved_concurrency)
    filters              = lookup(each.value, "relay_filters", [])
  }

  # Several environments may share an account: their figures must not add up.
  metrics_namespace        = local.metrics_namespace
  runtime                  = var.runtime
  architecture             = var.architecture
  log_retention_days       = var.log_retention_days
  log_level                = var.log_level
  permissions_boundary_arn = var.permissions_boundary_arn
  code_signing_config_arn  = local.code_signing_config_arn
  vpc                      = var.vpc
  key_deletion_window_days = var.key_deletion_window_days
  alarms                   = local.alarms
}
