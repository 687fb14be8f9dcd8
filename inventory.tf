# Owns the items: their stock and their prices.
locals {
  inventory = {
    range_key = null
    publishes = true
    functions = {
      chk_inventory = {
        description   = "Reserves an order's lines, all or none, at the prices that the customer saw."
        handler       = "inventory.handlers.chk_inventory"
        timeout       = 10
        table_actions = ["UpdateItem", "BatchGetItem"]
        rules         = local.rules.inventory.chk_inventory
        on_failure    = "bus"
      }
      reverse_inv = {
        description   = "Releases an order's lines."
        handler       = "inventory.handlers.reverse_inv"
        timeout       = 10
        table_actions = ["UpdateItem"]
        rules         = local.rules.inventory.reverse_inv
      }
      receive_stock = {
        description   = "Takes stock of an item in, with its price."
        handler       = "inventory.handlers.receive_stock"
        timeout       = 10
        table_actions = ["UpdateItem", "BatchGetItem"]
        on_failure    = "none"
      }
      get_stock = {
        description   = "Reads an item's stock."
        handler       = "inventory.handlers.get_stock"
        timeout       = 10
        table_actions = ["GetItem", "BatchGetItem"]
        on_failure    = "none"
      }
    }
  }
}
