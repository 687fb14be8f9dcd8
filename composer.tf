# Joins what the services own: asks each through its own read function, at once, and says what could not be had.
locals {
  # What the composer calls a service's part of an order: the service and its read function.
  composed = {
    order    = { service = "order", function = "get_order" }
    stock    = { service = "inventory", function = "get_stock" }
    payment  = { service = "payment", function = "get_payment" }
    shipment = { service = "shipping", function = "get_shipment" }
    notices  = { service = "notification", function = "get_notices" }
  }

  composer = {
    publishes = true
    functions = { for name, function in {
      get_customer_order = {
        description = "Shows an order, or lists a customer's."
        handler     = "composer.handlers.get_customer_order"
        # A page takes three calls, one after the other: the cursor's check, the list, the next cursor's signature.
        timeout       = max(local.composer_timeout_seconds, 1 + ceil(3 * var.composer.call_seconds) + 1)
        sources       = ["order", "orders"]
        signs_cursors = true
        publishes     = true
        environment   = local.customer_environment
      }
      get_details = {
        description = "Shows all there is of an order."
        handler     = "composer.handlers.get_details"
        timeout     = local.composer_timeout_seconds
        sources     = keys(local.composed)
        publishes   = true
        environment = local.customer_environment
      }
      cache_manager_payments = {
        description = "Shows an order's payment, and keeps the cached ones fresh."
        handler     = "composer.handlers.cache_manager_payments"
        timeout     = local.composer_timeout_seconds
        sources     = ["order", "payment"]
        publishes   = true
        environment = local.customer_environment
        rules       = { for name, pattern in local.composer_rules : name => pattern if name == "payment" }
        on_failure  = "queue"
      }
      outdate_cache = {
        description = "Lets go of what events have made out of date in the cache."
        handler     = "composer.handlers.outdate_cache"
        timeout     = local.composer_timeout_seconds
        rules       = { for name, pattern in local.composer_rules : name => pattern if name != "payment" }
        on_failure  = "queue"
      }
    } : name => function if name != "outdate_cache" || var.cache != null }
  }

  composer_timeout_seconds = 1 + ceil(var.composer.total_seconds) + 1

  # Without a cache there is nothing to keep fresh.
  composer_rules = { for name, pattern in {
    payment      = { source = [module.saga.sources.payment], detail-type = ["PaymentAuthorized", "PaymentDeclined", "PaymentReversed"] }
    order        = { source = [module.saga.sources.order], detail-type = ["OrderCancellationRequested", "OrderCancelled", "OrderRejected"] }
    inventory    = { source = [module.saga.sources.inventory], detail-type = ["StockRejected", "StockReleased", "StockReserved"] }
    shipping     = { source = [module.saga.sources.shipping], detail-type = ["ShipmentBooked", "ShipmentRejected", "ShipmentReversed"] }
    notification = { source = [module.saga.sources.notification], detail-type = ["CustomerNotified"] }
  } : name => { event_pattern = jsonencode(pattern) } if var.cache != null }
}

module "composer" {
  source = "./modules/composer"

  context       = local.context
  package       = local.packages.composer
  relay_package = local.packages.relay
  event_bus     = { name = module.event_bus.name, arn = module.event_bus.arn }

  sources = merge(
    { for name, source in local.composed : name => module.service[source.service].functions[source.function].arn },
    { orders = module.read_model.functions["get_customer_orders"].arn },
  )
  functions = {
    for name, function in local.composer.functions : name => merge(function, {
      memory_size          = try(var.functions["composer/${name}"].memory_size, null)
      timeout              = coalesce(try(var.functions["composer/${name}"].timeout, null), function.timeout)
      reserved_concurrency = try(coalesce(var.functions["composer/${name}"].reserved_concurrency), local.reserved_concurrency)
    })
  }
  relay = {
    memory_size          = try(var.functions["composer/relay"].memory_size, null)
    timeout              = try(var.functions["composer/relay"].timeout, null)
    reserved_concurrency = try(coalesce(var.functions["composer/relay"].reserved_concurrency), local.reserved_concurrency)
  }
  budgets = var.composer
  cache   = local.cache

  vpc                      = var.vpc
  deletion_protection      = var.deletion_protection
  metrics_namespace        = local.metrics_namespace
  runtime                  = var.runtime
  architecture             = var.architecture
  log_retention_days       = var.log_retention_days
  log_level                = var.log_level
  permissions_boundary_arn = var.permissions_boundary_arn
  code_signing_config_arn  = local.code_signing_config_arn
  key_deletion_window_days = var.key_deletion_window_days
  alarms                   = { enabled = local.alarms.enabled, actions = local.alarms.actions }
}
