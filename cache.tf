# What the composer remembers of the services' answers: a server that is there, or one of the platform's own.
locals {
  cache = var.cache == null ? null : merge(
    { answer_seconds = var.cache.answer_seconds, fresh_seconds = var.cache.fresh_seconds, keep_seconds = var.cache.keep_seconds },
    one(concat(
      [for server in var.cache.server[*] : merge(server, { iam = null })],
      [for cache in module.cache : merge(cache.server, { password = null })],
    )),
  )
}

module "cache" {
  source = "./modules/cache"
  count  = length([for cache in var.cache[*] : cache if cache.create != null])

  context                  = local.context
  description              = "What the composer of ${var.namespace} in ${var.environment} remembers."
  durable                  = var.cache.create.durable
  subnet_ids               = var.cache.create.subnet_ids
  security_group_ids       = var.cache.create.security_group_ids
  key_deletion_window_days = var.key_deletion_window_days
  alarms                   = { enabled = local.alarms.enabled, actions = local.alarms.actions }
}
