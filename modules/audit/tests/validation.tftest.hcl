mock_provider "aws" {}

# A trail that is right; each run spoils one input.
variables {
  context = {
    namespace   = "shop"
    environment = "prod"
    account_id  = "123456789012"
    region      = "eu-central-1"
  }
  tables = {
    order = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-prod-order"
  }
}

run "refuses_a_name_with_an_underscore" {
  command = plan

  variables {
    name = "my_trail"
  }

  expect_failures = [var.name]
}

run "refuses_no_tables" {
  command = plan

  variables {
    tables = {}
  }

  expect_failures = [var.tables]
}

run "refuses_any_table" {
  command = plan

  variables {
    tables = { all = "arn:aws:dynamodb:eu-central-1:123456789012:table/*" }
  }

  expect_failures = [var.tables]
}

run "refuses_any_function" {
  command = plan

  variables {
    functions = { all = "arn:aws:lambda:eu-central-1:123456789012:function:*" }
  }

  expect_failures = [var.functions]
}

run "refuses_a_retention_that_is_too_short" {
  command = plan

  variables {
    retention_days = 30
  }

  expect_failures = [var.retention_days]
}

run "refuses_half_a_day_of_retention" {
  command = plan

  variables {
    retention_days = 90.5
  }

  expect_failures = [var.retention_days]
}

run "refuses_a_lock_of_another_kind" {
  command = plan

  variables {
    object_lock = { mode = "legal", days = 30 }
  }

  expect_failures = [var.object_lock]
}

run "refuses_a_lock_that_outlasts_the_records" {
  command = plan

  variables {
    object_lock = { mode = "GOVERNANCE", days = 500 }
  }

  expect_failures = [var.object_lock]
}

run "refuses_half_a_day_of_a_lock" {
  command = plan

  variables {
    object_lock = { mode = "GOVERNANCE", days = 1.5 }
  }

  expect_failures = [var.object_lock]
}

run "refuses_a_bucket_of_access_logs_that_is_an_arn" {
  command = plan

  variables {
    access_logs = { bucket = "arn:aws:s3:::logs" }
  }

  expect_failures = [var.access_logs]
}

run "refuses_a_replica_that_is_a_name" {
  command = plan

  variables {
    replica = { bucket_arn = "copies", kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/1" }
  }

  expect_failures = [var.replica]
}

run "refuses_any_key_of_the_replica" {
  command = plan

  variables {
    replica = { bucket_arn = "arn:aws:s3:::copies", kms_key_arn = "*" }
  }

  expect_failures = [var.replica]
}

run "refuses_a_retention_that_logs_do_not_have" {
  command = plan

  variables {
    log_retention_days = 100
  }

  expect_failures = [var.log_retention_days]
}

run "refuses_a_topic_that_is_a_queue" {
  command = plan

  variables {
    topic_arn = "arn:aws:sqs:eu-central-1:123456789012:alarms"
  }

  expect_failures = [var.topic_arn]
}

run "refuses_a_deletion_window_that_is_too_short" {
  command = plan

  variables {
    key_deletion_window_days = 6
  }

  expect_failures = [var.key_deletion_window_days]
}

run "refuses_a_deletion_window_that_is_too_long" {
  command = plan

  variables {
    key_deletion_window_days = 31
  }

  expect_failures = [var.key_deletion_window_days]
}

run "refuses_a_boundary_that_is_a_role" {
  command = plan

  variables {
    permissions_boundary_arn = "arn:aws:iam::123456789012:role/x"
  }

  expect_failures = [var.permissions_boundary_arn]
}
