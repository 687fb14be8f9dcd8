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
    tags        = { Team = "platform" }
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
  functions = {
    book = {
      description   = "Books a parcel."
      handler       = "parcel.handlers.book"
      table_actions = ["UpdateItem"]
    }
  }
}

run "an_outbox_relay" {
  command = plan

  variables {
    relay_package = {
      path   = "relay.zip"
      sha256 = "Tlw6kZc7EmDpbDtSvKPFF0OCgbYLh22EsaYE8ya3W1s="
    }
  }

  assert {
    condition = (
      module.function["relay"].name == "shop-dev-parcel-relay"
      && output.relay.arn == "arn:aws:lambda:eu-central-1:123456789012:function:shop-dev-parcel-relay"
      && output.relay.timeout == 30
    )
    error_message = "The relay is a function of the service."
  }

  assert {
    condition     = keys(output.functions) == ["book"]
    error_message = "The relay is not among the caller's functions."
  }

  assert {
    condition     = toset(keys(output.relay.queues)) == toset(["failed"]) && contains(keys(output.queues), "relay/failed")
    error_message = "What the relay gives up goes to its failed queue."
  }

  assert {
    condition     = length(output.relay.rule_arns) == 0 && contains(keys(output.relay.alarm_arns), "iterator_age")
    error_message = "The relay reads the stream, and falling behind sets off an alarm."
  }

  assert {
    condition = toset(jsondecode(aws_kms_key.this.policy).Statement[1].Condition.ArnEquals["kms:EncryptionContext:aws:logs:arn"]) == toset([
      module.function["book"].log_group_arn, module.function["relay"].log_group_arn,
    ])
    error_message = "The key encrypts every function's logs, the relay's too."
  }
}

run "a_relay_of_some_records" {
  command = plan

  variables {
    relay_package = {
      path   = "relay.zip"
      sha256 = "Tlw6kZc7EmDpbDtSvKPFF0OCgbYLh22EsaYE8ya3W1s="
    }
    relay = { filters = ["{\"eventName\":[\"INSERT\"]}"] }
  }

  assert {
    condition     = local.functions["relay"].stream.filters == tolist(["{\"eventName\":[\"INSERT\"]}"])
    error_message = "The relay gets the records that the caller names."
  }
}

run "the_relay_publishes_as_its_service_and_does_nothing_else" {
  command = plan

  variables {
    relay_package = {
      path   = "relay.zip"
      sha256 = "Tlw6kZc7EmDpbDtSvKPFF0OCgbYLh22EsaYE8ya3W1s="
    }
    relay = { environment = { RELAY_MODE = "careful" }, dead_letter_queue = true }
  }

  assert {
    condition     = [for statement in jsondecode(module.function["relay"].policies.access).Statement : statement.Sid] == ["WriteLogs", "WriteTraces", "PublishEvents", "SendFailures"]
    error_message = "The relay has no access to the table itself: ${module.function["relay"].policies.access}"
  }

  assert {
    condition = [for statement in jsondecode(module.function["relay"].policies.access).Statement : statement if statement.Sid == "PublishEvents"][0] == jsondecode(jsonencode({
      Sid      = "PublishEvents"
      Effect   = "Allow"
      Action   = ["events:PutEvents"]
      Resource = ["arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events"]
      Condition = {
        "ForAllValues:StringEquals" = { "events:source" = ["shop.parcel"] }
        Null                        = { "events:source" = "false" }
      }
    }))
    error_message = "The relay publishes as its own service: ${module.function["relay"].policies.access}"
  }

  assert {
    condition = (
      jsondecode(module.function["relay"].policies.stream).Statement[0].Resource == [aws_dynamodb_table.this.stream_arn]
      && jsondecode(module.function["relay"].policies.stream).Statement[1].Condition.StringEquals["kms:EncryptionContext:aws:dynamodb:tableName"] == "shop-dev-parcel"
    )
    error_message = "The relay reads its own table's stream: ${module.function["relay"].policies.stream}"
  }

  assert {
    condition     = contains(keys(output.relay.alarm_arns), "dead_letter_errors")
    error_message = "The relay has a dead-letter configuration when it is asked for."
  }

  assert {
    condition = module.function["relay"].environment == tomap({
      POWERTOOLS_LOG_LEVEL         = "INFO"
      POWERTOOLS_METRICS_NAMESPACE = "shop"
      POWERTOOLS_SERVICE_NAME      = "parcel"
      RELAY_MODE                   = "careful"
      SAGA_BUS                     = "shop-dev-events"
      SAGA_FUNCTION                = "relay"
      SAGA_SOURCE                  = "shop.parcel"
    })
    error_message = "The relay is told its bus and its source."
  }
}

