# What the firewall refused: nothing of what it let through, and no token.
resource "aws_cloudwatch_log_group" "this" {
  for_each = local.own_firewall

  name              = local.log_group_name
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.this[each.key].arn
  tags              = var.context.tags
}

resource "aws_wafv2_web_acl_logging_configuration" "this" {
  for_each = local.own_firewall

  resource_arn            = aws_wafv2_web_acl.this[each.key].arn
  log_destination_configs = [aws_cloudwatch_log_group.this[each.key].arn]

  dynamic "redacted_fields" {
    for_each = toset(["authorization", "cookie"])

    content {
      single_header {
        name = redacted_fields.value
      }
    }
  }

  logging_filter {
    default_behavior = "DROP"

    filter {
      behavior    = "KEEP"
      requirement = "MEETS_ANY"

      condition {
        action_condition {
          action = "BLOCK"
        }
      }
    }
  }
}
