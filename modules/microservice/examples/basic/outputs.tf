output "functions" {
  description = "The functions' ARNs, by name."
  value       = { for name, function in module.parcel.functions : name => function.arn }
}

output "table" {
  description = "The table's name."
  value       = module.parcel.table.name
}

output "queues" {
  description = "The queues' URLs."
  value       = { for key, queue in module.parcel.queues : key => queue.url }
}
