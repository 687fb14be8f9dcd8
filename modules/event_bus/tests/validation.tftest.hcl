mock_provider "aws" {}

# A bus that is right; each run spoils one input.
variables {
  context = {
    namespace   = "shop"
    environment = "dev"
    account_id  = "123456789012"
    region      = "eu-central-1"
  }
  sources = ["shop.order"]
}

run "refuses_a_name_with_a_hyphen" {
  command = plan

  variables {
    name = "order-events"
  }

  expect_failures = [var.name]
}

run "refuses_no_sources" {
  command = plan

  variables {
    sources = []
  }

  expect_failures = [var.sources]
}

run "refuses_any_source" {
  command = plan

  variables {
    sources = ["*"]
  }

  expect_failures = [var.sources]
}

run "refuses_a_source_of_aws" {
  command = plan

  variables {
    sources = ["aws.s3"]
  }

  expect_failures = [var.sources]
}

run "refuses_a_negative_retention" {
  command = plan

  variables {
    archive_retention_days = -1
  }

  expect_failures = [var.archive_retention_days]
}

run "refuses_half_a_day_of_retention" {
  command = plan

  variables {
    archive_retention_days = 0.5
  }

  expect_failures = [var.archive_retention_days]
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

run "refuses_half_a_minute_of_an_alarm" {
  command = plan

  variables {
    alarms = { period_seconds = 30 }
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
