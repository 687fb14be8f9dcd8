# Tables that nothing is published from: what the service keeps beside its own, such as projections of events.
locals {
  further_key_attributes = {
    for key, table in var.further_tables : key => distinct(compact(flatten([
      table.hash_key, table.range_key, [for index in values(table.global_secondary_indexes) : [index.hash_key, index.range_key]],
    ])))
  }
}

resource "aws_dynamodb_table" "further" {
  for_each = var.further_tables

  name                        = local.further_table_names[each.key]
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = each.value.hash_key
  range_key                   = each.value.range_key
  deletion_protection_enabled = each.value.deletion_protection

  dynamic "attribute" {
    for_each = toset(local.further_key_attributes[each.key])

    content {
      name = attribute.value
      type = lookup(each.value.attribute_types, attribute.value, "S")
    }
  }

  dynamic "global_secondary_index" {
    for_each = each.value.global_secondary_indexes

    content {
      name               = global_secondary_index.key
      hash_key           = global_secondary_index.value.hash_key
      range_key          = global_secondary_index.value.range_key
      projection_type    = global_secondary_index.value.projection_type
      non_key_attributes = length(global_secondary_index.value.non_key_attributes) == 0 ? null : global_secondary_index.value.non_key_attributes
    }
  }

  dynamic "ttl" {
    for_each = compact([each.value.ttl_attribute])

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
