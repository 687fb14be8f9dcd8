# A payment service provider and a carrier to develop against, behind an HTTP API and a secret of its own.
locals {
  sandbox = {
    publishes = false
    functions = {
      provider = {
        description   = "Answers for the payment service provider and the carrier."
        handler       = "sandbox.handlers.provider"
        timeout       = 2 * local.sandbox_timeout_seconds
        environment   = { SANDBOX_TIMEOUT_SECONDS = tostring(local.sandbox_timeout_seconds) }
        table_actions = ["GetItem", "PutItem", "UpdateItem"]
        on_failure    = "none"
      }
      authorize = {
        description = "Lets only those through who show the secret."
        handler     = "sandbox.handlers.authorize"
        timeout     = 5
        environment = { SANDBOX_SECRET_PARAMETER = local.sandbox_parameter_name }
        on_failure  = "none"
      }
    }
  }

  # Longer than the kit's client waits for an answer, shorter than the function's own timeout.
  sandbox_timeout_seconds = 5

  sandbox_parameter_name = "/${var.namespace}/${var.environment}/sandbox/secret"
  sandbox_parameter_arn  = "arn:${var.partition}:ssm:${var.region}:${var.account_id}:parameter${local.sandbox_parameter_name}"
}

# The value is written and never read back: it is in no plan and in no state.
resource "aws_ssm_parameter" "sandbox" {
  count = var.sandbox ? 1 : 0

  name             = local.sandbox_parameter_name
  description      = "What payment and shipping show to the sandbox."
  type             = "SecureString"
  key_id           = aws_kms_key.platform.arn
  value_wo         = var.sandbox_secret
  value_wo_version = var.sandbox_secret_version
  tags             = local.context.tags
}

module "sandbox" {
  source = "./modules/microservice"
  count  = var.sandbox ? 1 : 0

  context   = local.context
  service   = "sandbox"
  package   = local.packages.sandbox
  event_bus = null

  table = { deletion_protection = var.deletion_protection }
  functions = {
    for name, function in local.sandbox.functions : name => merge(function, {
      parameters           = name == "authorize" ? { secret = { arn = local.sandbox_parameter_arn, kms_key_arn = local.platform_key_arn } } : {}
      memory_size          = try(var.functions["sandbox/${name}"].memory_size, null)
      timeout              = coalesce(try(var.functions["sandbox/${name}"].timeout, null), function.timeout)
      reserved_concurrency = try(coalesce(var.functions["sandbox/${name}"].reserved_concurrency), local.reserved_concurrency)
    })
  }

  metrics_namespace        = local.metrics_namespace
  runtime                  = var.runtime
  architecture             = var.architecture
  log_retention_days       = var.log_retention_days
  log_level                = var.log_level
  permissions_boundary_arn = var.permissions_boundary_arn
  code_signing_config_arn  = local.code_signing_config_arn
  vpc                      = var.vpc
  key_deletion_window_days = var.key_deletion_window_days
  alarms                   = local.alarms
}

module "sandbox_api" {
  source = "./modules/api"
  count  = var.sandbox ? 1 : 0

  context     = local.context
  name        = "sandbox"
  description = "Test payment service provider and test carrier of ${var.namespace} in ${var.environment}."
  routes = {
    for key in [
      "POST /authorizations", "POST /authorizations/{key}/void", "GET /authorizations/{key}",
      "POST /shipments", "POST /shipments/{key}/cancel", "GET /shipments/{key}",
    ] : key => { function_arn = module.sandbox[0].functions.provider.arn, authorization = "CUSTOM" }
  }
  authorizer         = { function_arn = module.sandbox[0].functions.authorize.arn }
  key                = { arn = aws_kms_key.platform.arn }
  log_retention_days = var.log_retention_days
  # It fails when it is asked to.
  alarms = { enabled = false }
}
