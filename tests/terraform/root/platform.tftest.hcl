mock_provider "aws" {
  override_during = plan

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
  }
  mock_resource "aws_dynamodb_table" {
    defaults = { stream_arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-test-table/stream/2025-01-01T00:00:00.000" }
  }
  mock_resource "aws_cloudwatch_event_bus" {
    defaults = { arn = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-test-events" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:group" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-central-1:123456789012:shop-test-alarms" }
  }
  mock_resource "aws_apigatewayv2_api" {
    defaults = {
      id            = "a1b2c3d4e5"
      api_endpoint  = "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
      execution_arn = "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5"
    }
  }
  mock_resource "aws_elasticache_serverless_cache" {
    defaults = { endpoint = [{ address = "shop-test-cache.serverless.euc1.cache.amazonaws.com", port = 6379 }] }
  }
  mock_resource "aws_apigatewayv2_stage" {
    defaults = { execution_arn = "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/$default" }
  }
}

variables {
  environment = "test"
  account_id  = "123456789012"
  region      = "eu-central-1"
  packages = {
    s3 = {
      bucket = "packages"
      sha256 = {
        for name in ["composer", "console", "inventory", "notification", "order", "payment", "read_model", "relay", "saga_log", "sandbox", "shipping"] :
        name => "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
      }
    }
  }
  mail = { from = "orders@example.com" }
}

run "with_the_sandbox" {
  command = plan

  variables {
    sandbox             = true
    sandbox_secret      = "0123456789abcdef0123456789abcdef"
    execute_api_base    = "http://127.0.0.1:4566/_aws/execute-api/%s/$default"
    deletion_protection = false
  }

  assert {
    condition     = output.api.endpoint == "http://127.0.0.1:4566/_aws/execute-api/a1b2c3d4e5/$default" && output.sandbox.endpoint == output.api.endpoint
    error_message = "both APIs answer where the emulator has them: ${output.api.endpoint}"
  }

  assert {
    condition     = keys(output.tables) == ["composer", "inventory", "notification", "order", "payment", "read_model", "saga_log", "sandbox", "shipping"]
    error_message = "a table for each service: ${jsonencode(keys(output.tables))}"
  }

  assert {
    condition = keys(output.functions) == [
      "composer/cache_manager_payments", "composer/get_customer_order", "composer/get_details", "composer/relay",
      "inventory/chk_inventory", "inventory/get_stock", "inventory/receive_stock", "inventory/relay", "inventory/reverse_inv",
      "notification/get_notices", "notification/notify_customer", "notification/relay",
      "order/get_order", "order/place_order", "order/relay", "order/request_cancellation", "order/reverse_order",
      "payment/get_payment", "payment/process_pymt", "payment/relay", "payment/reverse_pymt",
      "read_model/get_customer_orders", "read_model/get_events", "read_model/get_orders", "read_model/project_g1", "read_model/store_events",
      "saga_log/get_saga", "saga_log/get_sagas", "saga_log/record_event", "saga_log/relay", "saga_log/watch_deadlines",
      "sandbox/authorize", "sandbox/provider",
      "shipping/get_shipment", "shipping/relay", "shipping/reverse_ship", "shipping/shipping",
    ]
    error_message = "functions: ${jsonencode(keys(output.functions))}"
  }

  assert {
    condition = tolist(keys(output.queues)) == sort(concat(
      ["event_bus", "composer/cache_manager_payments/failed"],
      [for service in ["composer", "inventory", "notification", "order", "payment", "saga_log", "shipping"] : "${service}/relay/failed"],
      [for function in ["inventory/chk_inventory", "payment/process_pymt", "shipping/shipping"] : "${function}/undelivered"],
      flatten([
        for function in [
          "inventory/reverse_inv", "notification/notify_customer", "order/reverse_order", "payment/reverse_pymt", "saga_log/record_event", "saga_log/watch_deadlines",
          "shipping/reverse_ship", "read_model/project_g1", "read_model/store_events",
        ] : ["${function}/undelivered", "${function}/failed"]
      ]),
    ))
    error_message = "a place to end for every message: ${jsonencode(keys(output.queues))}"
  }

  assert {
    condition     = length(aws_lambda_code_signing_config.this) == 0 && local.reserved_concurrency == null
    error_message = "outside of production nothing is signed or set aside unless it is asked for"
  }

  assert {
    condition     = output.sandbox.parameter_name == "/shop/test/sandbox/secret" && aws_ssm_parameter.sandbox[0].type == "SecureString"
    error_message = "the secret is in an encrypted parameter: ${output.sandbox.parameter_name}"
  }
}

run "with_a_console" {
  command = plan

  variables {
    console             = { networks = ["203.0.113.0/24", "2001:db8::/32"] }
    sandbox             = true
    sandbox_secret      = "0123456789abcdef0123456789abcdef"
    execute_api_base    = "http://127.0.0.1:4566/_aws/execute-api/%s/$default"
    deletion_protection = false
  }

  assert {
    condition     = output.console.url == "http://127.0.0.1:4566/_aws/execute-api/a1b2c3d4e5/$default/console"
    error_message = "the page is a route of the API: ${output.console.url}"
  }

  assert {
    condition     = [for key in keys(output.functions) : key if startswith(key, "console/")] == ["console/authorize", "console/get_details", "console/get_order", "console/get_orders", "console/get_page", "console/place_order"]
    error_message = "functions: ${jsonencode(keys(output.functions))}"
  }

  assert {
    condition     = module.console["authorize"].environment.CONSOLE_NETWORKS == "2001:db8::/32,203.0.113.0/24"
    error_message = "the authorizer admits the networks that are named: ${module.console["authorize"].environment.CONSOLE_NETWORKS}"
  }

  assert {
    condition     = jsonencode(local.console_routes) == jsonencode({ "GET /console" = "get_page", "GET /console/files/{file}" = "get_page", "GET /console/orders" = "get_orders", "GET /console/orders/{id}" = "get_order", "GET /console/orders/{id}/details" = "get_details", "POST /console/orders" = "place_order" })
    error_message = "routes: ${jsonencode(local.console_routes)}"
  }

  assert {
    condition     = contains(keys(output.keys), "console") && !contains(keys(output.tables), "console")
    error_message = "a key of its own, and no table"
  }

  assert {
    condition     = length([for key in keys(output.alarms.arns) : key if startswith(key, "console/")]) == 18
    error_message = "errors, throttles and duration of each function: ${jsonencode(keys(output.alarms.arns))}"
  }
}

run "with_a_console_in_production" {
  command = plan

  variables {
    environment      = "prod"
    console          = { networks = ["203.0.113.0/24"] }
    payment_provider = { url = "https://psp.example.com", parameter_name = "/psp" }
    carrier          = { url = "https://carrier.example.com", parameter_name = "/carrier" }
    vpc              = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
    code_signing     = { profile_version_arns = ["arn:aws:signer:eu-central-1:123456789012:/signing-profiles/releases/a1b2c3d4e5"] }
  }

  assert {
    condition     = !contains(keys(output.functions), "console/place_order") && !contains(keys(local.console_routes), "POST /console/orders")
    error_message = "test orders are for the sandbox"
  }

  assert {
    condition     = module.console["get_orders"].environment.CONSOLE_PLACING == "no"
    error_message = "the page says so"
  }
}

run "in_production" {
  command = plan

  variables {
    environment      = "prod"
    payment_provider = { url = "https://psp.example.com", parameter_name = "/psp" }
    carrier          = { url = "https://carrier.example.com", parameter_name = "/carrier" }
    vpc              = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
    code_signing     = { profile_version_arns = ["arn:aws:signer:eu-central-1:123456789012:/signing-profiles/releases/a1b2c3d4e5"] }
    functions        = { "payment/process_pymt" = { reserved_concurrency = 50 }, "payment/get_payment" = { memory_size = 512 } }
  }

  assert {
    condition     = output.sandbox == null && output.console == null && length(module.console) == 0 && length(aws_kms_key.console) == 0 && length(module.sandbox) == 0 && length(module.sandbox_api) == 0 && length(aws_ssm_parameter.sandbox) == 0
    error_message = "nothing of the sandbox and of the console is there"
  }

  assert {
    condition = {
      for key, alarm in aws_cloudwatch_metric_alarm.saga_log :
      key => [alarm.alarm_name, alarm.namespace, alarm.metric_name, alarm.dimensions, alarm.comparison_operator, alarm.threshold, alarm.treat_missing_data]
      } == {
      stuck              = ["shop-prod-saga_log-stuck", "shop-prod", "SagasStuck", tomap({ service = "saga_log" }), "GreaterThanThreshold", 0, "notBreaching"]
      deadlines_not_told = ["shop-prod-saga_log-deadlines_not_told", "shop-prod", "SagaDeadlinesNotTold", tomap({ service = "saga_log" }), "GreaterThanThreshold", 0, "notBreaching"]
      reversals          = ["shop-prod-saga_log-reversals", "shop-prod", "SagaReversed", tomap({ service = "saga_log" }), "GreaterThanThreshold", 0.5, "notBreaching"]
      slow               = ["shop-prod-saga_log-slow", "shop-prod", "SagaDuration", tomap({ service = "saga_log" }), "GreaterThanThreshold", 450000, "notBreaching"]
      unwatched          = ["shop-prod-saga_log-unwatched", "AWS/Lambda", "Invocations", tomap({ FunctionName = "shop-prod-saga_log-watch_deadlines" }), "LessThanThreshold", 1, "breaching"]
    }
    error_message = "stuck sagas set off an alarm, and so does a watchdog that is silent: ${jsonencode(aws_cloudwatch_metric_alarm.saga_log)}"
  }

  assert {
    condition = (
      aws_lambda_code_signing_config.this[0].policies[0].untrusted_artifact_on_deployment == "Enforce"
      && aws_lambda_code_signing_config.this[0].allowed_publishers[0].signing_profile_version_arns == toset(["arn:aws:signer:eu-central-1:123456789012:/signing-profiles/releases/a1b2c3d4e5"])
    )
    error_message = "what the profile has not signed is refused"
  }

  assert {
    condition     = local.reserved_concurrency == 20
    error_message = "every function has concurrency set aside"
  }

  assert {
    condition     = output.functions["saga_log/watch_deadlines"].name == "shop-prod-saga_log-watch_deadlines"
    error_message = "the alarm is about the watchdog"
  }

  assert {
    condition     = output.alarms.topic_arn == "arn:aws:sns:eu-central-1:123456789012:shop-prod-alarms" && length(output.alarms.arns) > 100
    error_message = "everything has its alarms: ${length(output.alarms.arns)}"
  }

  assert {
    condition     = output.api.endpoint == "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
    error_message = "the API answers where AWS has it: ${output.api.endpoint}"
  }
}

run "with_a_topic_and_an_identity_of_the_callers" {
  command = plan

  variables {
    payment_provider = { url = "https://psp.example.com", parameter_name = "/psp" }
    carrier          = { url = "https://carrier.example.com", parameter_name = "/carrier" }
    alarms           = { topic = { arn = "arn:aws:sns:eu-central-1:123456789012:on-call" } }
    mail             = { from = "orders@example.com", identity_arn = "arn:aws:ses:eu-central-1:123456789012:identity/example.com" }
  }

  assert {
    condition     = length(aws_sns_topic.alarms) == 0 && output.alarms.topic_arn == "arn:aws:sns:eu-central-1:123456789012:on-call"
    error_message = "the caller's topic takes the place of one of its own"
  }

  assert {
    condition     = length(aws_sesv2_email_identity.this) == 0
    error_message = "the caller's identity takes the place of one of its own"
  }
}

run "without_alarms" {
  command = plan

  variables {
    payment_provider = { url = "https://psp.example.com", parameter_name = "/psp" }
    carrier          = { url = "https://carrier.example.com", parameter_name = "/carrier" }
    alarms           = { enabled = false }
  }

  assert {
    condition     = length(aws_sns_topic.alarms) == 0 && output.alarms.topic_arn == null && length(output.alarms.arns) == 0
    error_message = "no alarms, no topic: ${jsonencode(output.alarms)}"
  }
}

run "customers_have_an_api_of_their_own" {
  command = plan

  variables {
    sandbox          = true
    sandbox_secret   = "0123456789abcdef0123456789abcdef"
    jwt              = { issuer = "https://login.example.com", audience = ["shop"], claim = "customer" }
    cors             = { origins = ["https://shop.example.com"], methods = ["GET"] }
    domain           = { name = "orders.example.com", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/11111111-2222-3333-4444-555555555555" }
    execute_api_base = null
  }

  assert {
    condition     = output.customer_api.endpoint == "https://orders.example.com" && output.api.endpoint == "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
    error_message = "the domain is the customers': ${output.customer_api.endpoint}, ${output.api.endpoint}"
  }

  assert {
    condition     = contains(keys(output.alarms.arns), "customer_api/server_errors") && output.customer_api.log_group != output.api.log_group
    error_message = "the customers' API is watched and logged: ${jsonencode(keys(output.alarms.arns))}"
  }
}

run "without_customers_there_is_one_api" {
  command = plan

  variables {
    sandbox          = true
    sandbox_secret   = "0123456789abcdef0123456789abcdef"
    domain           = { name = "orders.example.com", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/11111111-2222-3333-4444-555555555555" }
    execute_api_base = null
  }

  assert {
    condition     = output.customer_api == null && output.api.endpoint == "https://orders.example.com"
    error_message = "the domain is the only API's: ${output.api.endpoint}"
  }
}

run "a_cache_that_is_there" {
  command = plan

  variables {
    sandbox        = true
    sandbox_secret = "0123456789abcdef0123456789abcdef"
    cache = {
      server = { host = "cache.internal.example.com", user = "composer", password = { parameter_name = "/shop/cache" } }
    }
  }

  assert {
    condition     = contains(keys(output.functions), "composer/outdate_cache") && length(module.cache) == 0
    error_message = "what is cached is kept fresh: ${jsonencode(keys(output.functions))}"
  }

  assert {
    condition     = contains(keys(output.alarms.arns), "composer/cache_not_told")
    error_message = "a cache that cannot be told has its alarm: ${jsonencode(keys(output.alarms.arns))}"
  }
}

run "a_cache_of_the_platforms_own" {
  command = plan

  variables {
    sandbox        = true
    sandbox_secret = "0123456789abcdef0123456789abcdef"
    vpc            = { subnet_ids = ["subnet-0a1b2c3d", "subnet-1a2b3c4d"], security_group_ids = ["sg-0a1b2c3d"] }
    cache          = { create = { subnet_ids = ["subnet-0a1b2c3d", "subnet-1a2b3c4d"], security_group_ids = ["sg-1a2b3c4d"] } }
  }

  assert {
    condition     = local.cache.user == "shop-test-cache-user" && local.cache.iam.service == "elasticache" && local.cache.password == null && local.cache.tls
    error_message = "the functions sign in with IAM, over TLS"
  }

  assert {
    condition     = contains(keys(output.alarms.arns), "cache/throttled")
    error_message = "the cache has its alarms: ${jsonencode(keys(output.alarms.arns))}"
  }
}
