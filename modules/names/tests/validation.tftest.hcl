variables {
  context = {
    namespace   = "shop"
    environment = "dev"
    account_id  = "123456789012"
    region      = "eu-central-1"
  }
  names = {
    reserve = { parts = ["inventory", "reserve"], limit = 64 }
  }
}

run "refuses_a_namespace_with_capitals" {
  command = plan

  variables {
    context = {
      namespace   = "Shop"
      environment = "dev"
      account_id  = "123456789012"
      region      = "eu-central-1"
    }
  }

  expect_failures = [var.context]
}

run "refuses_an_environment_that_is_too_long" {
  command = plan

  variables {
    context = {
      namespace   = "shop"
      environment = "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
      account_id  = "123456789012"
      region      = "eu-central-1"
    }
  }

  expect_failures = [var.context]
}

run "refuses_an_account_id_that_is_too_short" {
  command = plan

  variables {
    context = {
      namespace   = "shop"
      environment = "dev"
      account_id  = "12345"
      region      = "eu-central-1"
    }
  }

  expect_failures = [var.context]
}

run "refuses_a_region_that_is_none" {
  command = plan

  variables {
    context = {
      namespace   = "shop"
      environment = "dev"
      account_id  = "123456789012"
      region      = "frankfurt"
    }
  }

  expect_failures = [var.context]
}

run "refuses_a_partition_that_is_none" {
  command = plan

  variables {
    context = {
      namespace   = "shop"
      environment = "dev"
      account_id  = "123456789012"
      region      = "eu-central-1"
      partition   = "azure"
    }
  }

  expect_failures = [var.context]
}

run "refuses_a_name_without_parts" {
  command = plan

  variables {
    names = { empty = { parts = [], limit = 64 } }
  }

  expect_failures = [var.names]
}

run "refuses_a_part_with_a_hyphen" {
  command = plan

  variables {
    names = { hyphen = { parts = ["in-ventory"], limit = 64 } }
  }

  expect_failures = [var.names]
}

run "refuses_a_limit_that_is_too_short" {
  command = plan

  variables {
    names = { short = { parts = ["inventory"], limit = 23 } }
  }

  expect_failures = [var.names]
}
