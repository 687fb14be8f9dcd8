output "tables" {
  description = "The tables' names: the events, and each generation of the projection."
  value = merge(
    { events = module.parcels.event_store.name },
    { for name, generation in module.parcels.generations : name => generation.table.name },
  )
}

output "queues" {
  description = "The dead-letter queues' URLs."
  value       = { for key, queue in module.parcels.queues : key => queue.url }
}
