locals {
  key_attributes = distinct(compact(flatten([
    var.table.hash_key, var.table.range_key, [for index in values(var.table.global_secondary_indexes) : [index.hash_key, index.range_key]],
  ])))
}

resource "aws_dynamodb_table" "this" {
  name                        = local.table_name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = var.table.hash_key
  range_key                   = var.table.range_key
  deletion_protection_enabled = var.table.deletion_protection

  stream_enabled   = true
  stream_view_type = "NEW_AND_OLD_IMAGES"

  dynamic "attribute" {
    for_each = toset(local.key_attributes)

    content {
      name = attribute.value
      type = lookup(var.table.attribute_types, attribute.value, "S")
    }
  }

  dynamic "global_secondary_index" {
    for_each = var.table.global_secondary_indexes

    content {
      name               = global_secondary_index.key
      hash_key           = global_secondary_index.value.hash_key
      range_key          = global_secondary_index.value.range_key
      projection_type    = global_secondary_index.value.projection_type
      non_key_attributes = length(global_secondary_index.value.non_key_attributes) == 0 ? null : global_secondary_index.value.non_key_attributes
    }
  }

  dynamic "ttl" {
    for_each = compact([var.table.ttl_attribute])

    content {
      enabled        = true
      attribute_name = ttl.value
    }
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.this.arn
  }

  tags = local.tags
}
