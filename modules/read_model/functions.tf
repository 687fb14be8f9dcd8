locals {
  functions_that_write = merge(local.functions_of_generations, {
    store_events = {
      description          = "Adds every event to its saga's, once."
      handler              = var.event_store.handler
      memory_size          = var.event_store.memory_size
      timeout              = var.event_store.timeout
      reserved_concurrency = var.event_store.reserved_concurrency
      environment          = var.event_store.environment
      # Put, under a condition: no permission to change or to delete what is there.
      table_actions  = ["PutItem"]
      further_tables = {}
      rules          = local.rules
      queue          = local.queue_of.event_store
      on_failure     = "none"
    }
  })

  functions_that_read = {
    for name, reader in var.readers : name => {
      description          = reader.description
      handler              = reader.handler
      memory_size          = reader.memory_size
      timeout              = reader.timeout
      reserved_concurrency = reader.reserved_concurrency
      environment          = reader.environment
      # Which of two generations is read stands in an item of the event store.
      table_actions  = reader.reads_events ? ["Query"] : length(local.generations) > 1 ? ["GetItem"] : []
      further_tables = { for generation in local.generations : generation => { actions = [], indexes = reader.indexes } if !reader.reads_events }
      rules          = {}
      queue          = null
      on_failure     = "none"
    }
  }
}

module "service" {
  source = "../microservice"

  context   = var.context
  service   = var.service
  package   = var.package
  event_bus = var.event_bus

  table = {
    range_key           = "sk"
    deletion_protection = var.deletion_protection
  }
  further_tables = local.tables
  functions      = merge(local.functions_that_write, local.functions_that_read)

  metrics_namespace        = var.metrics_namespace
  runtime                  = var.runtime
  architecture             = var.architecture
  log_retention_days       = var.log_retention_days
  log_level                = var.log_level
  permissions_boundary_arn = var.permissions_boundary_arn
  code_signing_config_arn  = var.code_signing_config_arn
  vpc                      = var.vpc
  key_deletion_window_days = var.key_deletion_window_days
  alarms                   = var.alarms
}
