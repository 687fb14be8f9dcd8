mock_provider "aws" {
  override_during = plan

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
  }

  mock_resource "aws_cloudwatch_event_bus" {
    defaults = { arn = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events" }
  }
}

run "the_example_of_the_readme" {
  command = plan

  module {
    source = "./examples/basic"
  }

  assert {
    condition     = output.arn == "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events"
    error_message = "The example makes a bus: ${output.arn}."
  }

  assert {
    condition     = aws_cloudwatch_event_rule.orders.event_bus_name == "shop-dev-events"
    error_message = "The example's rule is on the bus."
  }
}
