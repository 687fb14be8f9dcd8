resource "aws_lambda_function" "this" {
  function_name = local.function_name
  description   = var.description
  role          = local.role_arn

  filename          = var.package.path
  s3_bucket         = try(var.package.s3.bucket, null)
  s3_key            = try(var.package.s3.key, null)
  s3_object_version = try(var.package.s3.version, null)
  source_code_hash  = var.package.sha256 == null ? filebase64sha256(var.package.path) : var.package.sha256

  handler       = var.handler
  runtime       = var.runtime
  architectures = [var.architecture]
  layers        = var.layers
  memory_size   = var.memory_size
  timeout       = var.timeout

  kms_key_arn                    = var.kms_key_arn
  code_signing_config_arn        = var.code_signing_config_arn
  reserved_concurrent_executions = var.reserved_concurrency

  dynamic "environment" {
    for_each = length(var.environment) == 0 ? [] : [var.environment]

    content {
      variables = environment.value
    }
  }

  logging_config {
    log_group             = local.log_group_name
    log_format            = "JSON"
    application_log_level = var.log_level
    system_log_level      = "INFO"
  }

  tracing_config {
    mode = var.tracing
  }

  dynamic "dead_letter_config" {
    for_each = var.dead_letter_queue ? [local.queue_arns.failed] : []

    content {
      target_arn = dead_letter_config.value
    }
  }

  dynamic "vpc_config" {
    for_each = var.vpc == null ? [] : [var.vpc]

    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  tags = local.tags

  # Lambda makes a log group of its own, unencrypted and kept for ever, for a function that runs before its log group
  # exists; and refuses a dead-letter queue or a VPC that the role does not permit yet.
  depends_on = [
    aws_cloudwatch_log_group.this,
    aws_iam_role.this,
    aws_iam_role_policy.this,
    aws_sqs_queue.this,
  ]
}

resource "aws_lambda_function_event_invoke_config" "this" {
  count = local.invoked_asynchronously ? 1 : 0

  function_name                = aws_lambda_function.this.function_name
  maximum_retry_attempts       = var.maximum_retry_attempts
  maximum_event_age_in_seconds = var.maximum_event_age_seconds

  dynamic "destination_config" {
    for_each = var.on_failure == "none" ? [] : [var.on_failure == "bus" ? var.event_bus.arn : local.queue_arns.failed]

    content {
      on_failure {
        destination = destination_config.value
      }
    }
  }
}

locals {
  invoked_asynchronously = var.on_failure != "none" || var.dead_letter_queue
}
