mock_provider "aws" {
  override_during = plan

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
  }

  mock_resource "aws_dynamodb_table" {
    defaults = { stream_arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-composer/stream/2025-01-01T00:00:00.000" }
  }

  mock_resource "aws_sqs_queue" {
    defaults = { url = "https://sqs.eu-central-1.amazonaws.com/123456789012/queue" }
  }
}

variables {
  context       = { namespace = "shop", environment = "dev", account_id = "123456789012", region = "eu-central-1" }
  event_bus     = { name = "shop-dev-events", arn = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events" }
  package       = { path = "composer.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  relay_package = { path = "relay.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  sources = {
    parcel = "arn:aws:lambda:eu-central-1:123456789012:function:shop-dev-parcel-get_parcel"
    route  = "arn:aws:lambda:eu-central-1:123456789012:function:shop-dev-route-get_route"
  }
  functions = {
    get_tracking = { description = "Shows where a parcel is.", handler = "composer.handlers.get_tracking", sources = ["parcel", "route"], publishes = true, environment = { OWN = "kept" } }
    get_parcels  = { description = "Lists parcels.", handler = "composer.handlers.get_parcels", sources = ["parcel"], signs_cursors = true, uses_cache = false }
    outdate = {
      description = "Lets go of what is out of date.", handler = "composer.handlers.outdate", on_failure = "queue"
      rules       = { parcel = { event_pattern = "{\"source\":[\"shop.parcel\"]}" } }
    }
  }
}

run "without_a_cache" {
  command = plan

  variables {
    alarms = { actions = ["arn:aws:sns:eu-central-1:123456789012:alarms"] }
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["unavailable"].alarm_actions == toset(["arn:aws:sns:eu-central-1:123456789012:alarms"])
    error_message = "who is told of the functions is told of what they cannot show"
  }

  assert {
    condition     = jsondecode(aws_kms_key.cursor[0].policy).Statement[0].Principal == { AWS = "arn:aws:iam::123456789012:root" }
    error_message = "the account's policies say who signs"
  }

  assert {
    condition = local.settings == {
      get_tracking = {
        OWN                   = "kept"
        COMPOSER_SOURCES      = jsonencode(var.sources)
        COMPOSER_CALL_SECONDS = "2"
        COMPOSER_SECONDS      = "3"
      }
      get_parcels = {
        COMPOSER_SOURCES      = jsonencode({ parcel = var.sources.parcel })
        COMPOSER_CALL_SECONDS = "2"
        COMPOSER_SECONDS      = "3"
        COMPOSER_CURSOR_KEY   = "alias/shop-dev-composer-cursor"
      }
      outdate = {}
    }
    error_message = jsonencode(local.settings)
  }

  assert {
    condition = local.statements == {
      get_tracking = {}
      get_parcels = { SignCursors = {
        actions    = ["kms:GenerateMac"]
        resources  = ["arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"]
        conditions = { StringEquals = { "kms:MacAlgorithm" = ["HMAC_SHA_256"] } }
      } }
      outdate = {}
    }
    error_message = jsonencode(local.statements)
  }

  assert {
    condition     = aws_kms_key.cursor[0].key_usage == "GENERATE_VERIFY_MAC" && aws_kms_key.cursor[0].customer_master_key_spec == "HMAC_256"
    error_message = "cursors are signed with a key of KMS"
  }

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.this) == ["unavailable"] && aws_cloudwatch_metric_alarm.this["unavailable"].alarm_name == "shop-dev-composer-unavailable"
    error_message = "without a cache nobody has to be told: ${jsonencode(keys(aws_cloudwatch_metric_alarm.this))}"
  }

  assert {
    condition     = keys(output.functions) == ["get_parcels", "get_tracking", "outdate"] && output.relay.name == "shop-dev-composer-relay" && output.source == "shop.composer"
    error_message = "what it says is published by a relay"
  }
}

run "with_a_password" {
  command = plan

  variables {
    cache = { host = "cache.example.com", user = "composer", password = { parameter_name = "/cache/password", kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/22222222-2222-3333-4444-555555555555" } }
  }

  assert {
    condition = jsondecode(local.settings.outdate.COMPOSER_CACHE) == {
      prefix  = "shop-dev:", host = "cache.example.com", port = 6379, tls = true, user = "composer", parameter = "/cache/password"
      seconds = 0.1, fresh_seconds = 60, keep_seconds = 3600, pause_seconds = 5
    }
    error_message = local.settings.outdate.COMPOSER_CACHE
  }

  assert {
    condition = local.cache_parameters == { cache = {
      arn         = "arn:aws:ssm:eu-central-1:123456789012:parameter/cache/password"
      kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/22222222-2222-3333-4444-555555555555"
    } } && local.cache_statements == {}
    error_message = "the functions may read the password"
  }

  assert {
    condition     = !contains(keys(local.settings.get_parcels), "COMPOSER_CACHE")
    error_message = "who does not use the cache knows nothing of it"
  }

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.this) == ["cache_not_told", "unavailable"]
    error_message = jsonencode(keys(aws_cloudwatch_metric_alarm.this))
  }
}

run "with_iam" {
  command = plan

  variables {
    cache = {
      host = "cache.example.com", user = "shop", fresh_seconds = 30
      iam  = { service = "elasticache", name = "shop-dev-cache", arns = ["arn:aws:elasticache:eu-central-1:123456789012:serverlesscache:shop-dev-cache"] }
    }
  }

  assert {
    condition = jsonencode(local.statements.get_tracking) == jsonencode({ ConnectToCache = {
      actions    = ["elasticache:Connect"]
      resources  = ["arn:aws:elasticache:eu-central-1:123456789012:serverlesscache:shop-dev-cache"]
      conditions = {}
    } }) && local.statements.get_parcels.SignCursors != null && !can(local.statements.get_parcels.ConnectToCache)
    error_message = jsonencode(local.statements)
  }

  assert {
    condition     = jsondecode(local.settings.get_tracking.COMPOSER_CACHE).service == "elasticache" && jsondecode(local.settings.get_tracking.COMPOSER_CACHE).name == "shop-dev-cache" && jsondecode(local.settings.get_tracking.COMPOSER_CACHE).fresh_seconds == 30
    error_message = local.settings.get_tracking.COMPOSER_CACHE
  }
}

run "with_iam_of_memorydb" {
  command = plan

  variables {
    cache = {
      host = "cache.example.com", user = "shop"
      iam  = { service = "memorydb", name = "shop-dev-cache", arns = ["arn:aws:memorydb:eu-central-1:123456789012:cluster/shop-dev-cache"] }
    }
  }

  assert {
    condition     = local.statements.get_tracking.ConnectToCache.actions == ["memorydb:Connect"]
    error_message = jsonencode(local.statements)
  }
}

run "without_lists_there_is_no_key_for_cursors" {
  command = plan

  variables {
    functions = { get_tracking = { description = "Shows where a parcel is.", handler = "composer.handlers.get_tracking", sources = ["parcel"] } }
    alarms    = { enabled = false }
  }

  assert {
    condition     = length(aws_kms_key.cursor) == 0 && length(aws_kms_alias.cursor) == 0 && length(aws_cloudwatch_metric_alarm.this) == 0
    error_message = "nothing is made that nobody needs"
  }
}
