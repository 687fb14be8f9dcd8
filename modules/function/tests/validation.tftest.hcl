mock_provider "aws" {}

# A function that is right; each run spoils one input.
variables {
  context = {
    namespace   = "shop"
    environment = "dev"
    account_id  = "123456789012"
    region      = "eu-central-1"
  }
  service     = "inventory"
  name        = "reserve"
  description = "Reserves stock for an order."
  handler     = "inventory.handlers.reserve"
  kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  package = {
    path   = "inventory.zip"
    sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
  }
  event_bus = {
    name = "shop-dev-events"
    arn  = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events"
  }
}

run "refuses_a_service_with_a_hyphen" {
  command = plan

  variables {
    service = "in-ventory"
  }

  expect_failures = [var.service]
}

run "refuses_a_name_with_capitals" {
  command = plan

  variables {
    name = "Reserve"
  }

  expect_failures = [var.name]
}

run "refuses_an_empty_description" {
  command = plan

  variables {
    description = ""
  }

  expect_failures = [var.description]
}

run "refuses_a_description_that_is_too_long" {
  command = plan

  variables {
    description = join("", [for i in range(257) : "x"])
  }

  expect_failures = [var.description]
}

run "refuses_a_handler_without_a_module" {
  command = plan

  variables {
    handler = "reserve"
  }

  expect_failures = [var.handler]
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

run "refuses_too_little_memory" {
  command = plan

  variables {
    memory_size = 127
  }

  expect_failures = [var.memory_size]
}

run "refuses_too_much_memory" {
  command = plan

  variables {
    memory_size = 10241
  }

  expect_failures = [var.memory_size]
}

run "refuses_no_time" {
  command = plan

  variables {
    timeout = 0
  }

  expect_failures = [var.timeout]
}

run "refuses_too_much_time" {
  command = plan

  variables {
    timeout = 901
  }

  expect_failures = [var.timeout]
}

run "refuses_a_package_without_a_place" {
  command = plan

  variables {
    package = { sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  }

  expect_failures = [var.package]
}

run "refuses_a_package_in_two_places" {
  command = plan

  variables {
    package = {
      path   = "inventory.zip"
      s3     = { bucket = "packages", key = "inventory.zip" }
      sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    }
  }

  expect_failures = [var.package]
}

run "refuses_an_s3_package_without_a_hash" {
  command = plan

  variables {
    package = { s3 = { bucket = "packages", key = "inventory.zip" } }
  }

  expect_failures = [var.package]
}

run "refuses_a_package_hash_in_hexadecimal" {
  command = plan

  variables {
    package = {
      path   = "inventory.zip"
      sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    }
  }

  expect_failures = [var.package]
}

run "refuses_six_layers" {
  command = plan

  variables {
    layers = [for i in range(6) : "arn:aws:lambda:eu-central-1:123456789012:layer:shared:${i + 1}"]
  }

  expect_failures = [var.layers]
}

run "refuses_a_layer_without_a_version" {
  command = plan

  variables {
    layers = ["arn:aws:lambda:eu-central-1:123456789012:layer:shared"]
  }

  expect_failures = [var.layers]
}

run "refuses_a_variable_that_starts_with_a_digit" {
  command = plan

  variables {
    environment = { "1ST" = "x" }
  }

  expect_failures = [var.environment]
}

run "refuses_a_variable_of_lambda" {
  command = plan

  variables {
    environment = { AWS_REGION = "eu-central-1" }
  }

  expect_failures = [var.environment]
}

run "refuses_a_key_alias" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:alias/inventory"
  }

  expect_failures = [var.kms_key_arn]
}

run "refuses_a_retention_that_is_not_offered" {
  command = plan

  variables {
    log_retention_days = 100
  }

  expect_failures = [var.log_retention_days]
}

run "refuses_an_unknown_log_level" {
  command = plan

  variables {
    log_level = "VERBOSE"
  }

  expect_failures = [var.log_level]
}

run "refuses_an_unknown_tracing_mode" {
  command = plan

  variables {
    tracing = "Disabled"
  }

  expect_failures = [var.tracing]
}

