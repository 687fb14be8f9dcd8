module "names" {
  source = "../names"

  context = var.context
  names = merge(
    # Both services take letters, digits and hyphens, 40 at most.
    { cache = { parts = [var.name], limit = 40 }, user = { parts = [var.name, "user"], limit = 40 } },
    { for key in keys(local.alarms) : "alarm/${key}" => { parts = [var.name, key], limit = 255 } },
  )
}

locals {
  name = lower(replace(module.names.names.cache, "_", "-"))
  user = lower(replace(module.names.names.user, "_", "-"))
  arn  = "arn:${var.context.partition}:${local.service}:${var.context.region}:${var.context.account_id}"

  service = var.durable ? "memorydb" : "elasticache"
  port    = 6379
  tags    = var.context.tags

  # The commands of a cache that guards its entries by version, and no others: a script's are checked too.
  access = "on ~${var.keys} resetchannels -@all +client|setinfo +del +eval +get +hget +hmget +hset +pexpire +set"
}
