# A page where operators look at orders and their sagas. It has no data of its own: it asks the services' read functions.
# There is none unless an operator names the networks from which it may be seen.
locals {
  console_functions = {
    authorize = {
      description = "Lets only those through whose address is in a network that may see the console."
      timeout     = 5
      environment = { CONSOLE_NETWORKS = join(",", sort(try(var.console.networks, []))) }
      calls       = {}
    }
    get_page = {
      description = "Answers with the console's page and its files."
      timeout     = 5
      environment = {}
      calls       = {}
    }
    get_orders = {
      description = "Tells the console which sagas are open or have ended lately."
      timeout     = 15
      environment = {
        CONSOLE_ENVIRONMENT = "${var.namespace} ${var.environment}"
        CONSOLE_STEPS       = jsonencode(local.steps)
        CONSOLE_PLACING     = var.sandbox ? "yes" : "no"
      }
      calls = { CONSOLE_GET_SAGAS = "saga_log/get_sagas" }
    }
    get_order = {
      description = "Tells the console of one order."
      timeout     = 15
      environment = {}
      calls       = { CONSOLE_GET_SAGA = "saga_log/get_saga" }
    }
    # It waits for as long as the composer may take, which is there to say what could not be had.
    get_details = {
      description = "Tells the console what the services know of one order."
      timeout     = local.composer_timeout_seconds + 2
      environment = { CONSOLE_DETAILS_SECONDS = tostring(local.composer_timeout_seconds) }
      calls       = { CONSOLE_GET_DETAILS = "composer/get_details" }
    }
    # Test cards are of no use to real providers.
    place_order = {
      description = "Places a test order for the console."
      timeout     = 25
      environment = {}
      calls       = { CONSOLE_PLACE_ORDER = "order/place_order", CONSOLE_RECEIVE_STOCK = "inventory/receive_stock" }
    }
  }
  deployed_console = { for name, function in local.console_functions : name => function if var.console != null && (name != "place_order" || var.sandbox) }

  console_routes = { for key, name in {
    "GET /console"                     = "get_page"
    "GET /console/files/{file}"        = "get_page"
    "GET /console/orders"              = "get_orders"
    "GET /console/orders/{id}"         = "get_order"
    "GET /console/orders/{id}/details" = "get_details"
    "POST /console/orders"             = "place_order"
  } : key => name if contains(keys(local.deployed_console), name) }
}

module "console_names" {
  source = "./modules/names"

  context = local.context
  names = merge(
    { key = { parts = ["console"], limit = 250 } },
    { for name in keys(local.console_functions) : "function/${name}" => { parts = ["console", name], limit = 64 } },
  )
}

resource "aws_kms_key" "console" {
  count = var.console == null ? 0 : 1

  description             = "Encrypts the logs and the settings of the console of ${var.namespace} in ${var.environment}."
  enable_key_rotation     = true
  deletion_window_in_days = var.key_deletion_window_days

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "LeaveItToIam"
        Effect    = "Allow"
        Principal = { AWS = "arn:${var.partition}:iam::${var.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "LetLogsEncryptTheLogGroups"
        Effect    = "Allow"
        Principal = { Service = "logs.${var.region}.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
        Resource  = "*"
        Condition = { ArnEquals = { "kms:EncryptionContext:aws:logs:arn" = [
          for name in sort(keys(local.deployed_console)) :
          "arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:/aws/lambda/${module.console_names.names["function/${name}"]}"
        ] } }
      },
    ]
  })

  tags = merge(local.context.tags, { Service = "console" })
}

resource "aws_kms_alias" "console" {
  count = var.console == null ? 0 : 1

  name          = "alias/${module.console_names.names.key}"
  target_key_id = aws_kms_key.console[0].key_id
}

module "console" {
  source   = "./modules/function"
  for_each = local.deployed_console

  context     = local.context
  service     = "console"
  name        = each.key
  description = each.value.description
  handler     = "console.handlers.${each.key}"
  package     = local.packages.console
  kms_key_arn = aws_kms_key.console[0].arn
  on_failure  = "none"

  memory_size          = coalesce(try(var.functions["console/${each.key}"].memory_size, null), 256)
  timeout              = coalesce(try(var.functions["console/${each.key}"].timeout, null), each.value.timeout)
  reserved_concurrency = try(coalesce(var.functions["console/${each.key}"].reserved_concurrency), local.reserved_concurrency)

  # Each function that it asks is named by a variable: what the code knows is what the role permits.
  calls = { for variable, function in each.value.calls : lower(variable) => local.called_arns[function] }
  environment = merge(
    each.value.environment,
    { for variable, function in each.value.calls : variable => local.called_arns[function] },
    {
      POWERTOOLS_SERVICE_NAME      = "console"
      POWERTOOLS_METRICS_NAMESPACE = local.metrics_namespace
      POWERTOOLS_LOG_LEVEL         = lookup({ TRACE = "DEBUG", WARN = "WARNING", FATAL = "CRITICAL" }, var.log_level, var.log_level)
      SAGA_SOURCE                  = "${var.namespace}.console"
      SAGA_FUNCTION                = each.key
    },
  )

  runtime                  = var.runtime
  architecture             = var.architecture
  log_retention_days       = var.log_retention_days
  log_level                = var.log_level
  permissions_boundary_arn = var.permissions_boundary_arn
  code_signing_config_arn  = local.code_signing_config_arn
  vpc                      = var.vpc
  alarms                   = local.alarms
}

locals {
  called_arns = merge([
    for service, deployed in merge(module.service, { composer = module.composer }) : { for name, function in deployed.functions : "${service}/${name}" => function.arn }
  ]...)
}
