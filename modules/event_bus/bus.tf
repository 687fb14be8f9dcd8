resource "aws_cloudwatch_event_bus" "this" {
  name               = local.bus_name
  description        = "Events of ${var.context.namespace} in ${var.context.environment}."
  kms_key_identifier = aws_kms_key.this.arn

  dead_letter_config {
    arn = local.queue_arn
  }

  tags = var.context.tags

  depends_on = [aws_sqs_queue.this]
}

resource "aws_cloudwatch_event_archive" "this" {
  name             = module.names.names.archive
  description      = "Every event of ${local.bus_name}, for replay."
  event_source_arn = aws_cloudwatch_event_bus.this.arn
  retention_days   = var.archive_retention_days
}
