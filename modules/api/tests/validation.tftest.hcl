mock_provider "aws" {}

variables {
  context = {
    namespace   = "theatre"
    environment = "test"
    account_id  = "123456789012"
    region      = "eu-central-1"
  }
  description = "Seats"
  routes      = { "GET /seats/{id}" = { function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-seats-get" } }
}

run "refuses_malformed_name" {
  command = plan

  variables {
    name = "My-API"
  }

  expect_failures = [var.name]
}

run "refuses_no_description" {
  command = plan

  variables {
    description = ""
  }

  expect_failures = [var.description]
}

run "refuses_no_routes" {
  command = plan

  variables {
    routes = {}
  }

  expect_failures = [var.routes]
}

run "refuses_a_route_for_any_method" {
  command = plan

  variables {
    routes = { "ANY /seats" = { function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-seats-get" } }
  }

  expect_failures = [var.routes]
}

run "refuses_the_default_route" {
  command = plan

  variables {
    routes = { "$default" = { function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-seats-get" } }
  }

  expect_failures = [var.routes]
}

run "refuses_a_greedy_route" {
  command = plan

  variables {
    routes = { "GET /{proxy+}" = { function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-seats-get" } }
  }

  expect_failures = [var.routes]
}

run "refuses_a_route_without_a_slash" {
  command = plan

  variables {
    routes = { "GET seats" = { function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-seats-get" } }
  }

  expect_failures = [var.routes]
}

run "refuses_a_qualified_function" {
  command = plan

  variables {
    routes = { "GET /seats/{id}" = { function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-seats-get:live" } }
  }

  expect_failures = [var.routes]
}

run "refuses_an_open_route" {
  command = plan

  variables {
    routes = { "GET /seats/{id}" = { function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-seats-get", authorization = "NONE" } }
  }

  expect_failures = [var.routes]
}

run "refuses_jwt_without_an_issuer" {
  command = plan

  variables {
    routes = { "GET /seats/{id}" = { function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-seats-get", authorization = "JWT" } }
  }

  expect_failures = [var.routes]
}

run "refuses_custom_without_an_authorizer" {
  command = plan

  variables {
    routes = { "GET /seats/{id}" = { function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-seats-get", authorization = "CUSTOM" } }
  }

  expect_failures = [var.routes]
}

run "refuses_scopes_without_tokens" {
  command = plan

  variables {
    routes = { "GET /seats/{id}" = { function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-seats-get", scopes = ["a"] } }
  }

  expect_failures = [var.routes]
}

run "refuses_a_route_that_lets_nothing_through" {
  command = plan

  variables {
    routes = { "GET /seats/{id}" = { function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-seats-get", throttling = { rate_per_second = 0, burst = 1 } } }
  }

  expect_failures = [var.routes]
}

run "refuses_half_a_request_at_once" {
  command = plan

  variables {
    routes = { "GET /seats/{id}" = { function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-seats-get", throttling = { rate_per_second = 1, burst = 1.5 } } }
  }

  expect_failures = [var.routes]
}

run "refuses_a_route_that_waits_too_long" {
  command = plan

  variables {
    routes = { "GET /seats/{id}" = { function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-seats-get", timeout_milliseconds = 30001 } }
  }

  expect_failures = [var.routes]
}

run "refuses_an_issuer_without_tls" {
  command = plan

  variables {
    jwt = { issuer = "http://login.example.com/", audience = ["theatre"] }
  }

  expect_failures = [var.jwt]
}

run "refuses_an_issuer_that_starts_like_loopback" {
  command = plan

  variables {
    jwt = { issuer = "http://127.0.0.1.example.com/", audience = ["theatre"] }
  }

  expect_failures = [var.jwt]
}

run "refuses_tokens_for_anybody" {
  command = plan

  variables {
    jwt = { issuer = "https://login.example.com/", audience = [] }
  }

  expect_failures = [var.jwt]
}

run "refuses_a_malformed_authorizer" {
  command = plan

  variables {
    authorizer = { function_arn = "doorman" }
  }

  expect_failures = [var.authorizer]
}

run "refuses_an_authorizer_without_identity_source" {
  command = plan

  variables {
    authorizer = { function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-seats-get", identity_sources = [] }
  }

  expect_failures = [var.authorizer]
}

run "refuses_a_malformed_identity_source" {
  command = plan

  variables {
    authorizer = { function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-seats-get", identity_sources = ["Authorization"] }
  }

  expect_failures = [var.authorizer]
}

run "refuses_an_answer_cached_too_long" {
  command = plan

  variables {
    authorizer = { function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-seats-get", cache_seconds = 3601 }
  }

  expect_failures = [var.authorizer]
}

run "refuses_an_api_that_lets_nothing_through" {
  command = plan

  variables {
    throttling = { rate_per_second = 0 }
  }

  expect_failures = [var.throttling]
}

run "refuses_an_api_without_burst" {
  command = plan

  variables {
    throttling = { burst = 0 }
  }

  expect_failures = [var.throttling]
}

run "refuses_cors_for_everybody" {
  command = plan

  variables {
    cors = { origins = ["*"], methods = ["GET"] }
  }

  expect_failures = [var.cors]
}

run "refuses_cors_for_nobody" {
  command = plan

  variables {
    cors = { origins = [], methods = ["GET"] }
  }

  expect_failures = [var.cors]
}

run "refuses_cors_for_every_method" {
  command = plan

  variables {
    cors = { origins = ["https://theatre.example.com"], methods = ["*"] }
  }

  expect_failures = [var.cors]
}

run "refuses_cors_for_every_header" {
  command = plan

  variables {
    cors = { origins = ["https://theatre.example.com"], methods = ["GET"], headers = ["*"] }
  }

  expect_failures = [var.cors]
}

run "refuses_cors_kept_too_long" {
  command = plan

  variables {
    cors = { origins = ["https://theatre.example.com"], methods = ["GET"], max_age_seconds = 86401 }
  }

  expect_failures = [var.cors]
}

run "refuses_a_malformed_domain" {
  command = plan

  variables {
    domain = { name = "https://api.example.com", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/a" }
  }

  expect_failures = [var.domain]
}

run "refuses_a_malformed_certificate" {
  command = plan

  variables {
    domain = { name = "api.example.com", certificate_arn = "a" }
  }

  expect_failures = [var.domain]
}

run "refuses_an_alias_for_a_key" {
  command = plan

  variables {
    key = { arn = "arn:aws:kms:eu-central-1:123456789012:alias/logs" }
  }

  expect_failures = [var.key]
}

run "refuses_a_key_deleted_too_soon" {
  command = plan

  variables {
    key_deletion_window_days = 6
  }

  expect_failures = [var.key_deletion_window_days]
}

run "refuses_a_retention_that_is_not_offered" {
  command = plan

  variables {
    log_retention_days = 0
  }

  expect_failures = [var.log_retention_days]
}

run "refuses_an_alarm_period_between_the_metrics" {
  command = plan

  variables {
    alarms = { period_seconds = 90 }
  }

  expect_failures = [var.alarms]
}

run "refuses_a_negative_threshold" {
  command = plan

  variables {
    alarms = { server_errors = -1 }
  }

  expect_failures = [var.alarms]
}

run "refuses_no_latency" {
  command = plan

  variables {
    alarms = { latency_milliseconds = 0 }
  }

  expect_failures = [var.alarms]
}

run "refuses_an_alarm_to_an_address" {
  command = plan

  variables {
    alarms = { actions = ["someone@example.com"] }
  }

  expect_failures = [var.alarms]
}
