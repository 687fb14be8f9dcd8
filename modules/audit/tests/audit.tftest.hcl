mock_provider "aws" {
  override_during = plan

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/shop-prod-audit" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/cloudtrail/shop-prod-audit" }
  }

  mock_resource "aws_s3_bucket" {
    defaults = { id = "shop-prod-audit-123456789012-eu-central-1" }
  }
}

variables {
  context = {
    namespace   = "shop"
    environment = "prod"
    account_id  = "123456789012"
    region      = "eu-central-1"
    tags        = { Team = "platform" }
  }
  tables = {
    payment = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-prod-payment"
    order   = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-prod-order"
  }
}

run "a_trail_of_defaults" {
  command = plan

  assert {
    condition = (
      aws_cloudtrail.this.name == "shop-prod-audit"
      && aws_cloudtrail.this.kms_key_id == aws_kms_key.this.arn
      && aws_cloudtrail.this.enable_log_file_validation == true
      && aws_cloudtrail.this.is_multi_region_trail == true
      && output.trail_arn == "arn:aws:cloudtrail:eu-central-1:123456789012:trail/shop-prod-audit"
    )
    error_message = "Records are encrypted with a key of their own and can be validated."
  }

  assert {
    condition = join("\n", [for selector in aws_cloudtrail.this.advanced_event_selector : join(" ", sort([
      for field in selector.field_selector : "${field.field}=${join(",", field.equals)}"
      ]))]) == join("\n", [
      "eventCategory=Management",
      "eventCategory=Data resources.ARN=arn:aws:dynamodb:eu-central-1:123456789012:table/shop-prod-order,arn:aws:dynamodb:eu-central-1:123456789012:table/shop-prod-payment resources.type=AWS::DynamoDB::Table",
    ])
    error_message = "Exactly the named tables are recorded, and what is done to resources."
  }

  assert {
    condition     = aws_s3_bucket.this.bucket == "shop-prod-audit-123456789012-eu-central-1" && aws_s3_bucket.this.object_lock_enabled == false
    error_message = "The bucket's name tells account and region."
  }

  assert {
    condition = (
      aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
      && aws_s3_bucket_public_access_block.this.block_public_acls && aws_s3_bucket_public_access_block.this.block_public_policy
      && aws_s3_bucket_public_access_block.this.ignore_public_acls && aws_s3_bucket_public_access_block.this.restrict_public_buckets
      && one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms"
    )
    error_message = "The bucket is versioned, encrypted and closed."
  }

  assert {
    condition = [for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement : "${statement.Effect} ${statement.Sid}"] == [
      "Deny RefusePlainHttp", "Deny RefuseOldTls", "Allow LetTheTrailSeeTheBucket", "Allow LetTheTrailWrite",
    ]
    error_message = "The trail writes, over TLS, and nobody else is let in."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement :
      statement.Condition.StringEquals["aws:SourceArn"] == "arn:aws:cloudtrail:eu-central-1:123456789012:trail/shop-prod-audit"
      if statement.Effect == "Allow"
    ])
    error_message = "It is this trail and no other."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 365 && aws_cloudwatch_log_group.this.kms_key_id == aws_kms_key.this.arn
    error_message = "The searchable copy is encrypted and kept a year."
  }

  assert {
    condition     = length(aws_s3_bucket_object_lock_configuration.this) + length(aws_s3_bucket_logging.this) + length(aws_s3_bucket_replication_configuration.this) == 0
    error_message = "There is nothing that nobody asked for."
  }
}

run "a_trail_of_everything" {
  command = plan

  variables {
    functions                = { place_order = "arn:aws:lambda:eu-central-1:123456789012:function:shop-prod-order-place_order" }
    reads                    = false
    management_events        = false
    object_lock              = { mode = "COMPLIANCE", days = 30 }
    access_logs              = { bucket = "access-logs" }
    replica                  = { bucket_arn = "arn:aws:s3:::copies", kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/1" }
    permissions_boundary_arn = "arn:aws:iam::123456789012:policy/deploy/shop-prod-boundary"
  }

  assert {
    condition = join("\n", [for selector in aws_cloudtrail.this.advanced_event_selector : join(" ", sort([
      for field in selector.field_selector : "${field.field}=${join(",", field.equals)}"
      ]))]) == join("\n", [
      "eventCategory=Data readOnly=false resources.ARN=arn:aws:dynamodb:eu-central-1:123456789012:table/shop-prod-order,arn:aws:dynamodb:eu-central-1:123456789012:table/shop-prod-payment resources.type=AWS::DynamoDB::Table",
      "eventCategory=Data resources.ARN=arn:aws:lambda:eu-central-1:123456789012:function:shop-prod-order-place_order resources.type=AWS::Lambda::Function",
    ])
    error_message = "Writes of tables and invocations of functions are recorded."
  }

  assert {
    condition = (
      aws_s3_bucket.this.object_lock_enabled == true
      && aws_s3_bucket_object_lock_configuration.this["this"].rule[0].default_retention[0].mode == "COMPLIANCE"
      && aws_s3_bucket_object_lock_configuration.this["this"].rule[0].default_retention[0].days == 30
    )
    error_message = "Nobody changes a record for a month."
  }

  assert {
    condition = (
      aws_s3_bucket_logging.this["this"].target_bucket == "access-logs" && aws_s3_bucket_logging.this["this"].target_prefix == "audit/"
      && one(aws_s3_bucket_replication_configuration.this["this"].rule).destination[0].bucket == "arn:aws:s3:::copies"
    )
    error_message = "Access is logged, and records are copied."
  }

  assert {
    condition     = aws_iam_role.logs.permissions_boundary == "arn:aws:iam::123456789012:policy/deploy/shop-prod-boundary" && aws_iam_role.replication["this"].permissions_boundary == "arn:aws:iam::123456789012:policy/deploy/shop-prod-boundary"
    error_message = "Both roles are bounded."
  }
}
