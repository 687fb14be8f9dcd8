mock_provider "aws" {}

# Endpoints that are right; each run spoils one input.
variables {
  context = {
    namespace   = "shop"
    environment = "dev"
    account_id  = "123456789012"
    region      = "eu-central-1"
    tags        = { Team = "platform" }
  }
  vpc = {
    id                 = "vpc-1"
    subnet_ids         = ["subnet-1", "subnet-2"]
    security_group_ids = ["sg-1"]
    route_table_ids    = ["rtb-1"]
  }
}

run "refuses_a_vpc_without_route_tables" {
  command = plan

  variables {
    vpc = { id = "vpc-1", subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"], route_table_ids = [] }
  }

  expect_failures = [var.vpc]
}

run "refuses_a_service_that_no_function_calls" {
  command = plan

  variables {
    services = ["dynamodb", "ec2"]
  }

  expect_failures = [var.services]
}
