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

variables {
  context = {
    namespace   = "shop"
    environment = "dev"
    account_id  = "123456789012"
    region      = "eu-central-1"
  }
  package = {
    path   = "parcels.zip"
    sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
  }
  event_bus = {
    name = "shop-dev-events"
    arn  = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events"
  }
  events = { parcels = jsonencode({ source = ["shop.parcel"] }) }
  projection = {
    handler = "parcels.handlers.project"
    indexes = { by_customer = { hash_key = "customer_id" } }
  }
  event_store = { handler = "parcels.handlers.store_events" }
  readers = {
    get_parcels = { description = "Lists parcels.", handler = "parcels.handlers.get_parcels", indexes = ["by_customer"] }
  }
}

run "one_generation" {
  command = plan

  assert {
    condition     = keys(output.generations) == ["g1"] && output.generations.g1.table.name == "shop-dev-read_model-g1" && output.event_store.name == "shop-dev-read_model"
    error_message = "There is one projection beside the events."
  }

  assert {
    condition     = jsondecode(module.service.functions["get_parcels"].environment.SAGA_FURTHER_TABLES) == { g1 = "shop-dev-read_model-g1" } && !contains(keys(module.service.functions["get_parcels"].environment), "SAGA_TABLE")
    error_message = "Which generation is read needs no asking."
  }
}

run "two_generations" {
  command = plan

  variables {
    generations             = ["g10", "g9"]
    unprotected_generations = ["g9"]
    readers = {
      get_parcels = { description = "Lists parcels.", handler = "parcels.handlers.get_parcels", indexes = ["by_customer"] }
      get_events  = { description = "Reads events.", handler = "parcels.handlers.get_events", reads_events = true }
    }
  }

  assert {
    condition = {
      for name, generation in output.generations : name => [generation.table.arn, generation.function, generation.queue.arn, generation.rule_arns]
      } == {
      for name in ["g9", "g10"] : name => [
        "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-read_model-${name}",
        "project_${name}",
        "arn:aws:sqs:eu-central-1:123456789012:shop-dev-read_model-project_${name}-events",
        ["arn:aws:events:eu-central-1:123456789012:rule/shop-dev-events/shop-dev-read_model-project_${name}-parcels"],
      ]
    }
    error_message = "Each generation has a table, a function, a queue and rules of its own."
  }

  assert {
    condition = {
      for name in ["project_g9", "project_g10", "store_events", "get_parcels", "get_events"] : name => [
        for statement in jsondecode(module.service.functions[name].policies.access).Statement :
        [statement.Action, statement.Resource] if length(regexall("^(UseTable|QueryIndexes)", statement.Sid)) > 0
      ]
      } == {
      project_g9   = [[["dynamodb:UpdateItem"], ["arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-read_model-g9"]]]
      project_g10  = [[["dynamodb:UpdateItem"], ["arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-read_model-g10"]]]
      store_events = [[["dynamodb:PutItem"], ["arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-read_model"]]]
      get_parcels = [
        [["dynamodb:GetItem"], ["arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-read_model"]],
        [["dynamodb:Query"], [
          "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-read_model-g10/index/by_customer",
          "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-read_model-g9/index/by_customer",
        ]],
      ]
      get_events = [[["dynamodb:Query"], ["arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-read_model"]]]
    }
    error_message = "Who writes has one table, the events are only ever added to, and readers read."
  }
}
