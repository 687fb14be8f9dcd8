# What the composer remembers of the services' answers: a server that is there, or one of the platform's own.
locals {
  cache = var.cache == null ? null : merge(
    { answer_seconds = var.cache.answer_seconds, fresh_seconds = var.cache.fresh_seconds, keep_seconds = var.cache.keep_seconds },
    var.cache.server != null ? merge(var.cache.server, { iam = null }) : one([
      for cache in module.cache : {
        host     = cache.server.host
        port     = cache.server.port
        tls      = true
        user     = cache.server.user
        iam      = cache.server.iam
        password = null
      }
    ]),
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
