module "names" {
  source = "../names"

  context = var.context
  names = merge(
    { api = { parts = [var.name], limit = 128 } },
    { for key in keys(local.alarms) : "alarm/${key}" => { parts = [var.name, key], limit = 255 } },
  )
}

locals {
  name           = module.names.names.api
  log_group_name = "/aws/vendedlogs/apigateway/${local.name}"
  log_group_arn  = "arn:${var.context.partition}:logs:${var.context.region}:${var.context.account_id}:log-group:${local.log_group_name}"
  tags           = var.context.tags
}
