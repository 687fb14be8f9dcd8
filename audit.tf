module "audit" {
  source   = "./modules/audit"
  for_each = { for audit in var.audit == null ? [] : [var.audit] : "this" => audit }

  context = local.context
  tables = merge(
    { for service in keys(local.services) : service => module.service[service].table.arn },
    { read_model = module.read_model.event_store.arn },
    { for name, generation in module.read_model.generations : "read_model_${name}" => generation.table.arn },
  )
  functions = { for function in local.deployed_functions : "${function.service}/${function.function}" => function.deployed.arn if function.service != "sandbox" }

  reads              = each.value.reads
  management_events  = each.value.management_events
  retention_days     = each.value.retention_days
  object_lock        = each.value.object_lock
  access_logs        = each.value.access_logs
  log_retention_days = var.log_retention_days

  permissions_boundary_arn = var.permissions_boundary_arn
  key_deletion_window_days = var.key_deletion_window_days
}
