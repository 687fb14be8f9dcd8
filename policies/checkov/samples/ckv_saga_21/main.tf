resource "aws_lambda_event_source_mapping" "pass" {
  function_name           = "worker"
  event_source_arn        = "arn:aws:sqs:eu-central-1:123456789012:letters"
  function_response_types = ["ReportBatchItemFailures"]
}

resource "aws_lambda_event_source_mapping" "fail" {
  function_name    = "worker"
  event_source_arn = "arn:aws:sqs:eu-central-1:123456789012:letters"
}
