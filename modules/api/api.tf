resource "aws_apigatewayv2_api" "this" {
  name                         = local.name
  description                  = var.description
  protocol_type                = "HTTP"
  disable_execute_api_endpoint = var.domain != null ? var.domain.only : false
  tags                         = local.tags

  dynamic "cors_configuration" {
    for_each = var.cors == null ? [] : [var.cors]

    content {
      allow_origins  = cors_configuration.value.origins
      allow_methods  = cors_configuration.value.methods
      allow_headers  = cors_configuration.value.headers
      expose_headers = cors_configuration.value.expose_headers
      max_age        = cors_configuration.value.max_age_seconds
    }
  }
}

resource "aws_apigatewayv2_stage" "this" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = "$default"
  auto_deploy = true
  tags        = local.tags

  # Nothing of the caller: no address, no agent, no identity, and the route in place of the path.
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.this.arn
    format = jsonencode({
      request_id             = "$context.requestId"
      time                   = "$context.requestTimeEpoch"
      route                  = "$context.routeKey"
      status                 = "$context.status"
      response_bytes         = "$context.responseLength"
      latency_ms             = "$context.responseLatency"
      integration_latency_ms = "$context.integrationLatency"
      integration_status     = "$context.integrationStatus"
      integration_error      = "$context.integrationErrorMessage"
      function_request_id    = "$context.integration.requestId"
      authorizer_error       = "$context.authorizer.error"
      error                  = "$context.error.responseType"
    })
  }

  default_route_settings {
    detailed_metrics_enabled = true
    throttling_rate_limit    = var.throttling.rate_per_second
    throttling_burst_limit   = var.throttling.burst
  }

  dynamic "route_settings" {
    for_each = { for key, route in var.routes : key => route.throttling if route.throttling != null }

    content {
      route_key                = aws_apigatewayv2_route.this[route_settings.key].route_key
      detailed_metrics_enabled = true
      throttling_rate_limit    = route_settings.value.rate_per_second
      throttling_burst_limit   = route_settings.value.burst
    }
  }
}
