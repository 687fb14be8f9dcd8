mock_provider "aws" {}

# An edge that is right; each run spoils one input.
variables {
  context = {
    namespace   = "shop"
    environment = "prod"
    account_id  = "123456789012"
    region      = "us-east-1"
  }
  domain = {
    name            = "api.example.com"
    certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
  }
  origin      = { domain_name = "d-0123456789.execute-api.eu-central-1.amazonaws.com" }
  key         = "0123456789abcdef0123456789abcdef"
  routes      = ["GET /orders/{id}", "POST /orders"]
  countries   = ["DE"]
  access_logs = { bucket = "logs.s3.amazonaws.com" }
}

run "refuses_a_region_without_certificates" {
  command = plan

  variables {
    context = { namespace = "shop", environment = "prod", account_id = "123456789012", region = "eu-central-1" }
  }

  expect_failures = [var.context]
}

run "refuses_another_partition" {
  command = plan

  variables {
    context = { namespace = "shop", environment = "prod", account_id = "123456789012", region = "us-east-1", partition = "aws-us-gov" }
  }

  expect_failures = [var.context]
}

run "refuses_a_name_with_a_hyphen" {
  command = plan

  variables {
    name = "my-edge"
  }

  expect_failures = [var.name]
}

run "refuses_a_domain_with_a_scheme" {
  command = plan

  variables {
    domain = { name = "https://api.example.com", certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555" }
  }

  expect_failures = [var.domain]
}

run "refuses_a_certificate_of_another_region" {
  command = plan

  variables {
    domain = { name = "api.example.com", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/11111111-2222-3333-4444-555555555555" }
  }

  expect_failures = [var.domain]
}

run "refuses_an_origin_with_a_scheme" {
  command = plan

  variables {
    origin = { domain_name = "https://d-0123456789.execute-api.eu-central-1.amazonaws.com" }
  }

  expect_failures = [var.origin]
}

run "refuses_a_standby_with_a_path" {
  command = plan

  variables {
    origin = { domain_name = "d-0123456789.execute-api.eu-central-1.amazonaws.com", standby_domain_name = "standby.example.com/v1" }
  }

  expect_failures = [var.origin]
}

run "refuses_itself_as_its_origin" {
  command = plan

  variables {
    origin = { domain_name = "api.example.com" }
  }

  expect_failures = [var.origin]
}

run "refuses_itself_as_its_standby" {
  command = plan

  variables {
    origin = { domain_name = "d-0123456789.execute-api.eu-central-1.amazonaws.com", standby_domain_name = "api.example.com" }
  }

  expect_failures = [var.origin]
}

run "refuses_a_short_key" {
  command = plan

  variables {
    key = "0123456789abcdef0123456789abcde"
  }

  expect_failures = [var.key]
}

run "refuses_a_key_with_a_space" {
  command = plan

  variables {
    key = "0123456789abcdef 0123456789abcdef"
  }

  expect_failures = [var.key]
}

run "refuses_a_route_without_a_method" {
  command = plan

  variables {
    routes = ["/orders"]
  }

  expect_failures = [var.routes]
}

run "refuses_a_route_of_a_method_that_is_none" {
  command = plan

  variables {
    routes = ["READ /orders"]
  }

  expect_failures = [var.routes]
}

run "refuses_no_countries" {
  command = plan

  variables {
    countries = []
  }

  expect_failures = [var.countries]
}

run "refuses_a_country_by_its_name" {
  command = plan

  variables {
    countries = ["DE", "Austria"]
  }

  expect_failures = [var.countries]
}

run "refuses_a_bucket_by_its_name" {
  command = plan

  variables {
    access_logs = { bucket = "logs" }
  }

  expect_failures = [var.access_logs]
}

run "refuses_a_regional_firewall" {
  command = plan

  variables {
    web_acl_arn = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/shop/11111111-2222-3333-4444-555555555555"
  }

  expect_failures = [var.web_acl_arn]
}

run "refuses_a_limit_too_low" {
  command = plan

  variables {
    requests_per_5_minutes = 9
  }

  expect_failures = [var.requests_per_5_minutes]
}

run "refuses_a_limit_too_high" {
  command = plan

  variables {
    requests_per_5_minutes = 2000000001
  }

  expect_failures = [var.requests_per_5_minutes]
}

run "refuses_half_a_request" {
  command = plan

  variables {
    requests_per_5_minutes = 10.5
  }

  expect_failures = [var.requests_per_5_minutes]
}

run "refuses_a_price_class_that_is_none" {
  command = plan

  variables {
    price_class = "PriceClass_300"
  }

  expect_failures = [var.price_class]
}

run "refuses_a_retention_that_logs_do_not_have" {
  command = plan

  variables {
    log_retention_days = 100
  }

  expect_failures = [var.log_retention_days]
}

run "refuses_a_key_that_is_gone_too_soon" {
  command = plan

  variables {
    key_deletion_window_days = 6
  }

  expect_failures = [var.key_deletion_window_days]
}

run "refuses_a_key_that_is_gone_too_late" {
  command = plan

  variables {
    key_deletion_window_days = 31
  }

  expect_failures = [var.key_deletion_window_days]
}

run "refuses_a_period_that_metrics_do_not_have" {
  command = plan

  variables {
    alarms = { period_seconds = 90 }
  }

  expect_failures = [var.alarms]
}

run "refuses_no_period" {
  command = plan

  variables {
    alarms = { period_seconds = 0 }
  }

  expect_failures = [var.alarms]
}

run "refuses_a_share_above_all" {
  command = plan

  variables {
    alarms = { error_percent = 100 }
  }

  expect_failures = [var.alarms]
}

run "refuses_a_share_below_nothing" {
  command = plan

  variables {
    alarms = { error_percent = -1 }
  }

  expect_failures = [var.alarms]
}

run "refuses_refusals_below_nothing" {
  command = plan

  variables {
    alarms = { blocked_requests = -1 }
  }

  expect_failures = [var.alarms]
}

run "refuses_a_topic_of_another_region" {
  command = plan

  variables {
    alarms = { actions = ["arn:aws:sns:eu-central-1:123456789012:alarms"] }
  }

  expect_failures = [var.alarms]
}
