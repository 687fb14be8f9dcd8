mock_provider "aws" {}

# A read model that is right; each run spoils one input.
variables {
  context = {
    namespace   = "shop"
    environment = "dev"
    account_id  = "123456789012"
    region      = "eu-central-1"
  }
  package = {
    path   = "parcels.zip"
    sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
  }
  event_bus = {
    name = "shop-dev-events"
    arn  = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events"
  }
  events = { parcels = jsonencode({ source = ["shop.parcel"] }) }
  projection = {
    handler = "parcels.handlers.project"
    indexes = { by_customer = { hash_key = "customer_id" } }
  }
  event_store = { handler = "parcels.handlers.store_events" }
  readers = {
    get_parcels = { description = "Lists parcels.", handler = "parcels.handlers.get_parcels", indexes = ["by_customer"] }
  }
}

run "refuses_a_service_with_a_hyphen" {
  command = plan

  variables {
    service = "read-model"
  }

  expect_failures = [var.service]
}

run "refuses_no_events" {
  command = plan

  variables {
    events = {}
  }

  expect_failures = [var.events]
}

run "refuses_a_pattern_that_is_none" {
  command = plan

  variables {
    events = { parcels = "[]" }
  }

  expect_failures = [var.events]
}

run "refuses_no_generation" {
  command = plan

  variables {
    generations = []
  }

  expect_failures = [var.generations]
}

run "refuses_three_generations" {
  command = plan

  variables {
    generations = ["g1", "g2", "g3"]
  }

  expect_failures = [var.generations]
}

run "refuses_a_generation_without_a_number" {
  command = plan

  variables {
    generations = ["blue"]
  }

  expect_failures = [var.generations]
}

run "refuses_a_projection_that_answers_nothing" {
  command = plan

  variables {
    projection = { handler = "parcels.handlers.project", indexes = {} }
  }

  expect_failures = [var.projection]
}

run "refuses_a_reader_of_an_index_that_is_not_there" {
  command = plan

  variables {
    readers = { get_parcels = { description = "Lists parcels.", handler = "parcels.handlers.get_parcels", indexes = ["by_day"] } }
  }

  expect_failures = [var.readers]
}

run "refuses_a_reader_of_nothing" {
  command = plan

  variables {
    readers = { get_parcels = { description = "Lists parcels.", handler = "parcels.handlers.get_parcels" } }
  }

  expect_failures = [var.readers]
}

run "refuses_a_reader_with_the_name_of_a_writer" {
  command = plan

  variables {
    readers = { project_g7 = { description = "Lists parcels.", handler = "parcels.handlers.get_parcels", indexes = ["by_customer"] } }
  }

  expect_failures = [var.readers]
}

run "refuses_to_unprotect_a_generation_that_is_not_there" {
  command = plan

  variables {
    unprotected_generations = ["g2"]
  }

  expect_failures = [var.unprotected_generations]
}

run "refuses_a_runtime_that_is_too_old" {
  command = plan

  variables {
    runtime = "python3.9"
  }

  expect_failures = [var.runtime]
}

run "refuses_an_unknown_architecture" {
  command = plan

  variables {
    architecture = "x86"
  }

  expect_failures = [var.architecture]
}

run "refuses_an_unknown_log_level" {
  command = plan

  variables {
    log_level = "VERBOSE"
  }

  expect_failures = [var.log_level]
}

run "refuses_a_retention_that_is_not_offered" {
  command = plan

  variables {
    log_retention_days = 100
  }

  expect_failures = [var.log_retention_days]
}

run "refuses_a_boundary_that_is_no_policy" {
  command = plan

  variables {
    permissions_boundary_arn = "arn:aws:iam::123456789012:role/boundary"
  }

  expect_failures = [var.permissions_boundary_arn]
}

run "refuses_a_code_signing_config_by_id" {
  command = plan

  variables {
    code_signing_config_arn = "csc-0123456789abcdef0"
  }

  expect_failures = [var.code_signing_config_arn]
}

run "refuses_half_a_minute_of_an_alarm" {
  command = plan

  variables {
    alarms = { period_seconds = 30 }
  }

  expect_failures = [var.alarms]
}

run "refuses_a_negative_threshold" {
  command = plan

  variables {
    alarms = { throttles = -1 }
  }

  expect_failures = [var.alarms]
}

run "refuses_a_duration_beyond_the_timeout" {
  command = plan

  variables {
    alarms = { duration_percent = 101 }
  }

  expect_failures = [var.alarms]
}

run "refuses_an_alarm_action_that_is_no_topic" {
  command = plan

  variables {
    alarms = { actions = ["arn:aws:sqs:eu-central-1:123456789012:alarms"] }
  }

  expect_failures = [var.alarms]
}

run "refuses_a_deletion_window_that_is_too_short" {
  command = plan

  variables {
    key_deletion_window_days = 6
  }

  expect_failures = [var.key_deletion_window_days]
}

run "refuses_a_vpc_without_subnets" {
  command = plan

  variables {
    vpc = { subnet_ids = [], security_group_ids = ["sg-1"] }
  }

  expect_failures = [var.vpc]
}
