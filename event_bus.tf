module "event_bus" {
  source = "./modules/event_bus"

  context                  = local.context
  sources                  = setunion(values(module.saga.sources), ["${var.namespace}.composer"])
  resource_policy          = var.event_bus_policy
  archive_retention_days   = var.archive_retention_days
  key_deletion_window_days = var.key_deletion_window_days
  alarms                   = { enabled = local.alarms.enabled, actions = local.alarms.actions }
}
