resource "aws_cloudwatch_event_target" "pass" {
  rule = "placed"
  arn  = "arn:aws:lambda:eu-central-1:123456789012:function:reserve"

  retry_policy {
    maximum_retry_attempts       = 10
    maximum_event_age_in_seconds = 3600
  }

  dead_letter_config {
    arn = "arn:aws:sqs:eu-central-1:123456789012:letters"
  }
}

resource "aws_cloudwatch_event_target" "fail_without_queue" {
  rule = "placed"
  arn  = "arn:aws:lambda:eu-central-1:123456789012:function:reserve"

  retry_policy {
    maximum_retry_attempts       = 10
    maximum_event_age_in_seconds = 3600
  }
}

resource "aws_cloudwatch_event_target" "fail_without_retry_policy" {
  rule = "placed"
  arn  = "arn:aws:lambda:eu-central-1:123456789012:function:reserve"

  dead_letter_config {
    arn = "arn:aws:sqs:eu-central-1:123456789012:letters"
  }
}
