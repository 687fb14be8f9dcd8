output "name" {
  description = "The saga's name."
  value       = var.name
}

output "rules" {
  description = "Event patterns as JSON: service => function => rule => pattern. Every function of the saga is there; one that is started from outside has no rules. The keys are known at plan."
  value       = local.rules
}

output "events" {
  description = "Every event of the saga by its detail type: `service` and `source` that publish it, `step` (null for an event of a finalizer, of the deadline or of a cancellation), name of its `schema`."
  value       = tomap(local.events)
}

output "completed" {
  description = "Detail type of the event that a completed saga ends with."
  value       = var.steps[local.last].succeeded
}

output "reversed" {
  description = "Detail type of the event that a reversed saga ends with."
  value       = var.steps[0].reversed
}

output "sources" {
  description = "Event source of each service in the saga: service => `<namespace>.<service>`."
  value       = tomap(local.sources)
}

output "function_names" {
  description = "Name in AWS of each function of the saga, by its name in the saga."
  value       = tomap(local.function_names)
}

output "function_arns" {
  description = "ARN of each function of the saga, by its name in the saga."
  value       = tomap(local.function_arns)
}

output "log_patterns" {
  description = "Event patterns as JSON, by a static key, that together match every event of the saga from the service that publishes it, and every technical failure of a do: for a function that records what happens."
  value       = tomap(local.log_patterns)
}

output "mermaid" {
  description = "The saga as a Mermaid flowchart."
  value       = local.mermaid
}
