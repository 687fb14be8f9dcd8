# Books shipments at the carrier. Last step of the saga: a booked order is final.
locals {
  shipping = {
    range_key = null
    publishes = true
    functions = {
      shipping = {
        description   = "Books an order's shipment."
        handler       = "shipping.handlers.shipping"
        timeout       = 10
        port          = "carrier"
        table_actions = ["UpdateItem"]
        rules         = local.rules.shipping.shipping
        on_failure    = "bus"
      }
      reverse_ship = {
        description   = "Makes sure that an order, unless it is final, is never shipped."
        handler       = "shipping.handlers.reverse_ship"
        timeout       = 10
        port          = "carrier"
        table_actions = ["UpdateItem"]
        rules         = local.rules.shipping.reverse_ship
      }
      get_shipment = {
        description   = "Reads an order's shipment."
        handler       = "shipping.handlers.get_shipment"
        timeout       = 10
        table_actions = ["GetItem"]
        on_failure    = "none"
      }
    }
  }
}
