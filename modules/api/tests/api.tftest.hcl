mock_provider "aws" {
  mock_resource "aws_apigatewayv2_api" {
    defaults = {
      id            = "a1b2c3d4e5"
      api_endpoint  = "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
      execution_arn = "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5"
    }
  }
  mock_resource "aws_apigatewayv2_stage" {
    defaults = { execution_arn = "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/$default" }
  }
  mock_resource "aws_apigatewayv2_integration" {
    defaults = { id = "int1234" }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000001" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/vendedlogs/apigateway/theatre-test-api" }
  }
}

variables {
  context = {
    namespace   = "theatre"
    environment = "test"
    account_id  = "123456789012"
    region      = "eu-central-1"
    tags        = { Team = "stage" }
  }
  description = "Seats"
  routes = {
    "GET /seats/{id}" = { function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-seats-get" }
  }
}

run "defaults" {
  assert {
    condition = (
      aws_apigatewayv2_api.this.name == "theatre-test-api" && aws_apigatewayv2_api.this.protocol_type == "HTTP" &&
      !aws_apigatewayv2_api.this.disable_execute_api_endpoint && length(aws_apigatewayv2_api.this.cors_configuration) == 0
    )
    error_message = "an HTTP API under AWS's own name and without CORS: ${jsonencode(aws_apigatewayv2_api.this)}"
  }

  assert {
    condition = (
      aws_apigatewayv2_route.this["GET /seats/{id}"].authorization_type == "AWS_IAM" &&
      aws_apigatewayv2_route.this["GET /seats/{id}"].authorizer_id == null &&
      aws_apigatewayv2_route.this["GET /seats/{id}"].target == "integrations/int1234"
    )
    error_message = "callers sign their requests: ${jsonencode(aws_apigatewayv2_route.this)}"
  }

  assert {
    condition = (
      aws_apigatewayv2_integration.this["GET /seats/{id}"].payload_format_version == "2.0" &&
      aws_apigatewayv2_integration.this["GET /seats/{id}"].integration_type == "AWS_PROXY" &&
      aws_apigatewayv2_integration.this["GET /seats/{id}"].integration_uri ==
      "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-seats-get/invocations"
    )
    error_message = "the route's function gets payload format 2.0: ${jsonencode(aws_apigatewayv2_integration.this)}"
  }

  assert {
    condition = (
      length(aws_lambda_permission.route) == 1 && length(aws_lambda_permission.authorizer) == 0 &&
      aws_lambda_permission.route["GET /seats/{id}"].principal == "apigateway.amazonaws.com" &&
      aws_lambda_permission.route["GET /seats/{id}"].action == "lambda:InvokeFunction" &&
      aws_lambda_permission.route["GET /seats/{id}"].function_name == "theatre-test-seats-get" &&
      aws_lambda_permission.route["GET /seats/{id}"].source_arn == "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/$default/GET/seats/{id}"
    )
    error_message = "the permission is for the one route of the one stage: ${jsonencode(aws_lambda_permission.route)}"
  }

  assert {
    condition = (
      aws_apigatewayv2_stage.this.name == "$default" && aws_apigatewayv2_stage.this.auto_deploy &&
      aws_apigatewayv2_stage.this.default_route_settings[0].throttling_rate_limit == 100 &&
      aws_apigatewayv2_stage.this.default_route_settings[0].throttling_burst_limit == 200 &&
      aws_apigatewayv2_stage.this.default_route_settings[0].detailed_metrics_enabled &&
      length(aws_apigatewayv2_stage.this.route_settings) == 0
    )
    error_message = "every route is throttled and measured: ${jsonencode(aws_apigatewayv2_stage.this)}"
  }

  assert {
    condition = jsondecode(aws_apigatewayv2_stage.this.access_log_settings[0].format) == {
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
    }
    error_message = "the access log tells nothing of the caller: ${aws_apigatewayv2_stage.this.access_log_settings[0].format}"
  }

  assert {
    condition = (
      aws_cloudwatch_log_group.this.name == "/aws/vendedlogs/apigateway/theatre-test-api" && aws_cloudwatch_log_group.this.retention_in_days == 365 &&
      aws_cloudwatch_log_group.this.kms_key_id == "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000001" &&
      aws_apigatewayv2_stage.this.access_log_settings[0].destination_arn == aws_cloudwatch_log_group.this.arn
    )
    error_message = "access logs are kept for a year, encrypted: ${jsonencode(aws_cloudwatch_log_group.this)}"
  }

  assert {
    condition = aws_kms_key.this[0].enable_key_rotation && aws_kms_key.this[0].deletion_window_in_days == 30 && jsondecode(aws_kms_key.this[0].policy) == {
      Version = "2012-10-17"
      Statement = [
        {
          Sid       = "AccountDecidesByIam"
          Effect    = "Allow"
          Principal = { AWS = "arn:aws:iam::123456789012:root" }
          Action    = "kms:*"
          Resource  = "*"
        },
        {
          Sid       = "AccessLogs"
          Effect    = "Allow"
          Principal = { Service = "logs.eu-central-1.amazonaws.com" }
          Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:DescribeKey"]
          Resource  = "*"
          Condition = { ArnEquals = { "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/vendedlogs/apigateway/theatre-test-api" } }
        },
      ]
    }
    error_message = "key policy: ${aws_kms_key.this[0].policy}"
  }

  assert {
    condition = { for key, alarm in aws_cloudwatch_metric_alarm.this : key => [alarm.metric_name, tostring(alarm.threshold), alarm.dimensions.ApiId] } == {
      latency       = ["Latency", "5000", "a1b2c3d4e5"]
      server_errors = ["5xx", "0", "a1b2c3d4e5"]
    }
    error_message = "alarms: ${jsonencode(aws_cloudwatch_metric_alarm.this)}"
  }

  assert {
    condition     = output.endpoint == "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com" && output.domain_target == null && output.stage == "$default"
    error_message = "endpoint: ${output.endpoint}"
  }

  assert {
    condition     = output.route_arns == { "GET /seats/{id}" = "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/$default/GET/seats/*" }
    error_message = jsonencode(output.route_arns)
  }

  assert {
    condition     = alltrue([for tags in [aws_apigatewayv2_api.this.tags, aws_cloudwatch_log_group.this.tags, aws_kms_key.this[0].tags] : tags.Team == "stage"])
    error_message = "the context's tags are on every resource"
  }
}

run "every_option" {
  variables {
    routes = {
      "GET /seats/{id}" = { function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-seats-get" }
      "POST /bookings" = {
        function_arn  = "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-seats-hold"
        authorization = "JWT"
        scopes        = ["bookings/write"]
        throttling    = { rate_per_second = 0.5, burst = 3 }
      }
      "DELETE /bookings/{id}/seats/{seat}" = {
        function_arn         = "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-seats-hold"
        authorization        = "CUSTOM"
        timeout_milliseconds = 3000
      }
    }
    jwt        = { issuer = "https://login.example.com/", audience = ["theatre"] }
    authorizer = { function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-doorman", cache_seconds = 60 }
    throttling = { rate_per_second = 7, burst = 9 }
    cors       = { origins = ["https://theatre.example.com"], methods = ["GET"] }
    domain = {
      name            = "api.theatre.example.com"
      certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-0000-0000-000000000003"
    }
    key                = { arn = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000002" }
    log_retention_days = 7
    alarms             = { actions = ["arn:aws:sns:eu-central-1:123456789012:alarms"], server_errors = 2, period_seconds = 300 }
  }

  override_resource {
    target = aws_apigatewayv2_authorizer.jwt
    values = { id = "jwt123" }
  }
  override_resource {
    target = aws_apigatewayv2_authorizer.function
    values = { id = "fun123" }
  }

  assert {
    condition = { for key, route in aws_apigatewayv2_route.this : key => [route.authorization_type, coalesce(route.authorizer_id, "none"), join(",", route.authorization_scopes)] } == {
      "GET /seats/{id}"                    = ["AWS_IAM", "none", ""]
      "POST /bookings"                     = ["JWT", "jwt123", "bookings/write"]
      "DELETE /bookings/{id}/seats/{seat}" = ["CUSTOM", "fun123", ""]
    }
    error_message = "each route has its authorizer: ${jsonencode(aws_apigatewayv2_route.this)}"
  }

  assert {
    condition = (
      aws_apigatewayv2_authorizer.jwt[0].authorizer_type == "JWT" && aws_apigatewayv2_authorizer.jwt[0].jwt_configuration[0].issuer == "https://login.example.com/" &&
      aws_apigatewayv2_authorizer.jwt[0].jwt_configuration[0].audience == toset(["theatre"])
    )
    error_message = jsonencode(aws_apigatewayv2_authorizer.jwt)
  }

  assert {
    condition = (
      aws_apigatewayv2_authorizer.function[0].authorizer_type == "REQUEST" && aws_apigatewayv2_authorizer.function[0].authorizer_payload_format_version == "2.0" &&
      aws_apigatewayv2_authorizer.function[0].enable_simple_responses && aws_apigatewayv2_authorizer.function[0].authorizer_result_ttl_in_seconds == 60 &&
      aws_apigatewayv2_authorizer.function[0].identity_sources == toset(["$request.header.Authorization"]) &&
      aws_lambda_permission.authorizer[0].function_name == "theatre-test-doorman" &&
      aws_lambda_permission.authorizer[0].source_arn == "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/authorizers/fun123"
    )
    error_message = "${jsonencode(aws_apigatewayv2_authorizer.function)} ${jsonencode(aws_lambda_permission.authorizer)}"
  }

  assert {
    condition = toset(values(aws_lambda_permission.route)[*].source_arn) == toset([
      "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/$default/GET/seats/{id}",
      "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/$default/POST/bookings",
      "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/$default/DELETE/bookings/{id}/seats/{seat}",
    ])
    error_message = jsonencode(aws_lambda_permission.route)
  }

  assert {
    condition     = length(distinct(values(aws_lambda_permission.route)[*].statement_id)) == 3
    error_message = "two routes of one function need two statements: ${jsonencode(values(aws_lambda_permission.route)[*].statement_id)}"
  }

  assert {
    condition = (
      aws_apigatewayv2_stage.this.default_route_settings[0].throttling_rate_limit == 7 && aws_apigatewayv2_stage.this.default_route_settings[0].throttling_burst_limit == 9 &&
      [for setting in aws_apigatewayv2_stage.this.route_settings : [setting.route_key, tostring(setting.throttling_rate_limit), tostring(setting.throttling_burst_limit), tostring(setting.detailed_metrics_enabled)]] ==
      [["POST /bookings", "0.5", "3", "true"]]
    )
    error_message = jsonencode(aws_apigatewayv2_stage.this)
  }

  assert {
    condition     = [for key, integration in aws_apigatewayv2_integration.this : integration.timeout_milliseconds] == [3000, 29000, 29000]
    error_message = jsonencode(aws_apigatewayv2_integration.this)
  }

  assert {
    condition = (
      aws_apigatewayv2_api.this.cors_configuration[0].allow_origins == toset(["https://theatre.example.com"]) &&
      aws_apigatewayv2_api.this.cors_configuration[0].allow_methods == toset(["GET"]) &&
      aws_apigatewayv2_api.this.cors_configuration[0].allow_headers == toset(["authorization", "content-type", "idempotency-key"]) &&
      aws_apigatewayv2_api.this.cors_configuration[0].max_age == 600
    )
    error_message = jsonencode(aws_apigatewayv2_api.this.cors_configuration)
  }

  assert {
    condition = (
      aws_apigatewayv2_api.this.disable_execute_api_endpoint && aws_apigatewayv2_domain_name.this[0].domain_name_configuration[0].security_policy == "TLS_1_2" &&
      aws_apigatewayv2_api_mapping.this[0].stage == aws_apigatewayv2_stage.this.id && output.endpoint == "https://api.theatre.example.com"
    )
    error_message = "only the domain of one's own answers: ${jsonencode(aws_apigatewayv2_domain_name.this)}"
  }

  assert {
    condition = (
      length(aws_kms_key.this) == 0 && aws_cloudwatch_log_group.this.retention_in_days == 7 &&
      aws_cloudwatch_log_group.this.kms_key_id == "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000002"
    )
    error_message = "the caller's key takes the place of one of its own: ${jsonencode(aws_cloudwatch_log_group.this)}"
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["server_errors"].threshold == 2 && aws_cloudwatch_metric_alarm.this["server_errors"].period == 300 &&
      aws_cloudwatch_metric_alarm.this["server_errors"].alarm_actions == toset(["arn:aws:sns:eu-central-1:123456789012:alarms"])
    )
    error_message = jsonencode(aws_cloudwatch_metric_alarm.this)
  }
}

run "no_alarms" {
  variables {
    alarms = { enabled = false }
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) == 0 && output.alarm_arns == {}
    error_message = jsonencode(aws_cloudwatch_metric_alarm.this)
  }
}

run "domain_beside_the_own_name" {
  variables {
    domain = {
      name            = "api.theatre.example.com"
      certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-0000-0000-000000000003"
      only            = false
    }
  }

  assert {
    condition     = !aws_apigatewayv2_api.this.disable_execute_api_endpoint
    error_message = "the execute-api endpoint stays"
  }
}
