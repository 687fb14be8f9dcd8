module "names" {
  source = "../names"

  context = var.context
  names = merge(
    {
      vault = { parts = [var.name], limit = 50 }
      plan  = { parts = [var.name], limit = 50 }
      key   = { parts = [var.name], limit = 250 }
      role  = { parts = [var.name], limit = 64 }
    },
    { for alarm in ["failed", "expired", "missing"] : alarm => { parts = [var.name, alarm], limit = 255 } },
  )
}

locals {
  region_arn = "${var.context.region}:${var.context.account_id}"
  vault_name = module.names.names.vault
  vault_arn  = "arn:${var.context.partition}:backup:${local.region_arn}:backup-vault:${local.vault_name}"
  table_arns = sort(values(var.tables))
}
