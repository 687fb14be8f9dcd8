# A service that books parcels: one function for an event, one for queries, and a relay for what it says itself.
module "bus" {
  source = "../../../event_bus"

  context         = var.context
  sources         = ["shop.order", "shop.parcel"]
  resource_policy = var.resource_policy
}

module "parcel" {
  source = "../.."

  context       = var.context
  service       = "parcel"
  event_bus     = { name = module.bus.name, arn = module.bus.arn }
  package       = var.packages.parcel
  relay_package = var.packages.relay

  table = {
    deletion_protection = var.deletion_protection
    global_secondary_indexes = {
      by_customer = { hash_key = "customer_id", projection_type = "KEYS_ONLY" }
    }
  }

  functions = {
    book = {
      description   = "Books a parcel for every order that is placed."
      handler       = "parcel.handlers.book"
      table_actions = ["UpdateItem"]
      on_failure    = "bus"
      rules = {
        placed = { event_pattern = jsonencode({ source = ["shop.order"], "detail-type" = ["OrderPlaced"] }) }
      }
    }
    get_parcels = {
      description   = "Finds a customer's parcels."
      handler       = "parcel.handlers.get_parcels"
      table_actions = ["BatchGetItem"]
      table_indexes = ["by_customer"]
      on_failure    = "none"
    }
  }
}
