resource "aws_cloudwatch_log_group" "pass" {
  name              = "/sample/pass"
  retention_in_days = 365
  kms_key_id        = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
}

resource "aws_cloudwatch_log_group" "fail_for_ever" {
  name       = "/sample/for-ever"
  kms_key_id = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
}

resource "aws_cloudwatch_log_group" "fail_plain" {
  name              = "/sample/plain"
  retention_in_days = 365
}
