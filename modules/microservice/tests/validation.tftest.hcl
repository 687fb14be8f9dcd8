mock_provider "aws" {}

# A service that is right; each run spoils one input.
variables {
  context = {
    namespace   = "shop"
    environment = "dev"
    account_id  = "123456789012"
    region      = "eu-central-1"
  }
  service = "parcel"
  package = {
    path   = "parcel.zip"
    sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
  }
  event_bus = {
    name = "shop-dev-events"
    arn  = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events"
  }
  functions = {
    book = {
      description = "Books a parcel."
      handler     = "parcel.handlers.book"
    }
  }
}

run "refuses_a_service_with_a_hyphen" {
  command = plan

  variables {
    service = "par-cel"
  }

  expect_failures = [var.service]
}

run "refuses_no_functions" {
  command = plan

  variables {
    functions = {}
  }

  expect_failures = [var.functions]
}

run "refuses_a_function_with_a_hyphen" {
  command = plan

  variables {
    functions = { book-it = {
      description = "Books a parcel."
      handler     = "parcel.handlers.book"
    } }
  }

  expect_failures = [var.functions]
}

run "refuses_a_function_called_relay" {
  command = plan

  variables {
    functions = { relay = {
      description = "Books a parcel."
      handler     = "parcel.handlers.book"
    } }
  }

  expect_failures = [var.functions]
}

run "refuses_a_function_without_a_package" {
  command = plan

  variables {
    package = null
    functions = { book = {
      description = "Books a parcel."
      handler     = "parcel.handlers.book"
    } }
  }

  expect_failures = [var.functions]
}

run "refuses_rules_without_an_event_bus" {
  command = plan

  variables {
    event_bus = null
    functions = { book = {
      description = "Books a parcel."
      handler     = "parcel.handlers.book"
      rules       = { placed = { event_pattern = jsonencode({ source = ["shop.order"] }) } }
    } }
  }

  expect_failures = [var.functions]
}

run "refuses_publishing_without_an_event_bus" {
  command = plan

  variables {
    event_bus = null
    functions = { book = {
      description = "Books a parcel."
      handler     = "parcel.handlers.book"
      publishes   = ["shop.parcel"]
    } }
  }

  expect_failures = [var.functions]
}

run "refuses_failures_to_a_bus_that_is_not_given" {
  command = plan

  variables {
    event_bus = null
    functions = { book = {
      description = "Books a parcel."
      handler     = "parcel.handlers.book"
      on_failure  = "bus"
    } }
  }

  expect_failures = [var.functions]
}

run "refuses_an_index_that_the_table_has_not" {
  command = plan

  variables {
    functions = { book = {
      description   = "Books a parcel."
      handler       = "parcel.handlers.book"
      table_indexes = ["by_day"]
    } }
  }

  expect_failures = [var.functions]
}

run "refuses_a_variable_that_the_module_sets" {
  command = plan

  variables {
    functions = { book = {
      description = "Books a parcel."
      handler     = "parcel.handlers.book"
      environment = { SAGA_TABLE = "other" }
    } }
  }

  expect_failures = [var.functions]
}

run "refuses_a_relay_without_an_event_bus" {
  command = plan

  variables {
    event_bus     = null
    relay_package = { path = "relay.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  }

  expect_failures = [var.relay_package]
}

run "refuses_an_unknown_type_of_a_key" {
  command = plan

  variables {
    table = {
      attribute_types = { pk = "STRING" }
    }
  }

  expect_failures = [var.table]
}

run "refuses_a_type_of_what_is_no_key" {
  command = plan

  variables {
    table = {
      attribute_types = { state = "S" }
    }
  }

  expect_failures = [var.table]
}

run "refuses_an_index_with_a_space" {
  command = plan

  variables {
    table = {
      global_secondary_indexes = { "by day" = { hash_key = "day" } }
    }
  }

  expect_failures = [var.table]
}

run "refuses_an_unknown_projection" {
  command = plan

  variables {
    table = {
      global_secondary_indexes = { by_day = { hash_key = "day", projection_type = "SOME" } }
    }
  }

  expect_failures = [var.table]
}

run "refuses_an_included_attribute_beside_all" {
  command = plan

  variables {
    table = {
      global_secondary_indexes = { by_day = { hash_key = "day", non_key_attributes = ["state"] } }
    }
  }

  expect_failures = [var.table]
}

run "refuses_an_inclusion_of_nothing" {
  command = plan

  variables {
    table = {
      global_secondary_indexes = { by_day = { hash_key = "day", projection_type = "INCLUDE" } }
    }
  }

  expect_failures = [var.table]
}

run "refuses_one_attribute_for_both_keys" {
  command = plan

  variables {
    table = {
      range_key = "pk"
    }
  }

  expect_failures = [var.table]
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

run "refuses_a_vpc_without_subnets" {
  command = plan

  variables {
    vpc = { subnet_ids = [], security_group_ids = ["sg-1"] }
  }

  expect_failures = [var.vpc]
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

run "refuses_a_further_table_that_is_not_there" {
  command = plan

  variables {
    functions = {
      book = {
        description    = "Books a parcel."
        handler        = "parcel.handlers.book"
        further_tables = { old = { actions = ["GetItem"] } }
      }
    }
  }

  expect_failures = [var.functions]
}

run "refuses_an_index_that_a_further_table_has_not" {
  command = plan

  variables {
    functions = {
      book = {
        description    = "Books a parcel."
        handler        = "parcel.handlers.book"
        further_tables = { old = { indexes = ["by_sku"] } }
      }
    }
    further_tables = { old = {} }
  }

  expect_failures = [var.functions]
}

run "refuses_a_further_table_with_a_hyphen" {
  command = plan

  variables {
    further_tables = { old-parcels = {} }
  }

  expect_failures = [var.further_tables]
}

run "refuses_an_unknown_type_in_a_further_table" {
  command = plan

  variables {
    further_tables = { old = { attribute_types = { pk = "X" } } }
  }

  expect_failures = [var.further_tables]
}

run "refuses_attributes_that_an_index_of_a_further_table_does_not_include" {
  command = plan

  variables {
    further_tables = { old = { global_secondary_indexes = { by_sku = { hash_key = "sku", non_key_attributes = ["size"] } } } }
  }

  expect_failures = [var.further_tables]
}

run "refuses_an_unknown_projection_in_a_further_table" {
  command = plan

  variables {
    further_tables = { old = { global_secondary_indexes = { by_sku = { hash_key = "sku", projection_type = "SOME" } } } }
  }

  expect_failures = [var.further_tables]
}
