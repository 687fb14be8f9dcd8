resource "aws_sqs_queue" "pass" {
  name = "sample-pass"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Deny", Principal = "*", Action = "sqs:*", Resource = "arn:aws:sqs:eu-central-1:123456789012:sample-pass", Condition = { Bool = { "aws:SecureTransport" = "false" } } },
    ]
  })
}

resource "aws_sqs_queue" "pass_beside" {
  name = "sample-pass_beside"
}

resource "aws_sqs_queue_policy" "beside" {
  queue_url = aws_sqs_queue.pass_beside.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Deny", Principal = "*", Action = "sqs:*", Resource = "arn:aws:sqs:eu-central-1:123456789012:sample-pass_beside", Condition = { Bool = { "aws:SecureTransport" = "false" } } },
    ]
  })
}

resource "aws_sqs_queue" "fail_without_policy" {
  name = "sample-fail_without_policy"
}

resource "aws_sqs_queue" "fail_reads" {
  name = "sample-fail_reads"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Deny", Principal = "*", Action = "sqs:SendMessage", Resource = "arn:aws:sqs:eu-central-1:123456789012:sample-fail_reads", Condition = { Bool = { "aws:SecureTransport" = "false" } } },
    ]
  })
}

resource "aws_sqs_queue" "fail_inverted" {
  name = "sample-fail_inverted"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Deny", Principal = "*", Action = "sqs:*", Resource = "arn:aws:sqs:eu-central-1:123456789012:sample-fail_inverted", Condition = { Bool = { "aws:SecureTransport" = "true" } } },
    ]
  })
}
