# Name and ARNs are computed, so that they are known before the bus exists; whoever uses them still waits for it.
output "name" {
  description = "The bus's name in AWS."
  value       = local.bus_name
  depends_on  = [aws_cloudwatch_event_bus.this]
}

output "arn" {
  description = "The bus's ARN."
  value       = local.bus_arn
  depends_on  = [aws_cloudwatch_event_bus.this, aws_cloudwatch_event_bus_policy.this]
}

output "key_arn" {
  description = "ARN of the bus's KMS key. Who puts events on the bus needs no permission on it."
  value       = aws_kms_key.this.arn
}

output "archive_arn" {
  description = "ARN of the archive."
  value       = local.archive_arn
  depends_on  = [aws_cloudwatch_event_archive.this]
}

output "dead_letter_queue" {
  description = "The queue of events that the bus could not encrypt or decrypt: name, ARN and URL."
  value = {
    name = local.queue_name
    arn  = local.queue_arn
    url  = aws_sqs_queue.this.url
  }
}

output "alarm_arns" {
  description = "ARNs of the alarms, by what they watch."
  value       = { for key in local.alarms : key => "arn:${var.context.partition}:cloudwatch:${local.region_arn}:alarm:${module.names.names.alarm}" }
  depends_on  = [aws_cloudwatch_metric_alarm.this]
}
