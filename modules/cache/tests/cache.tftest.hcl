mock_provider "aws" {
  override_during = plan

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
  }

  mock_resource "aws_elasticache_serverless_cache" {
    defaults = { endpoint = [{ address = "shop-dev-cache.serverless.euc1.cache.amazonaws.com", port = 6379 }] }
  }

  mock_resource "aws_memorydb_cluster" {
    defaults = { cluster_endpoint = [{ address = "clustercfg.shop-dev-cache.memorydb.eu-central-1.amazonaws.com", port = 6379 }] }
  }
}

variables {
  context            = { namespace = "shop", environment = "dev", account_id = "123456789012", region = "eu-central-1" }
  subnet_ids         = ["subnet-0a1b2c3d", "subnet-1a2b3c4d"]
  security_group_ids = ["sg-0a1b2c3d"]
}

run "serverless" {
  command = plan

  assert {
    condition = (
      aws_elasticache_serverless_cache.this[0].kms_key_id == "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555" &&
      aws_elasticache_serverless_cache.this[0].user_group_id == "shop-dev-cache" &&
      aws_elasticache_serverless_cache.this[0].subnet_ids == toset(["subnet-0a1b2c3d", "subnet-1a2b3c4d"]) &&
      aws_elasticache_serverless_cache.this[0].security_group_ids == toset(["sg-0a1b2c3d"])
    )
    error_message = "it is encrypted with its own key, lets in its own user, and is where the caller says"
  }

  assert {
    condition     = aws_elasticache_user.this[0].authentication_mode[0].type == "iam" && aws_elasticache_user.this[0].user_id == aws_elasticache_user.this[0].user_name
    error_message = "the user signs in with IAM"
  }

  assert {
    condition     = aws_elasticache_user.this[0].access_string == "on ~* resetchannels -@all +client|setinfo +del +eval +get +hget +hmget +hset +pexpire +set"
    error_message = "the user may do what a cache has to"
  }

  assert {
    condition     = aws_kms_key.this.enable_key_rotation && keys(aws_cloudwatch_metric_alarm.this) == ["refused", "throttled"] && length(aws_memorydb_cluster.this) == 0
    error_message = jsonencode(keys(aws_cloudwatch_metric_alarm.this))
  }
}

run "durable" {
  command = plan

  variables {
    durable = true
    keys    = "shop-dev:*"
  }

  assert {
    condition = (
      aws_memorydb_cluster.this[0].tls_enabled && aws_memorydb_cluster.this[0].num_shards == 1 && aws_memorydb_cluster.this[0].num_replicas_per_shard == 1 &&
      aws_memorydb_cluster.this[0].kms_key_arn == "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555" &&
      aws_memorydb_cluster.this[0].acl_name == "shop-dev-cache"
    )
    error_message = "it is encrypted, over TLS, with a replica, and lets in its own user"
  }

  assert {
    condition     = aws_memorydb_user.this[0].authentication_mode[0].type == "iam" && startswith(aws_memorydb_user.this[0].access_string, "on ~shop-dev:* resetchannels -@all ")
    error_message = aws_memorydb_user.this[0].access_string
  }

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.this) == ["cpu", "memory"] && length(aws_elasticache_serverless_cache.this) == 0
    error_message = jsonencode(keys(aws_cloudwatch_metric_alarm.this))
  }
}
