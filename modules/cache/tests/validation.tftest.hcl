mock_provider "aws" {}

variables {
  context            = { namespace = "shop", environment = "dev", account_id = "123456789012", region = "eu-central-1" }
  subnet_ids         = ["subnet-0a1b2c3d", "subnet-1a2b3c4d"]
  security_group_ids = ["sg-0a1b2c3d"]
}

run "refuses_a_name_with_a_hyphen" {
  command = plan

  variables {
    name = "data-cache"
  }

  expect_failures = [var.name]
}

run "refuses_one_subnet" {
  command = plan

  variables {
    subnet_ids = ["subnet-0a1b2c3d"]
  }

  expect_failures = [var.subnet_ids]
}

run "refuses_no_security_group" {
  command = plan

  variables {
    security_group_ids = []
  }

  expect_failures = [var.security_group_ids]
}

run "refuses_a_pattern_with_a_space" {
  command = plan

  variables {
    keys = "shop: *"
  }

  expect_failures = [var.keys]
}

run "refuses_half_a_gigabyte" {
  command = plan

  variables {
    limits = { storage_gb = 0.5 }
  }

  expect_failures = [var.limits]
}

run "refuses_too_few_units" {
  command = plan

  variables {
    limits = { ecpu_per_second = 999 }
  }

  expect_failures = [var.limits]
}

run "refuses_a_node_type_of_another_service" {
  command = plan

  variables {
    node_type = "cache.t4g.small"
  }

  expect_failures = [var.node_type]
}

run "refuses_a_short_window" {
  command = plan

  variables {
    key_deletion_window_days = 6
  }

  expect_failures = [var.key_deletion_window_days]
}
