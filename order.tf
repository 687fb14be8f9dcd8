# Takes orders and knows their state. First step of the saga: the API starts it.
locals {
  order = {
    range_key = null
    publishes = true
    functions = {
      place_order = {
        description   = "Takes an order, once for each idempotency key."
        handler       = "order.handlers.place_order"
        timeout       = 10
        environment   = merge(local.customer_environment, { SAGA_DEADLINE_SECONDS = tostring(var.deadline_seconds) })
        table_actions = ["UpdateItem"]
        on_failure    = "bus"
      }
      reverse_order = {
        description   = "Cancels an order."
        handler       = "order.handlers.reverse_order"
        timeout       = 10
        table_actions = ["UpdateItem"]
        rules         = local.rules.order.reverse_order
      }
      request_cancellation = {
        description   = "Asks for an order to be taken back that is not final yet."
        handler       = "order.handlers.request_cancellation"
        timeout       = 10
        environment   = local.customer_environment
        table_actions = ["GetItem", "UpdateItem"]
        on_failure    = "none"
      }
      get_order = {
        description   = "Reads an order."
        handler       = "order.handlers.get_order"
        timeout       = 10
        table_actions = ["GetItem"]
        on_failure    = "none"
      }
    }
  }
}
