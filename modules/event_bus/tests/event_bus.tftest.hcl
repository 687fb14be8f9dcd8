mock_provider "aws" {
  override_during = plan

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
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
  sources = ["shop.order", "shop.inventory"]
}

run "a_bus_of_defaults" {
  command = plan

  assert {
    condition     = output.name == "shop-dev-events" && output.arn == "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events"
    error_message = "Name and ARN are known before the bus exists."
  }

  assert {
    condition = (
      aws_cloudwatch_event_bus.this.name == "shop-dev-events"
      && aws_cloudwatch_event_bus.this.kms_key_identifier == aws_kms_key.this.arn
      && aws_cloudwatch_event_bus.this.dead_letter_config[0].arn == output.dead_letter_queue.arn
      && aws_cloudwatch_event_bus.this.tags == tomap({ Team = "platform" })
    )
    error_message = "The bus is encrypted with its own key and has a dead-letter queue."
  }

  assert {
    condition = (
      aws_cloudwatch_event_archive.this.event_source_arn == "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events"
      && aws_cloudwatch_event_archive.this.event_pattern == null
      && aws_cloudwatch_event_archive.this.retention_days == 365
      && output.archive_arn == "arn:aws:events:eu-central-1:123456789012:archive/${aws_cloudwatch_event_archive.this.name}"
    )
    error_message = "Every event is kept for a year."
  }

  assert {
    condition = (
      aws_kms_key.this.enable_key_rotation == true
      && aws_kms_key.this.deletion_window_in_days == 30
      && aws_kms_alias.this.name == "alias/shop-dev-events"
      && output.key_arn == aws_kms_key.this.arn
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
          Sid       = "LetEventBridgeSeeTheKey"
          Effect    = "Allow"
          Principal = { Service = "events.amazonaws.com" }
          Action    = "kms:DescribeKey"
          Resource  = "*"
          Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } }
        },
        {
          Sid       = "LetEventBridgeEncryptTheBus"
          Effect    = "Allow"
          Principal = { Service = "events.amazonaws.com" }
          Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
          Resource  = "*"
          Condition = { StringEquals = {
            "aws:SourceAccount"                              = "123456789012"
            "kms:EncryptionContext:aws:events:event-bus:arn" = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events"
          } }
        },
      ]
    }))
    error_message = "EventBridge uses the key for this bus, and the account leaves the rest to IAM: ${aws_kms_key.this.policy}"
  }

  assert {
    condition = jsondecode(aws_cloudwatch_event_bus_policy.this[0].policy) == jsondecode(jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid       = "AcceptNamedSourcesOfThisAccount"
          Effect    = "Allow"
          Principal = { AWS = "arn:aws:iam::123456789012:root" }
          Action    = "events:PutEvents"
          Resource  = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events"
          Condition = {
            "ForAllValues:StringEquals" = { "events:source" = ["lambda", "shop.inventory", "shop.order"] }
            Null                        = { "events:source" = "false" }
          }
        },
        {
          Sid       = "RefuseOtherSources"
          Effect    = "Deny"
          Principal = "*"
          Action    = "events:PutEvents"
          Resource  = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events"
          Condition = { "ForAnyValue:StringNotEquals" = { "events:source" = ["lambda", "shop.inventory", "shop.order"] } }
        },
        {
          Sid       = "RefuseNoSource"
          Effect    = "Deny"
          Principal = "*"
          Action    = "events:PutEvents"
          Resource  = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events"
          Condition = { Null = { "events:source" = "true" } }
        },
        {
          Sid       = "RefuseOtherAccounts"
          Effect    = "Deny"
          Principal = "*"
          Action    = "events:PutEvents"
          Resource  = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events"
          Condition = {
            StringNotEquals = { "aws:PrincipalAccount" = "123456789012" }
            Bool            = { "aws:PrincipalIsAWSService" = "false" }
          }
        },
        {
          Sid       = "RefusePlainHttp"
          Effect    = "Deny"
          Principal = "*"
          Action    = "events:PutEvents"
          Resource  = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events"
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        },
      ]
    }))
    error_message = "Only this account puts events on the bus, only of the named sources, only over TLS: ${aws_cloudwatch_event_bus_policy.this[0].policy}"
  }

  assert {
    condition     = aws_cloudwatch_event_bus_policy.this[0].event_bus_name == "shop-dev-events"
    error_message = "The policy is the bus's."
  }

  assert {
    condition = output.dead_letter_queue == {
      name = "shop-dev-events-undecryptable"
      arn  = "arn:aws:sqs:eu-central-1:123456789012:shop-dev-events-undecryptable"
      url  = "https://sqs.eu-central-1.amazonaws.com/123456789012/queue"
    }
    error_message = "The dead-letter queue is told."
  }

  assert {
    condition = (
      aws_sqs_queue.this.name == "shop-dev-events-undecryptable"
      && aws_sqs_queue.this.message_retention_seconds == 1209600
      && aws_sqs_queue.this.sqs_managed_sse_enabled == true
    )
    error_message = "The dead-letter queue keeps messages for 14 days, encrypted without the key that the bus could not use."
  }

  assert {
    condition = jsondecode(aws_sqs_queue.this.policy) == jsondecode(jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid       = "RefusePlainHttp"
          Effect    = "Deny"
          Principal = "*"
          Action    = "sqs:*"
          Resource  = "arn:aws:sqs:eu-central-1:123456789012:shop-dev-events-undecryptable"
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        },
        {
          Sid       = "AcceptEventsOfTheBus"
          Effect    = "Allow"
          Principal = { Service = "events.amazonaws.com" }
          Action    = "sqs:SendMessage"
          Resource  = "arn:aws:sqs:eu-central-1:123456789012:shop-dev-events-undecryptable"
          Condition = {
            ArnEquals    = { "aws:SourceArn" = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events" }
            StringEquals = { "aws:SourceAccount" = "123456789012" }
          }
        },
      ]
    }))
    error_message = "Only EventBridge sends to the dead-letter queue, for this bus, over TLS: ${aws_sqs_queue.this.policy}"
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["undecryptable"].metric_name == "ApproximateNumberOfMessagesVisible"
      && aws_cloudwatch_metric_alarm.this["undecryptable"].dimensions == tomap({ QueueName = "shop-dev-events-undecryptable" })
      && aws_cloudwatch_metric_alarm.this["undecryptable"].threshold == 0
      && aws_cloudwatch_metric_alarm.this["undecryptable"].comparison_operator == "GreaterThanThreshold"
    )
    error_message = "One message in the dead-letter queue sets off the alarm."
  }

  assert {
    condition     = output.alarm_arns == { undecryptable = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:shop-dev-events-undecryptable" }
    error_message = "The alarm is told."
  }
}

