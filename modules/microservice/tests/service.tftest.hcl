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

run "a_service_of_defaults" {
  command = plan

  assert {
    condition = (
      aws_dynamodb_table.this.name == "shop-dev-parcel"
      && aws_dynamodb_table.this.billing_mode == "PAY_PER_REQUEST"
      && aws_dynamodb_table.this.hash_key == "pk"
      && aws_dynamodb_table.this.range_key == null
      && aws_dynamodb_table.this.attribute == toset([{ name = "pk", type = "S" }])
    )
    error_message = "The table is on demand, with one key of strings."
  }

  assert {
    condition = (
      aws_dynamodb_table.this.deletion_protection_enabled == true
      && aws_dynamodb_table.this.point_in_time_recovery[0].enabled == true
      && aws_dynamodb_table.this.server_side_encryption[0].enabled == true
      && aws_dynamodb_table.this.server_side_encryption[0].kms_key_arn == aws_kms_key.this.arn
    )
    error_message = "The table is protected, can be restored to any second, and is encrypted with the service's key."
  }

  assert {
    condition = (
      aws_dynamodb_table.this.stream_enabled == true
      && aws_dynamodb_table.this.stream_view_type == "NEW_AND_OLD_IMAGES"
      && aws_dynamodb_table.this.ttl[0].enabled == true
      && aws_dynamodb_table.this.ttl[0].attribute_name == "expires_at"
    )
    error_message = "The table has a stream of both images and forgets items that are over."
  }

  assert {
    condition     = aws_dynamodb_table.this.tags == tomap({ Team = "platform", Service = "parcel" }) && aws_kms_key.this.tags == tomap({ Team = "platform", Service = "parcel" })
    error_message = "The tags are the context's, and whose the table and the key are."
  }

  assert {
    condition = (
      aws_kms_key.this.enable_key_rotation == true
      && aws_kms_key.this.deletion_window_in_days == 30
      && aws_kms_alias.this.name == "alias/shop-dev-parcel"
    )
    error_message = "The key rotates, and takes 30 days to delete."
  }

  assert {
    condition = jsondecode(aws_kms_key.this.policy) == jsondecode(jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid       = "LeaveItToIam"
          Effect    = "Allow"
          Principal = { AWS = "arn:aws:iam::123456789012:root" }
          Action    = "kms:*"
          Resource  = "*"
        },
        {
          Sid       = "LetLogsEncryptTheLogGroups"
          Effect    = "Allow"
          Principal = { Service = "logs.eu-central-1.amazonaws.com" }
          Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
          Resource  = "*"
          Condition = { ArnEquals = { "kms:EncryptionContext:aws:logs:arn" = [module.function["book"].log_group_arn] } }
        },
      ]
    }))
    error_message = "Without rules EventBridge has no business with the key: ${aws_kms_key.this.policy}"
  }

  assert {
    condition = module.function["book"].name == "shop-dev-parcel-book" && output.functions.book.event_queue == null && { for key, value in output.functions.book : key => value if !contains(["event_queue", "environment", "policies"], key) } == {
      name           = "shop-dev-parcel-book"
      arn            = "arn:aws:lambda:eu-central-1:123456789012:function:shop-dev-parcel-book"
      invoke_arn     = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-central-1:123456789012:function:shop-dev-parcel-book/invocations"
      role_arn       = "arn:aws:iam::123456789012:role/shop-dev-parcel-book-eucentral1"
      role_name      = "shop-dev-parcel-book-eucentral1"
      log_group_name = "/aws/lambda/shop-dev-parcel-book"
      log_group_arn  = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/shop-dev-parcel-book"
      queues = {
        failed = {
          name = "shop-dev-parcel-book-failed"
          arn  = "arn:aws:sqs:eu-central-1:123456789012:shop-dev-parcel-book-failed"
          url  = "https://sqs.eu-central-1.amazonaws.com/123456789012/queue"
        }
      }
      rule_arns = {}
      alarm_arns = {
        for key in ["errors", "throttles", "duration", "dropped", "destination", "failed"] : key => "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:shop-dev-parcel-book-${key}"
      }
      timeout = 10
    }
    error_message = "What others need to know of a function is told."
  }

  assert {
    condition     = output.source == "shop.parcel" && output.relay == null && keys(output.queues) == ["book/failed"]
    error_message = "There is no relay unless its package is given."
  }

  assert {
    condition     = output.table == { name = "shop-dev-parcel", arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-parcel", stream_arn = aws_dynamodb_table.this.stream_arn }
    error_message = "The table is told."
  }

  assert {
    condition     = output.key == { arn = aws_kms_key.this.arn, alias = "alias/shop-dev-parcel" }
    error_message = "The key is told."
  }

  assert {
    condition     = toset(keys(output.alarm_arns)) == toset(["book/errors", "book/throttles", "book/duration", "book/dropped", "book/destination", "book/failed"])
    error_message = "The alarms are told."
  }
}

run "what_the_caller_asks_for" {
  command = plan

  variables {
    key_deletion_window_days = 7
    table = {
      hash_key        = "order_id"
      range_key       = "position"
      attribute_types = { position = "N" }
      global_secondary_indexes = {
        by_customer = { hash_key = "customer_id", range_key = "position", projection_type = "INCLUDE", non_key_attributes = ["state"] }
        by_day      = { hash_key = "day" }
      }
      ttl_attribute       = "gone_at"
      deletion_protection = false
    }
  }

  assert {
    condition = (
      aws_dynamodb_table.this.hash_key == "order_id"
      && aws_dynamodb_table.this.range_key == "position"
      && aws_dynamodb_table.this.attribute == toset([
        { name = "order_id", type = "S" }, { name = "position", type = "N" }, { name = "customer_id", type = "S" }, { name = "day", type = "S" },
      ])
    )
    error_message = "Every key attribute is declared once, with its type."
  }

  assert {
    condition     = jsonencode([for index in aws_dynamodb_table.this.global_secondary_index : [index.hash_key, index.range_key, index.projection_type, index.non_key_attributes] if index.name == "by_customer"]) == jsonencode([["customer_id", "position", "INCLUDE", ["state"]]])
    error_message = "An index has the caller's keys and projection."
  }

  assert {
    condition     = jsonencode([for index in aws_dynamodb_table.this.global_secondary_index : [index.hash_key, index.range_key, index.projection_type] if index.name == "by_day"]) == jsonencode([["day", null, "ALL"]])
    error_message = "An index projects everything unless it is told otherwise."
  }

  assert {
    condition = (
      aws_dynamodb_table.this.ttl[0].attribute_name == "gone_at"
      && aws_dynamodb_table.this.deletion_protection_enabled == false
      && aws_kms_key.this.deletion_window_in_days == 7
    )
    error_message = "Expiry, protection and deletion window are the caller's."
  }
}

run "a_table_that_forgets_nothing" {
  command = plan

  variables {
    table = { ttl_attribute = "" }
  }

  assert {
    condition     = !anytrue([for ttl in aws_dynamodb_table.this.ttl : ttl.enabled == true])
    error_message = "Nothing expires."
  }
}
