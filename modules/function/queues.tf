locals {
  # Where messages end. The service that may send to each queue, and for what; the failed queue is filled with the
  # function's own role, and by SQS from the function's queue.
  dead_letter_queues = {
    for key, queue in {
      undelivered = { needed = length(local.triggers) > 0, senders = values(local.rule_arns) }
      failed      = { needed = var.on_failure == "queue" || var.dead_letter_queue || var.stream != null || var.queue != null, senders = [] }
    } : key => queue if queue.needed
  }
  # Where they wait for the function.
  event_queues = {
    for key, queue in {
      events = { needed = var.queue != null, senders = [for name, arn in local.rule_arns : arn if local.triggers[name].to_queue] }
    } : key => queue if queue.needed
  }
  queues = merge(local.dead_letter_queues, local.event_queues)

  # What AWS asks for, so that no message is handed out again while the function may still be at it.
  visibility_timeout_seconds = var.queue == null ? null : coalesce(
    var.queue.visibility_timeout_seconds, 6 * var.timeout + var.queue.maximum_batching_window_seconds
  )
}

resource "aws_sqs_queue" "this" {
  for_each = local.queues

  name                       = local.queue_names[each.key]
  message_retention_seconds  = each.key == "events" ? var.queue.retention_seconds : 14 * 24 * 60 * 60
  visibility_timeout_seconds = each.key == "events" ? local.visibility_timeout_seconds : null
  kms_master_key_id          = var.kms_key_arn
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
        Sid       = each.key == "events" ? "AcceptEvents" : "AcceptUndeliveredEvents"
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

# Apart, for SQS takes no queue whose dead-letter queue is not there yet.
resource "aws_sqs_queue_redrive_policy" "this" {
  count = var.queue == null ? 0 : 1

  queue_url = aws_sqs_queue.this["events"].url
  redrive_policy = jsonencode({
    deadLetterTargetArn = local.queue_arns.failed
    maxReceiveCount     = var.queue.maximum_receives
  })

  depends_on = [aws_sqs_queue.this]
}

# Only the function's own queue may leave messages in its failed queue.
resource "aws_sqs_queue_redrive_allow_policy" "this" {
  count = var.queue == null ? 0 : 1

  queue_url = aws_sqs_queue.this["failed"].url
  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [local.queue_arns.events]
  })
}
