mock_provider "aws" {
  override_during = plan

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
  }

  mock_resource "aws_dynamodb_table" {
    defaults = { stream_arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-parcel/stream/2025-01-01T00:00:00.000" }
  }

  mock_resource "aws_cloudwatch_event_bus" {
    defaults = { arn = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events" }
  }

  mock_resource "aws_sqs_queue" {
    defaults = { url = "https://sqs.eu-central-1.amazonaws.com/123456789012/queue" }
  }
}

run "the_example_of_the_readme" {
  command = plan

  module {
    source = "./examples/basic"
  }

  variables {
    package = { path = "parcels.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  }

  assert {
    condition = output.tables == {
      events = "shop-dev-parcels_read"
      g1     = "shop-dev-parcels_read-g1"
    }
    error_message = "The example makes a table of events and one generation of the projection."
  }

  assert {
    condition = toset(keys(output.queues)) == toset([
      "store_events/undelivered", "store_events/failed", "project_g1/undelivered", "project_g1/failed",
    ])
    error_message = "There is a queue wherever an event can end."
  }
}
