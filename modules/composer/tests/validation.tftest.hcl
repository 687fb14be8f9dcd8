mock_provider "aws" {}

variables {
  context       = { namespace = "shop", environment = "dev", account_id = "123456789012", region = "eu-central-1" }
  event_bus     = { name = "shop-dev-events", arn = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events" }
  package       = { path = "composer.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  relay_package = { path = "relay.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  sources       = { parcel = "arn:aws:lambda:eu-central-1:123456789012:function:shop-dev-parcel-get_parcel" }
  functions     = { get_tracking = { description = "Shows where a parcel is.", handler = "composer.handlers.get_tracking", sources = ["parcel"] } }
}

run "refuses_no_sources" {
  command = plan

  variables {
    sources   = {}
    functions = { get_tracking = { description = "Shows nothing.", handler = "composer.handlers.get_tracking" } }
  }

  expect_failures = [var.sources]
}

run "refuses_a_source_that_is_none" {
  command = plan

  variables {
    functions = { get_tracking = { description = "Shows where a parcel is.", handler = "composer.handlers.get_tracking", sources = ["route"] } }
  }

  expect_failures = [var.functions]
}

run "refuses_a_function_that_is_stopped_before_it_answers" {
  command = plan

  variables {
    functions = { get_tracking = { description = "Shows where a parcel is.", handler = "composer.handlers.get_tracking", sources = ["parcel"], timeout = 3 } }
  }

  expect_failures = [var.functions]
}

run "refuses_a_call_that_takes_longer_than_all" {
  command = plan

  variables {
    budgets = { call_seconds = 4, total_seconds = 3 }
  }

  expect_failures = [var.budgets]
}

run "refuses_a_cache_that_nobody_can_sign_in_to" {
  command = plan

  variables {
    cache = { host = "cache.example.com", user = "composer" }
  }

  expect_failures = [var.cache]
}

run "refuses_a_cache_in_plain_text" {
  command = plan

  variables {
    cache = { host = "cache.example.com", tls = false, user = "composer", password = { parameter_name = "/cache" } }
  }

  expect_failures = [var.cache]
}

run "refuses_a_service_that_is_no_cache" {
  command = plan

  variables {
    cache = { host = "cache.example.com", user = "composer", iam = { service = "dynamodb", name = "cache", arns = ["arn:aws:dynamodb:eu-central-1:123456789012:table/cache"] } }
  }

  expect_failures = [var.cache]
}

run "refuses_a_cache_that_forgets_before_a_read_ends" {
  command = plan

  variables {
    cache = { host = "cache.example.com", user = "composer", password = { parameter_name = "/cache" }, fresh_seconds = 10, keep_seconds = 59 }
  }

  expect_failures = [var.cache]
}
