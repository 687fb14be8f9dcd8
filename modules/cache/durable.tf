resource "aws_memorydb_user" "this" {
  count = var.durable ? 1 : 0

  user_name     = local.user
  access_string = local.access
  tags          = local.tags

  authentication_mode {
    type = "iam"
  }
}

resource "aws_memorydb_acl" "this" {
  count = var.durable ? 1 : 0

  name       = local.name
  user_names = [aws_memorydb_user.this[0].user_name]
  tags       = local.tags
}

resource "aws_memorydb_subnet_group" "this" {
  count = var.durable ? 1 : 0

  name       = local.name
  subnet_ids = var.subnet_ids
  tags       = local.tags
}

resource "aws_memorydb_cluster" "this" {
  count = var.durable ? 1 : 0

  name                     = local.name
  description              = var.description
  engine                   = "valkey"
  engine_version           = "7.2"
  node_type                = var.node_type
  num_shards               = 1
  num_replicas_per_shard   = 1
  port                     = local.port
  tls_enabled              = true
  kms_key_arn              = aws_kms_key.this.arn
  acl_name                 = aws_memorydb_acl.this[0].name
  subnet_group_name        = aws_memorydb_subnet_group.this[0].name
  security_group_ids       = var.security_group_ids
  snapshot_retention_limit = 7
  tags                     = local.tags
}