run "what_the_caller_asks_for" {
  command = plan

  variables {
    name                     = "audit"
    resource_policy          = false
    archive_retention_days   = 0
    key_deletion_window_days = 7
    alarms                   = { actions = ["arn:aws:sns:eu-central-1:123456789012:alarms"], period_seconds = 300 }
  }

  assert {
    condition     = output.name == "shop-dev-audit" && aws_cloudwatch_event_archive.this.retention_days == 0 && aws_kms_key.this.deletion_window_in_days == 7
    error_message = "Name, retention and deletion window are the caller's."
  }

  assert {
    condition     = length(aws_cloudwatch_event_bus_policy.this) == 0
    error_message = "The resource policy can be left out."
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["undecryptable"].alarm_actions == toset(["arn:aws:sns:eu-central-1:123456789012:alarms"])
      && aws_cloudwatch_metric_alarm.this["undecryptable"].ok_actions == toset(["arn:aws:sns:eu-central-1:123456789012:alarms"])
      && aws_cloudwatch_metric_alarm.this["undecryptable"].period == 300
    )
    error_message = "The alarm tells the caller's topic."
  }
}

run "no_alarms" {
  command = plan

  variables {
    alarms = { enabled = false }
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) == 0 && output.alarm_arns == {}
    error_message = "Alarms can be left out."
  }
}

run "the_archives_name_is_cut_at_its_limit" {
  command = plan

  variables {
    context = {
      namespace   = "a-namespace-that-is-long"
      environment = "an-environment-that-is-long"
      account_id  = "123456789012"
      region      = "eu-central-1"
    }
  }

  assert {
    condition     = aws_cloudwatch_event_archive.this.name == "a-namespace-that-is-long-an-environment-${substr(sha256("a-namespace-that-is-long-an-environment-that-is-long-events"), 0, 8)}"
    error_message = "An archive's name has at most 48 characters: ${aws_cloudwatch_event_archive.this.name}."
  }

  assert {
    condition     = length(aws_cloudwatch_event_archive.this.name) <= 48 && aws_cloudwatch_event_bus.this.name == "a-namespace-that-is-long-an-environment-that-is-long-events"
    error_message = "The bus's own name may be longer."
  }
}
