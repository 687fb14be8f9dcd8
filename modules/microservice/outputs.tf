# Names and ARNs are computed, so that they are known before the resources exist; whoever uses them still waits.
output "source" {
  description = "The event source that the service publishes as: `<namespace>.<service>`."
  value       = local.source
}

output "table" {
  description = "The table: name, ARN and its stream's ARN."
  value = {
    name       = local.table_name
    arn        = local.table_arn
    stream_arn = aws_dynamodb_table.this.stream_arn
  }
}

output "further_tables" {
  description = "The further tables by their keys: name and ARN."
  value = {
    for key, table in aws_dynamodb_table.further : key => { name = local.further_table_names[key], arn = local.further_table_arns[key] }
  }
}

output "key" {
  description = "The KMS key: ARN and alias."
  value = {
    arn   = aws_kms_key.this.arn
    alias = aws_kms_alias.this.name
  }
}

output "functions" {
  description = "The functions by name, without the relay: each with its name in AWS, ARN, ARN for API Gateway, role, log group, queues, queue of its events, rules, alarms, environment, policies and timeout in seconds."
  value       = { for key, function in module.function : key => local.function_outputs[key] if key != local.relay_name }
}

output "relay" {
  description = "The outbox relay, as one of `functions`; null without one."
  # Not by try(), of which nothing is known before everything is.
  value = var.relay_package == null ? null : local.function_outputs[local.relay_name]
}

output "queues" {
  description = "Every dead-letter queue of the service, by `<function>/<undelivered or failed>`: name, ARN and URL."
  value = merge([
    for key, function in module.function : { for kind, queue in function.queues : "${key}/${kind}" => queue }
  ]...)
}

output "alarm_arns" {
  description = "ARNs of every alarm of the service, by `<function>/<what it watches>`."
  value = merge([
    for key, function in module.function : { for kind, arn in function.alarm_arns : "${key}/${kind}" => arn }
  ]...)
}
