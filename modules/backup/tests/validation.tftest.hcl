mock_provider "aws" {}

# Backups that are right; each run spoils one input.
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

run "refuses_a_name_with_a_hyphen" {
  command = plan

  variables {
    name = "my-vault"
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

run "refuses_a_rate_for_the_day" {
  command = plan

  variables {
    daily = { schedule = "rate(1 day)" }
  }

  expect_failures = [var.daily]
}

run "refuses_no_day_of_retention" {
  command = plan

  variables {
    daily = { retention_days = 0 }
  }

  expect_failures = [var.daily]
}

run "refuses_half_a_day_of_retention" {
  command = plan

  variables {
    daily = { retention_days = 1.5 }
  }

  expect_failures = [var.daily]
}

run "refuses_a_rate_for_the_month" {
  command = plan

  variables {
    monthly = { schedule = "rate(30 days)" }
  }

  expect_failures = [var.monthly]
}

run "refuses_no_day_of_retention_of_the_month" {
  command = plan

  variables {
    monthly = { retention_days = 0 }
  }

  expect_failures = [var.monthly]
}

run "refuses_cold_storage_for_less_than_90_days" {
  command = plan

  variables {
    monthly = { retention_days = 100, cold_after_days = 30 }
  }

  expect_failures = [var.monthly]
}

run "refuses_a_lock_of_another_kind" {
  command = plan

  variables {
    lock = { mode = "legal" }
  }

  expect_failures = [var.lock]
}

run "refuses_a_grace_that_is_too_short" {
  command = plan

  variables {
    lock = { mode = "compliance", grace_days = 2 }
  }

  expect_failures = [var.lock]
}

run "refuses_a_lock_that_no_backup_passes" {
  command = plan

  variables {
    lock = { mode = "governance", max_retention_days = 100 }
  }

  expect_failures = [var.lock]
}

run "refuses_a_lock_that_keeps_longer" {
  command = plan

  variables {
    lock = { mode = "governance", min_retention_days = 60 }
  }

  expect_failures = [var.lock]
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

run "refuses_an_alarm_action_that_is_no_topic" {
  command = plan

  variables {
    alarms = { actions = ["arn:aws:sqs:eu-central-1:123456789012:alarms"] }
  }

  expect_failures = [var.alarms]
}
