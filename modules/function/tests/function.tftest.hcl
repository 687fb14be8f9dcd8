mock_provider "aws" {}

variables {
  context = {
    namespace   = "shop"
    environment = "dev"
    account_id  = "123456789012"
    region      = "eu-central-1"
    tags        = { Team = "platform" }
  }
  service     = "inventory"
  name        = "reserve"
  description = "Reserves stock for an order."
  handler     = "inventory.handlers.reserve"
  kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  package = {
    path   = "inventory.zip"
    sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
  }
}

run "a_function_of_defaults" {
  command = plan

  assert {
    condition     = aws_lambda_function.this.function_name == "shop-dev-inventory-reserve"
    error_message = "The name is namespace, environment, service and name."
  }

  assert {
    condition     = aws_lambda_function.this.role == "arn:aws:iam::123456789012:role/shop-dev-inventory-reserve-eucentral1"
    error_message = "The role is the function's own, with the region in its name."
  }

  assert {
    condition     = aws_lambda_function.this.runtime == "python3.13" && aws_lambda_function.this.architectures == tolist(["arm64"])
    error_message = "The default is Python 3.13 on arm64."
  }

  assert {
    condition     = aws_lambda_function.this.memory_size == 256 && aws_lambda_function.this.timeout == 10
    error_message = "The default is 256 MB and 10 s."
  }

  assert {
    condition     = aws_lambda_function.this.filename == "inventory.zip" && aws_lambda_function.this.source_code_hash == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    error_message = "The package and its hash are the caller's."
  }

  assert {
    condition     = aws_lambda_function.this.kms_key_arn == var.kms_key_arn
    error_message = "The environment variables are encrypted with the service's key."
  }

  assert {
    condition = aws_lambda_function.this.logging_config == tolist([{
      application_log_level = "INFO"
      log_format            = "JSON"
      log_group             = "/aws/lambda/shop-dev-inventory-reserve"
      system_log_level      = "INFO"
    }])
    error_message = "Logs are JSON, in the function's own log group."
  }

  assert {
    condition     = aws_lambda_function.this.tracing_config[0].mode == "Active"
    error_message = "Tracing is on."
  }

  assert {
    condition     = aws_lambda_function.this.reserved_concurrent_executions == -1 || aws_lambda_function.this.reserved_concurrent_executions == null
    error_message = "No concurrency is set aside."
  }

  assert {
    condition     = length(aws_lambda_function.this.vpc_config) == 0 && length(aws_lambda_function.this.dead_letter_config) == 0 && length(aws_lambda_function.this.environment) == 0
    error_message = "No VPC, dead-letter configuration or variables unless they are asked for."
  }

  assert {
    condition     = aws_lambda_function.this.tags == tomap({ Team = "platform", Service = "inventory", Function = "reserve" })
    error_message = "The tags are the context's, and whose function it is."
  }

  assert {
    condition = (
      aws_cloudwatch_log_group.this.name == "/aws/lambda/shop-dev-inventory-reserve"
      && aws_cloudwatch_log_group.this.retention_in_days == 365
      && aws_cloudwatch_log_group.this.kms_key_id == var.kms_key_arn
    )
    error_message = "The log group is kept for a year and encrypted with the service's key."
  }

  assert {
    condition = (
      aws_lambda_function_event_invoke_config.this[0].maximum_retry_attempts == 2
      && aws_lambda_function_event_invoke_config.this[0].maximum_event_age_in_seconds == 21600
      && aws_lambda_function_event_invoke_config.this[0].destination_config[0].on_failure[0].destination == "arn:aws:sqs:eu-central-1:123456789012:shop-dev-inventory-reserve-failed"
    )
    error_message = "An asynchronous invocation is tried twice more and then goes to the failed queue."
  }

  assert {
    condition     = keys(aws_sqs_queue.this) == ["failed"] && length(aws_cloudwatch_event_rule.this) == 0 && length(aws_lambda_event_source_mapping.this) == 0
    error_message = "Nothing invokes the function unless it is asked for."
  }

  assert {
    condition     = output.name == "shop-dev-inventory-reserve" && output.arn == "arn:aws:lambda:eu-central-1:123456789012:function:shop-dev-inventory-reserve" && output.timeout == 10
    error_message = "Name and ARN are known before the function exists."
  }

  assert {
    condition     = output.role_name == "shop-dev-inventory-reserve-eucentral1" && output.role_arn == "arn:aws:iam::123456789012:role/shop-dev-inventory-reserve-eucentral1"
    error_message = "The role's name and ARN are known before it exists."
  }

  assert {
    condition     = output.log_group_name == "/aws/lambda/shop-dev-inventory-reserve" && output.log_group_arn == "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/shop-dev-inventory-reserve"
    error_message = "The log group's name and ARN are known before it exists."
  }
}

