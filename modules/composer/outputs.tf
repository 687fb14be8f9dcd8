output "source" {
  description = "The event source that the composer publishes as: `<namespace>.<service>`."
  value       = module.service.source
}

output "table" {
  description = "The table of events to be published: name, ARN and its stream's ARN."
  value       = module.service.table
}

output "key" {
  description = "The KMS key of all that is stored: ARN and alias."
  value       = module.service.key
}

output "functions" {
  description = "The functions by name, without the relay, as in `modules/microservice`."
  value       = module.service.functions
}

output "relay" {
  description = "The outbox relay, as one of `functions`."
  value       = module.service.relay
}

output "queues" {
  description = "Every queue where a message can end, by `<function>/<undelivered or failed>`: name, ARN and URL."
  value       = module.service.queues
}

output "alarm_arns" {
  description = "ARNs of every alarm, by `<function>/<what it watches>`, and by what is watched of all functions together."
  value       = merge(module.service.alarm_arns, { for key, alarm in aws_cloudwatch_metric_alarm.this : key => alarm.arn })
}
