# What the bus could not encrypt or decrypt ends here: its key is disabled, deleted or out of reach. So the queue must not
# need that key, nor any other that an operator may lose: it is encrypted with keys of SQS.
resource "aws_sqs_queue" "this" {
  name                      = local.queue_name
  message_retention_seconds = 14 * 24 * 60 * 60
  sqs_managed_sse_enabled   = true

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "RefusePlainHttp"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = local.queue_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "AcceptEventsOfTheBus"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local.queue_arn
        Condition = {
          ArnEquals    = { "aws:SourceArn" = local.bus_arn }
          StringEquals = { "aws:SourceAccount" = var.context.account_id }
        }
      },
    ]
  })

  tags = var.context.tags
}
