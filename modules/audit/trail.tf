resource "aws_cloudtrail" "this" {
  name                          = local.trail_name
  s3_bucket_name                = aws_s3_bucket.this.id
  kms_key_id                    = aws_kms_key.this.arn
  enable_log_file_validation    = true
  is_multi_region_trail         = true
  include_global_service_events = true
  cloud_watch_logs_group_arn    = "${aws_cloudwatch_log_group.this.arn}:*"
  cloud_watch_logs_role_arn     = aws_iam_role.logs.arn
  sns_topic_name                = var.topic_arn

  dynamic "advanced_event_selector" {
    for_each = var.management_events ? ["management"] : []

    content {
      name = "What is done to resources"

      field_selector {
        field  = "eventCategory"
        equals = ["Management"]
      }
    }
  }

  advanced_event_selector {
    name = "What is done in tables"

    field_selector {
      field  = "eventCategory"
      equals = ["Data"]
    }

    field_selector {
      field  = "resources.type"
      equals = ["AWS::DynamoDB::Table"]
    }

    field_selector {
      field  = "resources.ARN"
      equals = sort(values(var.tables))
    }

    dynamic "field_selector" {
      for_each = var.reads ? [] : ["false"]

      content {
        field  = "readOnly"
        equals = [field_selector.value]
      }
    }
  }

  dynamic "advanced_event_selector" {
    for_each = length(var.functions) == 0 ? [] : [sort(values(var.functions))]

    content {
      name = "What functions are invoked for"

      field_selector {
        field  = "eventCategory"
        equals = ["Data"]
      }

      field_selector {
        field  = "resources.type"
        equals = ["AWS::Lambda::Function"]
      }

      field_selector {
        field  = "resources.ARN"
        equals = advanced_event_selector.value
      }
    }
  }

  tags = var.context.tags

  depends_on = [aws_s3_bucket_policy.this, aws_iam_role_policy.logs]
}
