# Keeps what happened in every saga, for people to read. It only ever adds.
locals {
  saga_log = {
    range_key = "sk"
    publishes = false
    functions = {
      record_event = {
        description   = "Records an event of a saga."
        handler       = "saga_log.handlers.record_event"
        timeout       = 10
        environment   = { for days in var.saga_log_retention_days[*] : "SAGA_LOG_KEEP_DAYS" => tostring(days) }
        table_actions = ["PutItem"]
        rules         = { for name, pattern in module.saga.log_patterns : name => { event_pattern = pattern } }
      }
      get_saga = {
        description   = "Reads the story of one saga."
        handler       = "saga_log.handlers.get_saga"
        timeout       = 10
        environment   = { SAGA_COMPLETED = module.saga.completed, SAGA_REVERSED = module.saga.reversed }
        table_actions = ["Query"]
        on_failure    = "none"
      }
    }
  }
}
