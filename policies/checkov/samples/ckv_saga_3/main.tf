resource "aws_cloudwatch_event_bus" "pass" {
  name               = "encrypted"
  kms_key_identifier = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
}

resource "aws_cloudwatch_event_bus" "fail" {
  name = "plain"
}