run "refuses_negative_concurrency" {
  command = plan

  variables {
    reserved_concurrency = -1
  }

  expect_failures = [var.reserved_concurrency]
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

run "refuses_a_vpc_without_subnets" {
  command = plan

  variables {
    vpc = { subnet_ids = [], security_group_ids = ["sg-1"] }
  }

  expect_failures = [var.vpc]
}

run "refuses_a_vpc_without_security_groups" {
  command = plan

  variables {
    vpc = { subnet_ids = ["subnet-1"], security_group_ids = [] }
  }

  expect_failures = [var.vpc]
}

run "refuses_a_table_by_name" {
  command = plan

  variables {
    table = { arn = "shop-dev-inventory", actions = ["GetItem"] }
  }

  expect_failures = [var.table]
}

run "refuses_a_table_without_actions" {
  command = plan

  variables {
    table = { arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-inventory" }
  }

  expect_failures = [var.table]
}

run "refuses_a_scan" {
  command = plan

  variables {
    table = { arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-inventory", actions = ["Scan"] }
  }

  expect_failures = [var.table]
}

run "refuses_a_wildcard_of_table_actions" {
  command = plan

  variables {
    table = { arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-inventory", actions = ["*"] }
  }

  expect_failures = [var.table]
}

run "refuses_an_index_with_a_wildcard" {
  command = plan

  variables {
    table = { arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-inventory", indexes = ["by_*"] }
  }

  expect_failures = [var.table]
}

run "refuses_a_bus_by_name_to_publish_on" {
  command = plan

  variables {
    publishes = { bus_arn = "shop-dev-events", sources = ["shop.inventory"] }
  }

  expect_failures = [var.publishes]
}

run "refuses_publishing_without_a_source" {
  command = plan

  variables {
    publishes = { bus_arn = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events", sources = [] }
  }

  expect_failures = [var.publishes]
}

run "refuses_publishing_as_any_source" {
  command = plan

  variables {
    publishes = { bus_arn = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events", sources = ["*"] }
  }

  expect_failures = [var.publishes]
}

run "refuses_publishing_as_aws" {
  command = plan

  variables {
    publishes = { bus_arn = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events", sources = ["aws.s3"] }
  }

  expect_failures = [var.publishes]
}

run "refuses_a_call_with_a_wildcard" {
  command = plan

  variables {
    calls = { all = "arn:aws:lambda:eu-central-1:123456789012:function:*" }
  }

  expect_failures = [var.calls]
}

run "refuses_a_parameter_with_a_wildcard" {
  command = plan

  variables {
    parameters = { all = { arn = "arn:aws:ssm:eu-central-1:123456789012:parameter/*" } }
  }

  expect_failures = [var.parameters]
}

run "refuses_a_parameter_key_by_alias" {
  command = plan

  variables {
    parameters = {
      secret = {
        arn         = "arn:aws:ssm:eu-central-1:123456789012:parameter/secret"
        kms_key_arn = "alias/secret"
      }
    }
  }

  expect_failures = [var.parameters]
}

run "refuses_an_identity_with_a_wildcard" {
  command = plan

  variables {
    sends_mail = {
      identity_arn = "arn:aws:ses:eu-central-1:123456789012:identity/*"
      from_address = "orders@example.com"
    }
  }

  expect_failures = [var.sends_mail]
}

run "refuses_an_address_with_a_wildcard" {
  command = plan

  variables {
    sends_mail = {
      identity_arn = "arn:aws:ses:eu-central-1:123456789012:identity/example.com"
      from_address = "*@example.com"
    }
  }

  expect_failures = [var.sends_mail]
}

run "refuses_a_statement_id_with_an_underscore" {
  command = plan

  variables {
    statements = { send_parcels = {
      actions   = ["sqs:SendMessage"]
      resources = ["arn:aws:sqs:eu-central-1:123456789012:parcels"]
    } }
  }

  expect_failures = [var.statements]
}

run "refuses_a_statement_of_every_action" {
  command = plan

  variables {
    statements = { SendParcels = {
      actions   = ["sqs:*"]
      resources = ["arn:aws:sqs:eu-central-1:123456789012:parcels"]
    } }
  }

  expect_failures = [var.statements]
}

run "refuses_a_statement_on_every_resource" {
  command = plan

  variables {
    statements = { SendParcels = {
      actions   = ["sqs:SendMessage"]
      resources = ["*"]
    } }
  }

  expect_failures = [var.statements]
}

run "refuses_a_statement_on_some_resources" {
  command = plan

  variables {
    statements = { SendParcels = {
      actions   = ["sqs:SendMessage"]
      resources = ["arn:aws:sqs:eu-central-1:123456789012:parcel?"]
    } }
  }

  expect_failures = [var.statements]
}

run "refuses_a_statement_without_actions" {
  command = plan

  variables {
    statements = { SendParcels = {
      actions   = []
      resources = ["arn:aws:sqs:eu-central-1:123456789012:parcels"]
    } }
  }

  expect_failures = [var.statements]
}

run "refuses_a_statement_without_resources" {
  command = plan

  variables {
    statements = { SendParcels = {
      actions   = ["sqs:SendMessage"]
      resources = []
    } }
  }

  expect_failures = [var.statements]
}

run "refuses_an_event_bus_by_name" {
  command = plan

  variables {
    event_bus = { name = "shop-dev-events", arn = "shop-dev-events" }
  }

  expect_failures = [var.event_bus]
}

run "refuses_rules_without_an_event_bus" {
  command = plan

  variables {
    event_bus = null
    rules = { placed = {
      event_pattern = "{\"source\": [\"shop.order\"]}"
    } }
  }

  expect_failures = [var.rules]
}

run "refuses_a_rule_with_a_hyphen" {
  command = plan

  variables {
    rules = { order-placed = {
      event_pattern = "{\"source\": [\"shop.order\"]}"
    } }
  }

  expect_failures = [var.rules]
}

run "refuses_a_pattern_that_is_no_json" {
  command = plan

  variables {
    rules = { placed = {
      event_pattern = "{"
    } }
  }

  expect_failures = [var.rules]
}

run "refuses_a_pattern_that_is_no_object" {
  command = plan

  variables {
    rules = { placed = {
      event_pattern = "[]"
    } }
  }

  expect_failures = [var.rules]
}

run "refuses_a_pattern_without_fields" {
  command = plan

  variables {
    rules = { placed = {
      event_pattern = "{}"
    } }
  }

  expect_failures = [var.rules]
}

run "refuses_too_many_retries_of_a_rule" {
  command = plan

  variables {
    rules = { placed = {
      event_pattern          = "{\"source\": [\"shop.order\"]}"
      maximum_retry_attempts = 186
    } }
  }

  expect_failures = [var.rules]
}

run "refuses_negative_retries_of_a_rule" {
  command = plan

  variables {
    rules = { placed = {
      event_pattern          = "{\"source\": [\"shop.order\"]}"
      maximum_retry_attempts = -1
    } }
  }

  expect_failures = [var.rules]
}

run "refuses_an_event_age_of_a_rule_that_is_too_short" {
  command = plan

  variables {
    rules = { placed = {
      event_pattern             = "{\"source\": [\"shop.order\"]}"
      maximum_event_age_seconds = 59
    } }
  }

  expect_failures = [var.rules]
}

run "refuses_an_event_age_of_a_rule_that_is_too_long" {
  command = plan

  variables {
    rules = { placed = {
      event_pattern             = "{\"source\": [\"shop.order\"]}"
      maximum_event_age_seconds = 86401
    } }
  }

  expect_failures = [var.rules]
}

run "refuses_a_schedule_with_a_hyphen" {
  command = plan

  variables {
    schedules = { every-night = {
      expression = "rate(1 hour)"
    } }
  }

  expect_failures = [var.schedules]
}

run "refuses_a_schedule_with_the_name_of_a_rule" {
  command = plan

  variables {
    rules = { placed = {
      event_pattern = "{\"source\": [\"shop.order\"]}"
    } }
    schedules = { placed = {
      expression = "rate(1 hour)"
    } }
  }

  expect_failures = [var.schedules]
}

run "refuses_an_expression_that_is_no_schedule" {
  command = plan

  variables {
    schedules = { nightly = {
      expression = "every hour"
    } }
  }

  expect_failures = [var.schedules]
}

run "refuses_an_input_that_is_no_json" {
  command = plan

  variables {
    schedules = { nightly = {
      expression = "rate(1 hour)"
      input      = "{"
    } }
  }

  expect_failures = [var.schedules]
}

run "refuses_too_many_retries_of_a_schedule" {
  command = plan

  variables {
    schedules = { nightly = {
      expression             = "rate(1 hour)"
      maximum_retry_attempts = 186
    } }
  }

  expect_failures = [var.schedules]
}

run "refuses_an_event_age_of_a_schedule_that_is_too_short" {
  command = plan

  variables {
    schedules = { nightly = {
      expression                = "rate(1 hour)"
      maximum_event_age_seconds = 59
    } }
  }

  expect_failures = [var.schedules]
}

run "refuses_a_table_for_a_stream" {
  command = plan

  variables {
    stream = {
      arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-inventory"
    }
  }

  expect_failures = [var.stream]
}

run "refuses_an_empty_batch" {
  command = plan

  variables {
    stream = {
      arn        = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-inventory/stream/2025-01-01T00:00:00.000"
      batch_size = 0
    }
  }

  expect_failures = [var.stream]
}

run "refuses_a_batching_window_that_is_too_long" {
  command = plan

  variables {
    stream = {
      arn                             = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-inventory/stream/2025-01-01T00:00:00.000"
      maximum_batching_window_seconds = 301
    }
  }

  expect_failures = [var.stream]
}

run "refuses_too_many_batches_of_a_shard" {
  command = plan

  variables {
    stream = {
      arn                    = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-inventory/stream/2025-01-01T00:00:00.000"
      parallelization_factor = 11
    }
  }

  expect_failures = [var.stream]
}

run "refuses_endless_retries_of_a_batch" {
  command = plan

  variables {
    stream = {
      arn                    = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-inventory/stream/2025-01-01T00:00:00.000"
      maximum_retry_attempts = -1
    }
  }

  expect_failures = [var.stream]
}

run "refuses_a_record_age_beyond_the_stream" {
  command = plan

  variables {
    stream = {
      arn                        = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-inventory/stream/2025-01-01T00:00:00.000"
      maximum_record_age_seconds = 86401
    }
  }

  expect_failures = [var.stream]
}

run "refuses_a_stream_from_a_time" {
  command = plan

  variables {
    stream = {
      arn               = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-inventory/stream/2025-01-01T00:00:00.000"
      starting_position = "AT_TIMESTAMP"
    }
  }

  expect_failures = [var.stream]
}

run "refuses_six_filters" {
  command = plan

  variables {
    stream = {
      arn     = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-inventory/stream/2025-01-01T00:00:00.000"
      filters = [for i in range(6) : "{}"]
    }
  }

  expect_failures = [var.stream]
}

run "refuses_a_filter_that_is_no_json" {
  command = plan

  variables {
    stream = {
      arn     = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-inventory/stream/2025-01-01T00:00:00.000"
      filters = ["INSERT"]
    }
  }

  expect_failures = [var.stream]
}

run "refuses_an_unknown_place_for_failures" {
  command = plan

  variables {
    on_failure = "topic"
  }

  expect_failures = [var.on_failure]
}

run "refuses_rules_whose_failures_go_nowhere" {
  command = plan

  variables {
    on_failure = "none"
    rules = { placed = {
      event_pattern = "{\"source\": [\"shop.order\"]}"
    } }
  }

  expect_failures = [var.on_failure]
}

run "refuses_schedules_whose_failures_go_nowhere" {
  command = plan

  variables {
    on_failure = "none"
    schedules = { nightly = {
      expression = "rate(1 hour)"
    } }
  }

  expect_failures = [var.on_failure]
}

run "refuses_failures_to_a_bus_that_is_not_given" {
  command = plan

  variables {
    event_bus  = null
    on_failure = "bus"
  }

  expect_failures = [var.on_failure]
}

run "refuses_failures_twice_in_the_queue" {
  command = plan

  variables {
    on_failure        = "queue"
    dead_letter_queue = true
  }

  expect_failures = [var.on_failure]
}

run "refuses_three_retries" {
  command = plan

  variables {
    maximum_retry_attempts = 3
  }

  expect_failures = [var.maximum_retry_attempts]
}

run "refuses_an_event_age_that_is_too_short" {
  command = plan

  variables {
    maximum_event_age_seconds = 59
  }

  expect_failures = [var.maximum_event_age_seconds]
}

run "refuses_an_event_age_that_is_too_long" {
  command = plan

  variables {
    maximum_event_age_seconds = 21601
  }

  expect_failures = [var.maximum_event_age_seconds]
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

run "refuses_a_further_table_with_a_hyphen" {
  command = plan

  variables {
    further_tables = { old-stock = { arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-stock", actions = ["GetItem"] } }
  }

  expect_failures = [var.further_tables]
}

run "refuses_a_further_table_that_is_none" {
  command = plan

  variables {
    further_tables = { old = { arn = "shop-dev-stock", actions = ["GetItem"] } }
  }

  expect_failures = [var.further_tables]
}

run "refuses_a_further_table_for_nothing" {
  command = plan

  variables {
    further_tables = { old = { arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-stock" } }
  }

  expect_failures = [var.further_tables]
}

run "refuses_a_scan_of_a_further_table" {
  command = plan

  variables {
    further_tables = { old = { arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-stock", actions = ["Scan"] } }
  }

  expect_failures = [var.further_tables]
}

run "refuses_an_index_of_a_further_table_with_a_wildcard" {
  command = plan

  variables {
    further_tables = { old = { arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-stock", indexes = ["by_*"] } }
  }

  expect_failures = [var.further_tables]
}

run "refuses_a_queue_that_nothing_fills" {
  command = plan

  variables {
    queue = {}
  }

  expect_failures = [var.queue]
}

run "refuses_a_queue_beside_a_stream" {
  command = plan

  variables {
    rules  = { placed = { event_pattern = jsonencode({ source = ["shop.order"] }) } }
    queue  = {}
    stream = { arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-stock/stream/2025-01-01T00:00:00.000" }
  }

  expect_failures = [var.queue]
}

run "refuses_an_empty_batch_of_a_queue" {
  command = plan

  variables {
    rules = { placed = { event_pattern = jsonencode({ source = ["shop.order"] }) } }
    queue = { batch_size = 0 }
  }

  expect_failures = [var.queue]
}

run "refuses_a_window_of_a_queue_that_is_too_long" {
  command = plan

  variables {
    rules = { placed = { event_pattern = jsonencode({ source = ["shop.order"] }) } }
    queue = { maximum_batching_window_seconds = 301 }
  }

  expect_failures = [var.queue]
}

run "refuses_a_large_batch_without_a_window" {
  command = plan

  variables {
    rules = { placed = { event_pattern = jsonencode({ source = ["shop.order"] }) } }
    queue = { batch_size = 11 }
  }

  expect_failures = [var.queue]
}

run "refuses_a_visibility_timeout_that_is_too_short" {
  command = plan

  variables {
    rules = { placed = { event_pattern = jsonencode({ source = ["shop.order"] }) } }
    queue = { visibility_timeout_seconds = 59 }
  }

  expect_failures = [var.queue]
}

run "refuses_a_visibility_timeout_beyond_the_queues" {
  command = plan

  variables {
    rules = { placed = { event_pattern = jsonencode({ source = ["shop.order"] }) } }
    queue = { visibility_timeout_seconds = 43201 }
  }

  expect_failures = [var.queue]
}

run "refuses_to_receive_once" {
  command = plan

  variables {
    rules = { placed = { event_pattern = jsonencode({ source = ["shop.order"] }) } }
    queue = { maximum_receives = 1 }
  }

  expect_failures = [var.queue]
}

run "refuses_a_concurrency_of_one" {
  command = plan

  variables {
    rules = { placed = { event_pattern = jsonencode({ source = ["shop.order"] }) } }
    queue = { maximum_concurrency = 1 }
  }

  expect_failures = [var.queue]
}

run "refuses_to_keep_a_message_as_long_as_a_dead_letter" {
  command = plan

  variables {
    rules = { placed = { event_pattern = jsonencode({ source = ["shop.order"] }) } }
    queue = { retention_seconds = 1209600 }
  }

  expect_failures = [var.queue]
}
