locals {
  parameter_arn = "arn:${var.context.partition}:ssm:${var.context.region}:${var.context.account_id}:parameter"

  cache_environment = {
    for cache in var.cache[*] : "COMPOSER_CACHE" => jsonencode(merge(
      {
        prefix        = "${var.context.namespace}-${var.context.environment}:"
        host          = cache.host
        port          = cache.port
        tls           = cache.tls
        user          = cache.user
        seconds       = cache.answer_seconds
        fresh_seconds = cache.fresh_seconds
        keep_seconds  = cache.keep_seconds
        pause_seconds = cache.pause_seconds
      },
      { for name, iam in { service = cache.iam } : name => iam.service if iam != null },
      { for name, iam in { name = cache.iam } : name => iam.name if iam != null },
      { for name, password in { parameter = cache.password } : name => password.parameter_name if password != null },
    ))
  }
  cache_parameters = {
    for password in [for cache in var.cache[*] : cache.password if cache.password != null] : "cache" => {
      arn         = "${local.parameter_arn}/${trimprefix(password.parameter_name, "/")}"
      kms_key_arn = password.kms_key_arn
    }
  }
  cache_statements = {
    for iam in [for cache in var.cache[*] : cache.iam if cache.iam != null] : "ConnectToCache" => {
      actions    = [{ elasticache = "elasticache:Connect", memorydb = "memorydb:Connect" }[iam.service]]
      resources  = iam.arns
      conditions = {}
    }
  }

  # No request may depend on a value that only the apply knows: the alias names the key, the policy its ARN.
  cursor_statements = {
    SignCursors = {
      actions    = ["kms:GenerateMac"]
      resources  = aws_kms_key.cursor[*].arn
      conditions = { StringEquals = { "kms:MacAlgorithm" = ["HMAC_SHA_256"] } }
    }
  }
  settings = {
    for name, function in var.functions : name => merge(
      function.environment,
      { for name, value in {
        COMPOSER_SOURCES      = jsonencode({ for source in function.sources : source => var.sources[source] })
        COMPOSER_CALL_SECONDS = tostring(var.budgets.call_seconds)
        COMPOSER_SECONDS      = tostring(var.budgets.total_seconds)
      } : name => value if length(function.sources) > 0 },
      { for name in ["COMPOSER_CURSOR_KEY"] : name => local.cursor_alias if function.signs_cursors },
      { for name, value in local.cache_environment : name => value if function.uses_cache },
    )
  }
  statements = {
    for name, function in var.functions : name => merge(
      { for sid, statement in local.cache_statements : sid => statement if function.uses_cache },
      { for sid, statement in local.cursor_statements : sid => statement if function.signs_cursors },
    )
  }
  has_cursors = anytrue(values(var.functions)[*].signs_cursors)
}

module "service" {
  source = "../microservice"

  context       = var.context
  service       = var.service
  package       = var.package
  relay_package = var.relay_package
  event_bus     = var.event_bus

  # Nothing but events on their way; they expire.
  table = { deletion_protection = var.deletion_protection }
  # What expires was published long before.
  relay = merge(var.relay, { filters = [jsonencode({ eventName = ["INSERT"] })] })

  functions = {
    for name, function in var.functions : name => {
      description          = function.description
      handler              = function.handler
      environment          = local.settings[name]
      calls                = { for source in function.sources : source => var.sources[source] }
      parameters           = function.uses_cache ? local.cache_parameters : {}
      statements           = local.statements[name]
      table_actions        = function.publishes ? ["PutItem"] : []
      rules                = function.rules
      on_failure           = function.on_failure
      timeout              = function.timeout
      memory_size          = function.memory_size
      reserved_concurrency = function.reserved_concurrency
    }
  }

  vpc                      = var.vpc
  metrics_namespace        = var.metrics_namespace
  runtime                  = var.runtime
  architecture             = var.architecture
  log_retention_days       = var.log_retention_days
  log_level                = var.log_level
  permissions_boundary_arn = var.permissions_boundary_arn
  code_signing_config_arn  = var.code_signing_config_arn
  key_deletion_window_days = var.key_deletion_window_days
  alarms                   = { enabled = var.alarms.enabled, actions = var.alarms.actions }
}
