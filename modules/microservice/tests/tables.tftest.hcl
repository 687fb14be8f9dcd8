mock_provider "aws" {
  override_during = plan

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
  }

  mock_resource "aws_sqs_queue" {
    defaults = { url = "https://sqs.eu-central-1.amazonaws.com/123456789012/queue" }
  }
}

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
}

run "a_projection_beside_the_services_table" {
  command = plan

  variables {
    further_tables = {
      listed = { deletion_protection = false, ttl_attribute = "", global_secondary_indexes = { by_day = { hash_key = "day", range_key = "at" } } }
    }
    functions = {
      project = {
        description    = "Lists parcels."
        handler        = "parcel.handlers.project"
        on_failure     = "none"
        further_tables = { listed = { actions = ["UpdateItem"], indexes = ["by_day"] } }
        rules          = { booked = { event_pattern = jsonencode({ source = ["shop.parcel"] }) } }
        queue          = {}
      }
    }
  }

  assert {
    condition = alltrue([
      aws_dynamodb_table.further["listed"].name == "shop-dev-parcel-listed",
      aws_dynamodb_table.further["listed"].server_side_encryption[0].kms_key_arn == aws_kms_key.this.arn,
      aws_dynamodb_table.further["listed"].point_in_time_recovery[0].enabled,
      !aws_dynamodb_table.further["listed"].deletion_protection_enabled,
      !coalesce(aws_dynamodb_table.further["listed"].stream_enabled, false),
      toset(aws_dynamodb_table.further["listed"].attribute[*].name) == toset(["pk", "day", "at"]),
    ])
    error_message = "A further table is encrypted with the service's key, can be restored, and has no stream."
  }

  assert {
    condition = {
      for statement in jsondecode(module.function["project"].policies.access).Statement : statement.Sid => statement.Resource
      if contains(["UseTable", "UseTableListed", "QueryIndexes", "ReceiveEvents"], statement.Sid)
      } == {
      UseTableListed = ["arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-parcel-listed"]
      QueryIndexes   = ["arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-parcel-listed/index/by_day"]
      ReceiveEvents  = ["arn:aws:sqs:eu-central-1:123456789012:shop-dev-parcel-project-events"]
    }
    error_message = "The function has the further table and no other: ${module.function["project"].policies.access}"
  }

  assert {
    condition     = jsondecode(module.function["project"].environment.SAGA_FURTHER_TABLES) == { listed = "shop-dev-parcel-listed" } && !contains(keys(module.function["project"].environment), "SAGA_TABLE")
    error_message = "The function finds the name of the table that it works on."
  }

  assert {
    condition = jsondecode(aws_kms_key.this.policy).Statement[2].Condition.ArnEquals["kms:EncryptionContext:aws:sqs:arn"] == [
      "arn:aws:sqs:eu-central-1:123456789012:shop-dev-parcel-project-events",
      "arn:aws:sqs:eu-central-1:123456789012:shop-dev-parcel-project-undelivered",
    ]
    error_message = "EventBridge may encrypt what it puts into the function's queue: ${aws_kms_key.this.policy}"
  }

  assert {
    condition     = output.functions.project.event_queue.name == "shop-dev-parcel-project-events" && output.further_tables.listed.name == "shop-dev-parcel-listed"
    error_message = "Queue and table are told."
  }
}