run "what_the_functions_find_and_may_do" {
  command = plan

  variables {
    environment       = { REGION_NAME = "Europe", SHARED = "service" }
    metrics_namespace = "parcels"
    log_level         = "WARN"
    functions = {
      book = {
        description   = "Books a parcel."
        handler       = "parcel.handlers.book"
        table_actions = ["GetItem", "UpdateItem"]
        publishes     = ["shop.parcel"]
        log_level     = "FATAL"
        environment   = { SHARED = "function" }
      }
      find = {
        description   = "Finds a customer's parcels."
        handler       = "parcel.handlers.find"
        table_indexes = ["by_customer"]
        log_level     = "TRACE"
        on_failure    = "none"
      }
      quote = {
        description = "Tells what a parcel costs."
        handler     = "parcel.handlers.quote"
        on_failure  = "none"
      }
    }
    table = { global_secondary_indexes = { by_customer = { hash_key = "customer_id" } } }
  }

  assert {
    condition = module.function["book"].environment == tomap({
      POWERTOOLS_LOG_LEVEL         = "CRITICAL"
      POWERTOOLS_METRICS_NAMESPACE = "parcels"
      POWERTOOLS_SERVICE_NAME      = "parcel"
      REGION_NAME                  = "Europe"
      SAGA_FUNCTION                = "book"
      SAGA_SOURCE                  = "shop.parcel"
      SAGA_TABLE                   = "shop-dev-parcel"
      SHARED                       = "function"
    })
    error_message = "The function's own variables go before the service's."
  }

  assert {
    condition     = module.function["find"].environment.POWERTOOLS_LOG_LEVEL == "DEBUG" && module.function["quote"].environment.POWERTOOLS_LOG_LEVEL == "WARNING"
    error_message = "Levels have the names that Python's logging knows."
  }

  assert {
    condition     = module.function["find"].environment.SAGA_TABLE == "shop-dev-parcel" && !contains(keys(module.function["quote"].environment), "SAGA_TABLE")
    error_message = "Who has no business with the table is not told its name."
  }

  assert {
    condition = { for name in ["book", "find", "quote"] : name => [for statement in jsondecode(module.function[name].policies.access).Statement : statement.Sid] } == {
      book  = ["WriteLogs", "WriteTraces", "UseTable", "PublishEvents", "SendFailures"]
      find  = ["WriteLogs", "WriteTraces", "QueryIndexes"]
      quote = ["WriteLogs", "WriteTraces"]
    }
    error_message = "Every function may do what it declares, and no more."
  }

  assert {
    condition = [for statement in jsondecode(module.function["book"].policies.access).Statement : [statement.Action, statement.Resource] if statement.Sid == "UseTable"][0] == [
      ["dynamodb:GetItem", "dynamodb:UpdateItem"], ["arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-parcel"],
    ]
    error_message = "The table is the service's own: ${module.function["book"].policies.access}"
  }

  assert {
    condition     = keys(module.function["quote"].policies) == ["access"] && strcontains(module.function["find"].policies.keys, aws_kms_key.this.arn)
    error_message = "The key is the service's own, and only for those who need it."
  }
}

