locals {
  # Not of the sandbox: what is in its table is worth nothing.
  backs_up     = coalesce(var.backups.enabled, local.is_production)
  default_lock = { mode = "governance", grace_days = null, min_retention_days = null, max_retention_days = null }
  backup_lock  = var.backups.lock == null && local.is_production ? local.default_lock : var.backups.lock
}

module "backup" {
  source = "./modules/backup"
  count  = local.backs_up ? 1 : 0

  context = local.context
  # The projection of the read model is made again from its events; what the composer keeps is only on its way to the bus.
  tables = merge(
    { for service in keys(local.services) : service => module.service[service].table.arn },
    { read_model = module.read_model.event_store.arn },
  )
  daily   = var.backups.daily
  monthly = var.backups.monthly
  lock    = local.backup_lock

  permissions_boundary_arn = var.permissions_boundary_arn
  key_deletion_window_days = var.key_deletion_window_days
  alarms                   = { enabled = local.alarms.enabled, actions = local.alarms.actions }
}
