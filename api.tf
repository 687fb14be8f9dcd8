locals {
  for_customers = var.jwt == null ? "AWS_IAM" : "JWT"

  routes = {
    "POST /orders"                   = { service = "order", function = "place_order", authorization = local.for_customers }
    "GET /orders/{id}"               = { service = "order", function = "get_order", authorization = local.for_customers }
    "POST /orders/{id}/cancellation" = { service = "order", function = "request_cancellation", authorization = local.for_customers }
    # For the operators: customers have no business here.
    "GET /orders/{id}/saga" = { service = "saga_log", function = "get_saga", authorization = "AWS_IAM" }
    "GET /sagas"            = { service = "saga_log", function = "get_sagas", authorization = "AWS_IAM" }
    "GET /stock/{sku}"      = { service = "inventory", function = "get_stock", authorization = "AWS_IAM" }
    "PUT /stock/{sku}"      = { service = "inventory", function = "receive_stock", authorization = "AWS_IAM" }
  }
  route_keys = keys(local.routes)
}

module "api" {
  source = "./modules/api"

  context     = local.context
  description = "Orders of ${var.namespace} in ${var.environment}."
  routes = {
    for key, route in local.routes : key => {
      function_arn  = module.service[route.service].functions[route.function].arn
      authorization = route.authorization
      throttling    = try(var.throttling.routes[key], null)
    }
  }
  jwt                = var.jwt
  throttling         = { rate_per_second = var.throttling.rate_per_second, burst = var.throttling.burst }
  cors               = var.cors
  domain             = var.domain
  key                = { arn = aws_kms_key.platform.arn }
  log_retention_days = var.log_retention_days
  alarms             = { enabled = local.alarms.enabled, actions = local.alarms.actions }
}
