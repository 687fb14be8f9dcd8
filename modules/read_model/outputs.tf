output "event_store" {
  description = "The table with the events: name and ARN."
  value       = { name = module.service.table.name, arn = module.service.table.arn }
}

output "generations" {
  description = "The generations of the projection, by name: `table` (name and ARN), `function` (name of what fills it), `queue` (where its events wait: name, ARN, URL), `rule_arns` (of the rules that fill the queue: a replay is aimed at them)."
  value = {
    for generation in local.generations : generation => {
      table     = module.service.further_tables[generation]
      function  = "project_${generation}"
      queue     = module.service.functions["project_${generation}"].event_queue
      rule_arns = values(module.service.functions["project_${generation}"].rule_arns)
    }
  }
}

output "key" {
  description = "The KMS key: ARN and alias."
  value       = module.service.key
}

output "functions" {
  description = "The functions by name, as `functions` of `modules/microservice`."
  value       = module.service.functions
}

output "queues" {
  description = "Every dead-letter queue, by `<function>/<undelivered or failed>`: name, ARN and URL."
  value       = module.service.queues
}

output "alarm_arns" {
  description = "ARNs of every alarm, by `<function>/<what it watches>`."
  value       = module.service.alarm_arns
}
