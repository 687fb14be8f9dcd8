resource "aws_sns_topic" "pass" {
  name = "sample-pass"
}

resource "aws_sns_topic_policy" "beside" {
  arn = aws_sns_topic.pass.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Deny"
      Principal = "*"
      Action    = "sns:Publish"
      Resource  = "arn:aws:sns:eu-central-1:123456789012:sample-pass"
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_sns_topic" "fail" {
  name = "sample-fail"
}
