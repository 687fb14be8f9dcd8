module "names" {
  source = "../names"

  context = var.context
  names = merge(
    { cursor = { parts = [var.service, "cursor"], limit = 250 } },
    { for key in keys(local.alarms) : "alarm/${key}" => { parts = [var.service, key], limit = 255 } },
  )
}

locals {
  cursor_alias = "alias/${module.names.names.cursor}"
}
