# A projection is made of events and of nothing else, so it can always be made anew: in a table of its own, beside the one
# that is read, by a function and a queue of its own. An archive replayed to the rules of that queue alone fills it while
# events that happen meanwhile come in the same way, and nobody who reads notices.
locals {
  # By their numbers: g9 before g10.
  generations = [for number in sort([for generation in var.generations : format("%04d", tonumber(trimprefix(generation, "g")))]) : "g${tonumber(number)}"]

  tables = {
    for generation in local.generations : generation => {
      global_secondary_indexes = var.projection.indexes
      ttl_attribute            = ""
      deletion_protection      = var.deletion_protection && !contains(var.unprotected_generations, generation)
    }
  }

  rules = { for name, pattern in var.events : name => { event_pattern = pattern } }

  functions_of_generations = {
    for generation in local.generations : "project_${generation}" => {
      description          = "Keeps generation ${generation} of the projection up to date."
      handler              = var.projection.handler
      memory_size          = var.projection.memory_size
      timeout              = var.projection.timeout
      reserved_concurrency = var.projection.reserved_concurrency
      environment          = var.projection.environment
      table_actions        = []
      further_tables       = { for key in [generation] : key => { actions = ["UpdateItem"], indexes = [] } }
      rules                = local.rules
      queue                = local.queue_of.projection
      on_failure           = "none"
    }
  }

  queue_of = {
    for name, settings in { projection = var.projection, event_store = var.event_store } : name => {
      batch_size                       = settings.batch_size
      maximum_batching_window_seconds  = settings.maximum_batching_window_seconds
      maximum_receives                 = settings.maximum_receives
      maximum_concurrency              = settings.maximum_concurrency
    }
  }
}