run "rules_and_schedules" {
  command = plan

  variables {
    functions = {
      book = {
        description   = "Books a parcel."
        handler       = "parcel.handlers.book"
        table_actions = ["UpdateItem"]
        on_failure    = "bus"
        rules = {
          placed   = { event_pattern = jsonencode({ source = ["shop.order"], "detail-type" = ["OrderPlaced"] }) }
          replaced = { event_pattern = jsonencode({ source = ["shop.order"], "detail-type" = ["OrderReplaced"] }) }
        }
      }
      sweep = {
        description   = "Looks for parcels that nobody fetched."
        handler       = "parcel.handlers.sweep"
        table_indexes = ["by_day"]
        schedules     = { nightly = { expression = "cron(0 3 * * ? *)" } }
      }
      get_parcel = {
        description = "Finds a parcel."
        handler     = "parcel.handlers.get_parcel"
        on_failure  = "none"
      }
    }
    table = { global_secondary_indexes = { by_day = { hash_key = "day" } } }
  }

  # The key's policy is computed before the functions are; here it is held against what they make.
  assert {
    condition = jsondecode(aws_kms_key.this.policy).Statement[2] == jsondecode(jsonencode({
      Sid       = "LetEventBridgeFillTheQueues"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = "*"
      Condition = {
        ArnEquals = {
          "aws:SourceArn"                     = sort(concat(values(module.function["book"].rule_arns), values(module.function["sweep"].rule_arns)))
          "kms:EncryptionContext:aws:sqs:arn" = sort([module.function["book"].queues.undelivered.arn, module.function["sweep"].queues.undelivered.arn])
        }
        StringEquals = { "aws:SourceAccount" = "123456789012" }
      }
    }))
    error_message = "EventBridge uses the key for these rules and queues: ${aws_kms_key.this.policy}"
  }

  assert {
    condition = jsondecode(aws_kms_key.this.policy).Statement[2].Condition.ArnEquals["aws:SourceArn"] == jsondecode(jsonencode([
      "arn:aws:events:eu-central-1:123456789012:rule/shop-dev-events/shop-dev-parcel-book-placed",
      "arn:aws:events:eu-central-1:123456789012:rule/shop-dev-events/shop-dev-parcel-book-replaced",
      "arn:aws:events:eu-central-1:123456789012:rule/shop-dev-parcel-sweep-nightly",
    ]))
    error_message = "Each rule is named: ${aws_kms_key.this.policy}"
  }

  assert {
    condition     = !strcontains(aws_kms_key.this.policy, ":role/")
    error_message = "No role is named in the key's policy."
  }

  assert {
    condition = jsondecode(aws_kms_key.this.policy).Statement[1].Condition.ArnEquals["kms:EncryptionContext:aws:logs:arn"] == jsondecode(jsonencode([
      for name in ["book", "get_parcel", "sweep"] : module.function[name].log_group_arn
    ]))
    error_message = "Each log group is named: ${aws_kms_key.this.policy}"
  }

  assert {
    condition     = toset(keys(output.queues)) == toset(["book/undelivered", "sweep/undelivered", "sweep/failed"])
    error_message = "There is a queue wherever an event can end, and nowhere else: ${join(", ", keys(output.queues))}."
  }
}

run "names_that_are_cut_are_the_same_in_the_keys_policy" {
  command = plan

  variables {
    context = {
      namespace   = "a-namespace-that-is-long"
      environment = "an-environment-that-is-long"
      account_id  = "123456789012"
      region      = "eu-central-1"
    }
    functions = {
      book_a_parcel_for_an_order = {
        description = "Books a parcel."
        handler     = "parcel.handlers.book"
        rules       = { placed = { event_pattern = jsonencode({ source = ["shop.order"] }) } }
      }
    }
  }

  assert {
    condition = (
      jsondecode(aws_kms_key.this.policy).Statement[1].Condition.ArnEquals["kms:EncryptionContext:aws:logs:arn"] == jsondecode(jsonencode([module.function["book_a_parcel_for_an_order"].log_group_arn]))
      && jsondecode(aws_kms_key.this.policy).Statement[2].Condition.ArnEquals["aws:SourceArn"] == jsondecode(jsonencode(values(module.function["book_a_parcel_for_an_order"].rule_arns)))
      && jsondecode(aws_kms_key.this.policy).Statement[2].Condition.ArnEquals["kms:EncryptionContext:aws:sqs:arn"] == jsondecode(jsonencode([module.function["book_a_parcel_for_an_order"].queues.undelivered.arn]))
    )
    error_message = "The key's policy and the functions cut names alike: ${aws_kms_key.this.policy}"
  }

  assert {
    condition     = length(output.functions["book_a_parcel_for_an_order"].name) == 64
    error_message = "A function's name is cut to 64 characters."
  }
}
