locals {
  # The service that may send to each queue, and for what. The failed queue is filled with the function's own role.
  queues = {
    for key, queue in {
      undelivered = { needed = length(local.triggers) > 0, senders = values(local.rule_arns) }
      failed      = { needed = var.on_failure == "queue" || var.dead_letter_queue || var.stream != null, senders = [] }
    } : key => queue if queue.needed
  }
}

resource "aws_sqs_queue" "this" {
  for_each = local.queues

  name                      = local.queue_names[each.key]
  message_retention_seconds = 14 * 24 * 60 * 60
  kms_master_key_id         = var.kms_key_arn
  # The longest that SQS keeps a data key: one call of KMS an hour for each sender.
  kms_data_key_reuse_period_seconds = 3600

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "RefusePlainHttp"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = local.queue_arns[each.key]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }],
      [for senders in [sort(each.value.senders)] : {
        Sid       = "AcceptUndeliveredEvents"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local.queue_arns[each.key]
        Condition = {
          ArnEquals    = { "aws:SourceArn" = senders }
          StringEquals = { "aws:SourceAccount" = var.context.account_id }
        }
      } if length(senders) > 0],
    )
  })

  tags = local.tags
}