run "what_the_caller_asks_for" {
  command = plan

  variables {
    package = {
      s3     = { bucket = "packages", key = "inventory.zip", version = "7" }
      sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    }
    runtime                  = "python3.12"
    architecture             = "x86_64"
    memory_size              = 512
    timeout                  = 30
    layers                   = ["arn:aws:lambda:eu-central-1:123456789012:layer:shared:3"]
    environment              = { SAGA_TABLE = "shop-dev-inventory" }
    log_level                = "DEBUG"
    log_retention_days       = 30
    tracing                  = "PassThrough"
    reserved_concurrency     = 5
    permissions_boundary_arn = "arn:aws:iam::123456789012:policy/boundary"
    code_signing_config_arn  = "arn:aws:lambda:eu-central-1:123456789012:code-signing-config:csc-0123456789abcdef0"
    vpc                      = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
  }

  assert {
    condition = (
      aws_lambda_function.this.filename == null
      && aws_lambda_function.this.s3_bucket == "packages"
      && aws_lambda_function.this.s3_key == "inventory.zip"
      && aws_lambda_function.this.s3_object_version == "7"
    )
    error_message = "The package is the version of the object."
  }

  assert {
    condition = (
      aws_lambda_function.this.runtime == "python3.12"
      && aws_lambda_function.this.architectures == tolist(["x86_64"])
      && aws_lambda_function.this.memory_size == 512
      && aws_lambda_function.this.timeout == 30
      && aws_lambda_function.this.layers == tolist(["arn:aws:lambda:eu-central-1:123456789012:layer:shared:3"])
    )
    error_message = "Runtime, architecture, memory, timeout and layers are the caller's."
  }

  assert {
    condition     = aws_lambda_function.this.environment[0].variables == tomap({ SAGA_TABLE = "shop-dev-inventory" })
    error_message = "The environment variables are the caller's."
  }

  assert {
    condition = (
      aws_lambda_function.this.logging_config[0].application_log_level == "DEBUG"
      && aws_cloudwatch_log_group.this.retention_in_days == 30
      && aws_lambda_function.this.tracing_config[0].mode == "PassThrough"
    )
    error_message = "Log level, retention and tracing are the caller's."
  }

  assert {
    condition = (
      aws_lambda_function.this.reserved_concurrent_executions == 5
      && aws_lambda_function.this.code_signing_config_arn == "arn:aws:lambda:eu-central-1:123456789012:code-signing-config:csc-0123456789abcdef0"
      && aws_iam_role.this.permissions_boundary == "arn:aws:iam::123456789012:policy/boundary"
    )
    error_message = "Concurrency, code signing and the role's boundary are the caller's."
  }

  assert {
    condition = (
      aws_lambda_function.this.vpc_config[0].subnet_ids == toset(["subnet-1"])
      && aws_lambda_function.this.vpc_config[0].security_group_ids == toset(["sg-1"])
    )
    error_message = "Subnets and security groups are the caller's."
  }
}

run "names_are_cut_at_the_limits" {
  command = plan

  variables {
    context = {
      namespace   = "a-namespace-that-is-long"
      environment = "an-environment-that-is-long"
      account_id  = "123456789012"
      region      = "eu-central-1"
    }
    rules = {
      order_placed = { event_pattern = jsonencode({ source = ["shop.order"] }) }
    }
    event_bus = {
      name = "shop-dev-events"
      arn  = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events"
    }
  }

  assert {
    condition     = aws_lambda_function.this.function_name == "a-namespace-that-is-long-an-environment-that-is-long-in-${substr(sha256("a-namespace-that-is-long-an-environment-that-is-long-inventory-reserve"), 0, 8)}"
    error_message = "A function's name has at most 64 characters: ${aws_lambda_function.this.function_name}."
  }

  assert {
    condition = alltrue([
      for name in [aws_lambda_function.this.function_name, aws_iam_role.this.name, aws_cloudwatch_event_rule.this["order_placed"].name] : length(name) == 64
    ])
    error_message = "Names of functions, roles and rules are cut to 64 characters."
  }

  assert {
    condition     = length(distinct([aws_lambda_function.this.function_name, aws_iam_role.this.name, aws_cloudwatch_event_rule.this["order_placed"].name])) == 3
    error_message = "Names that are cut stay apart."
  }

  assert {
    condition     = alltrue([for queue in values(aws_sqs_queue.this) : length(queue.name) <= 80]) && length(distinct(values(aws_sqs_queue.this)[*].name)) == 2
    error_message = "Names of queues have at most 80 characters and stay apart."
  }
}
