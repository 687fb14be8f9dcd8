resource "aws_lambda_function_event_invoke_config" "pass" {
  function_name = "reserve"

  destination_config {
    on_failure {
      destination = "arn:aws:sqs:eu-central-1:123456789012:letters"
    }
  }
}

resource "aws_lambda_permission" "pass" {
  function_name  = "reserve"
  action         = "lambda:InvokeFunction"
  principal      = "events.amazonaws.com"
  source_arn     = "arn:aws:events:eu-central-1:123456789012:rule/placed"
  source_account = "123456789012"
}

resource "aws_lambda_function_event_invoke_config" "fail_without_destination" {
  function_name          = "release"
  maximum_retry_attempts = 2
}

resource "aws_lambda_permission" "fail_without_destination" {
  function_name  = "release"
  action         = "lambda:InvokeFunction"
  principal      = "events.amazonaws.com"
  source_arn     = "arn:aws:events:eu-central-1:123456789012:rule/cancelled"
  source_account = "123456789012"
}

resource "aws_lambda_permission" "fail_without_configuration" {
  function_name  = "thumbnail"
  action         = "lambda:InvokeFunction"
  principal      = "s3.amazonaws.com"
  source_arn     = "arn:aws:s3:::pictures"
  source_account = "123456789012"
}
