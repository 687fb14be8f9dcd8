resource "aws_sqs_queue" "pass_sender" {
  name = "sample-pass_sender"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Principal = { Service = "events.amazonaws.com" }, Action = "sqs:SendMessage", Resource = "arn:aws:sqs:eu-central-1:123456789012:sample-pass_sender", Condition = { ArnEquals = { "aws:SourceArn" = "arn:aws:events:eu-central-1:123456789012:rule/placed" } } },
    ]
  })
}

resource "aws_sqs_queue" "fail_sender" {
  name = "sample-fail_sender"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Principal = { Service = "events.amazonaws.com" }, Action = "sqs:SendMessage", Resource = "arn:aws:sqs:eu-central-1:123456789012:sample-fail_sender" },
    ]
  })
}

resource "aws_sqs_queue" "fail_sender_account_alone" {
  name = "sample-fail_sender_account_alone"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Principal = { Service = "events.amazonaws.com" }, Action = "sqs:SendMessage", Resource = "arn:aws:sqs:eu-central-1:123456789012:sample-fail_sender_account_alone", Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } } },
    ]
  })
}

resource "aws_sqs_queue" "fail_sender_bucket" {
  name = "sample-fail_sender_bucket"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Principal = { Service = "s3.amazonaws.com" }, Action = "sqs:SendMessage", Resource = "arn:aws:sqs:eu-central-1:123456789012:sample-fail_sender_bucket", Condition = { ArnEquals = { "aws:SourceArn" = "arn:aws:s3:::pictures" } } },
    ]
  })
}

resource "aws_sns_topic_policy" "fail_everybody" {
  arn = "arn:aws:sns:eu-central-1:123456789012:alarms"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = "*", Action = "sns:Publish", Resource = "arn:aws:sns:eu-central-1:123456789012:alarms" }]
  })
}
