# An HTTP API has one authorizer a route. So operators, who sign with IAM, and customers, who show a token, have an API
# each, in front of the same functions.
locals {
  routes = {
    "POST /orders"                   = { service = "order", function = "place_order", customers = true }
    "GET /orders/{id}"               = { service = "composer", function = "get_customer_order", customers = true }
    "GET /orders/{id}/details"       = { service = "composer", function = "get_details", customers = true }
    "GET /orders/{id}/payment"       = { service = "composer", function = "cache_manager_payments", customers = true }
    "POST /orders/{id}/cancellation" = { service = "order", function = "request_cancellation", customers = true }
    "GET /customers/{id}/orders"     = { service = "composer", function = "get_customer_order", customers = true }
    "GET /orders"                    = { service = "read_model", function = "get_orders", customers = false }
    "GET /orders/{id}/saga"          = { service = "saga_log", function = "get_saga", customers = false }
    "GET /sagas"                     = { service = "saga_log", function = "get_sagas", customers = false }
    "GET /stock/{sku}"               = { service = "inventory", function = "get_stock", customers = false }
    "PUT /stock/{sku}"               = { service = "inventory", function = "receive_stock", customers = false }
  }
  route_keys = concat(keys(local.routes), keys(local.console_routes))

  # What a function needs to know a customer by, and that a request of one came by the edge.
  customer_environment = merge(
    { for jwt in var.jwt[*] : "SAGA_CUSTOMER_CLAIM" => jwt.claim },
    { for edge in var.edge[*] : "SAGA_EDGE_KEYS" => join(" ", sort(edge.key_digests)) },
  )
}

module "api" {
  source = "./modules/api"

  context     = local.context
  description = "Orders of ${var.namespace} in ${var.environment}, for callers who sign with IAM."
  routes = merge(
    { for key, route in local.routes : key => {
      function_arn  = local.deployed_services[route.service].functions[route.function].arn
      authorization = "AWS_IAM"
      throttling    = try(var.throttling.routes[key], null)
    } },
    { for key, name in local.console_routes : key => {
      function_arn  = module.console[name].arn
      authorization = "CUSTOM"
      throttling    = try(var.throttling.routes[key], null)
    } },
  )
  # Asked for every request: a network that is no longer named is out at once.
  authorizer = var.console == null ? null : {
    function_arn     = module.console["authorize"].arn
    identity_sources = ["$context.identity.sourceIp"]
    cache_seconds    = 0
  }
  throttling         = { rate_per_second = var.throttling.rate_per_second, burst = var.throttling.burst }
  cors               = var.jwt == null ? var.cors : null
  domain             = var.jwt == null ? var.domain : null
  key                = { arn = aws_kms_key.platform.arn }
  log_retention_days = var.log_retention_days
  alarms             = { enabled = local.alarms.enabled, actions = local.alarms.actions }
}

module "customer_api" {
  source = "./modules/api"
  count  = var.jwt == null ? 0 : 1

  context     = local.context
  name        = "customers"
  description = "Orders of ${var.namespace} in ${var.environment}, for customers."
  routes = {
    for key, route in local.routes : key => {
      function_arn  = local.deployed_services[route.service].functions[route.function].arn
      authorization = "JWT"
      throttling    = try(var.throttling.routes[key], null)
    } if route.customers
  }
  jwt                = { issuer = var.jwt.issuer, audience = var.jwt.audience }
  throttling         = { rate_per_second = var.throttling.rate_per_second, burst = var.throttling.burst }
  cors               = var.cors
  domain             = var.domain
  key                = { arn = aws_kms_key.platform.arn }
  log_retention_days = var.log_retention_days
  alarms             = { enabled = local.alarms.enabled, actions = local.alarms.actions }
}
