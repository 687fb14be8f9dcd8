mock_provider "aws" {}

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

run "an_endpoint_for_each_service" {
  command = plan

  assert {
    condition = { for service, endpoint in aws_vpc_endpoint.this : service => [endpoint.service_name, endpoint.vpc_endpoint_type] } == {
      dynamodb = ["com.amazonaws.eu-central-1.dynamodb", "Gateway"]
      email    = ["com.amazonaws.eu-central-1.email", "Interface"]
      events   = ["com.amazonaws.eu-central-1.events", "Interface"]
      kms      = ["com.amazonaws.eu-central-1.kms", "Interface"]
      lambda   = ["com.amazonaws.eu-central-1.lambda", "Interface"]
      ssm      = ["com.amazonaws.eu-central-1.ssm", "Interface"]
    }
    error_message = "Tables are reached by a gateway, which is free; the rest by interfaces."
  }

  assert {
    condition = alltrue([
      for service, endpoint in aws_vpc_endpoint.this : endpoint.vpc_id == "vpc-1" && (
        service == "dynamodb"
        ? endpoint.route_table_ids == toset(["rtb-1"])
        : endpoint.subnet_ids == toset(["subnet-1", "subnet-2"]) && endpoint.security_group_ids == toset(["sg-1"]) && endpoint.private_dns_enabled
      )
    ])
    error_message = "Each is in the VPC: the gateway in the route tables, the interfaces in the subnets, by the services' own names."
  }

  assert {
    condition     = aws_vpc_endpoint.this["ssm"].tags == tomap({ Team = "platform", Name = "shop-dev-ssm" })
    error_message = "The tags are the context's, and the name."
  }
}

run "what_the_policies_let_through" {
  command = plan

  assert {
    condition = {
      for service, endpoint in aws_vpc_endpoint.this : service => jsondecode(endpoint.policy).Statement[0].Resource
      } == {
      dynamodb = ["arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-*"]
      email    = ["arn:aws:ses:eu-central-1:123456789012:identity/*"]
      events   = ["arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-*"]
      kms      = ["arn:aws:kms:eu-central-1:123456789012:key/*"]
      lambda   = ["arn:aws:lambda:eu-central-1:123456789012:function:shop-dev-*"]
      ssm      = ["arn:aws:ssm:eu-central-1:123456789012:parameter/*"]
    }
    error_message = "Nothing of another account, and of tables, buses and functions nothing of another environment."
  }

  assert {
    condition = {
      for service, endpoint in aws_vpc_endpoint.this : service => jsondecode(endpoint.policy).Statement[0].Action if service != "dynamodb"
      } == {
      email = ["ses:SendEmail"], events = ["events:PutEvents"], kms = ["kms:GenerateMac"], lambda = ["lambda:InvokeFunction"]
      ssm   = ["ssm:GetParameter"]
    }
    error_message = "What functions do, and no more."
  }

  assert {
    condition = alltrue([
      for action in jsondecode(aws_vpc_endpoint.this["dynamodb"].policy).Statement[0].Action :
      contains(["BatchGetItem", "ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"], trimprefix(action, "dynamodb:"))
    ])
    error_message = "Items are read and written one by one: nothing is scanned, no table is changed."
  }

  assert {
    condition = alltrue([
      for endpoint in aws_vpc_endpoint.this :
      length(jsondecode(endpoint.policy).Statement) == 1
      && jsondecode(endpoint.policy).Statement[0].Condition == { StringEquals = { "aws:PrincipalAccount" = "123456789012" } }
    ])
    error_message = "Nobody of another account gets through."
  }
}

run "services_that_are_called" {
  command = plan

  variables {
    services = ["dynamodb", "events"]
  }

  assert {
    condition     = keys(aws_vpc_endpoint.this) == ["dynamodb", "events"]
    error_message = "No endpoint that is paid for nothing."
  }
}
