# ElastiCache Serverless takes no connection without TLS, and from no user who is not in its group.
resource "aws_elasticache_user" "this" {
  count = var.durable ? 0 : 1

  # With IAM a user's id and name are the same.
  user_id       = local.user
  user_name     = local.user
  engine        = "valkey"
  access_string = local.access
  tags          = local.tags

  authentication_mode {
    type = "iam"
  }
}

resource "aws_elasticache_user_group" "this" {
  count = var.durable ? 0 : 1

  user_group_id = local.name
  engine        = "valkey"
  user_ids      = [aws_elasticache_user.this[0].user_id]
  tags          = local.tags
}

resource "aws_elasticache_serverless_cache" "this" {
  count = var.durable ? 0 : 1

  name                 = local.name
  description          = var.description
  engine               = "valkey"
  major_engine_version = "8"
  kms_key_id           = aws_kms_key.this.arn
  user_group_id        = aws_elasticache_user_group.this[0].user_group_id
  subnet_ids           = var.subnet_ids
  security_group_ids   = var.security_group_ids
  tags                 = local.tags

  cache_usage_limits {
    data_storage {
      maximum = var.limits.storage_gb
      unit    = "GB"
    }

    ecpu_per_second {
      maximum = var.limits.ecpu_per_second
    }
  }
}
