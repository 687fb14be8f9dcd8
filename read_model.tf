# Answers what no service can be asked alone: a customer's orders, orders by state and day, orders that are late. And
# keeps every event of every order.
locals {
  read_model_functions = {
    store_events = { timeout = 30 }
    # Of every generation.
    project             = { timeout = 30 }
    get_customer_orders = { timeout = 10 }
    get_orders          = { timeout = 10 }
    get_events          = { timeout = 10 }
  }
  read_model_sizes = {
    for name, function in local.read_model_functions : name => {
      memory_size          = try(var.functions["read_model/${name}"].memory_size, null)
      timeout              = coalesce(try(var.functions["read_model/${name}"].timeout, null), function.timeout)
      reserved_concurrency = try(coalesce(var.functions["read_model/${name}"].reserved_concurrency), local.reserved_concurrency)
    }
  }
}

module "read_model" {
  source = "./modules/read_model"

  context   = local.context
  event_bus = { name = module.event_bus.name, arn = module.event_bus.arn }
  package   = local.packages.read_model
  # That a function gave up is nothing that an order's state follows from: the undo that this starts says it.
  events = { for name, pattern in module.saga.log_patterns : name => pattern if startswith(name, "events_") }

  generations             = var.read_model.generations
  unprotected_generations = var.read_model.unprotected_generations
  projection = merge(local.read_model_sizes.project, {
    handler = "read_model.handlers.project"
    indexes = {
      by_customer = { hash_key = "customer_id", range_key = "placed" }
      by_state    = { hash_key = "listed", range_key = "listed_at" }
      by_deadline = { hash_key = "open", range_key = "due" }
    }
    # An order's events within a second are written one after another either way; a short wait fills the batches.
    batch_size                      = 50
    maximum_batching_window_seconds = 1
  })
  event_store = merge(local.read_model_sizes.store_events, {
    handler                         = "read_model.handlers.store_events"
    environment                     = { for days in [var.archive_retention_days] : "READ_MODEL_KEEP_DAYS" => tostring(days) if days > 0 }
    batch_size                      = 50
    maximum_batching_window_seconds = 1
  })
  readers = {
    get_customer_orders = merge(local.read_model_sizes.get_customer_orders, {
      description = "Lists a customer's orders."
      handler     = "read_model.handlers.get_customer_orders"
      indexes     = ["by_customer"]
    })
    get_orders = merge(local.read_model_sizes.get_orders, {
      description = "Lists orders by state and day, and open ones past their deadline."
      handler     = "read_model.handlers.get_orders"
      indexes     = ["by_state", "by_deadline"]
    })
    get_events = merge(local.read_model_sizes.get_events, {
      description  = "Reads an order's events."
      handler      = "read_model.handlers.get_events"
      reads_events = true
    })
  }

  deletion_protection      = var.deletion_protection
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
