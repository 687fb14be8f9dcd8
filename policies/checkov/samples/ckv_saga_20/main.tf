resource "aws_lambda_event_source_mapping" "pass" {
  function_name                  = "relay"
  event_source_arn               = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-order/stream/2026-01-01T00:00:00.000"
  starting_position              = "TRIM_HORIZON"
  bisect_batch_on_function_error = true
  function_response_types        = ["ReportBatchItemFailures"]
  maximum_retry_attempts         = 10

  destination_config {
    on_failure {
      destination_arn = "arn:aws:sqs:eu-central-1:123456789012:letters"
    }
  }
}

resource "aws_lambda_event_source_mapping" "fail_whole_batch" {
  function_name           = "relay"
  event_source_arn        = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-order/stream/2026-01-01T00:00:00.000"
  starting_position       = "TRIM_HORIZON"
  function_response_types = ["ReportBatchItemFailures"]
  maximum_retry_attempts  = 10

  destination_config {
    on_failure {
      destination_arn = "arn:aws:sqs:eu-central-1:123456789012:letters"
    }
  }
}

resource "aws_lambda_event_source_mapping" "fail_all_or_nothing" {
  function_name                  = "relay"
  event_source_arn               = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-order/stream/2026-01-01T00:00:00.000"
  starting_position              = "TRIM_HORIZON"
  bisect_batch_on_function_error = true
  maximum_retry_attempts         = 10

  destination_config {
    on_failure {
      destination_arn = "arn:aws:sqs:eu-central-1:123456789012:letters"
    }
  }
}

resource "aws_lambda_event_source_mapping" "fail_endless" {
  function_name                  = "relay"
  event_source_arn               = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-order/stream/2026-01-01T00:00:00.000"
  starting_position              = "TRIM_HORIZON"
  bisect_batch_on_function_error = true
  function_response_types        = ["ReportBatchItemFailures"]

  destination_config {
    on_failure {
      destination_arn = "arn:aws:sqs:eu-central-1:123456789012:letters"
    }
  }
}

resource "aws_lambda_event_source_mapping" "fail_without_destination" {
  function_name                  = "relay"
  event_source_arn               = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-order/stream/2026-01-01T00:00:00.000"
  starting_position              = "TRIM_HORIZON"
  bisect_batch_on_function_error = true
  function_response_types        = ["ReportBatchItemFailures"]
  maximum_retry_attempts         = 10
}
