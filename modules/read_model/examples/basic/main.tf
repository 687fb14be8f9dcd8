# Parcels by their customers, from the events of a parcel service that has no such question in mind.
module "bus" {
  source = "../../../event_bus"

  context = var.context
  sources = ["shop.parcel"]
}

module "parcels" {
  source = "../.."

  context   = var.context
  service   = "parcels_read"
  event_bus = { name = module.bus.name, arn = module.bus.arn }
  package   = var.package
  events    = { parcels = jsonencode({ source = ["shop.parcel"], "detail-type" = ["ParcelBooked", "ParcelReturned"] }) }

  projection = {
    handler = "parcels_read.handlers.project"
    indexes = { by_customer = { hash_key = "customer_id", range_key = "booked_at" } }
  }
  event_store = { handler = "parcels_read.handlers.store_events" }
  readers = {
    get_customer_parcels = {
      description = "Lists a customer's parcels."
      handler     = "parcels_read.handlers.get_customer_parcels"
      indexes     = ["by_customer"]
    }
    get_events = {
      description  = "Reads a parcel's events."
      handler      = "parcels_read.handlers.get_events"
      reads_events = true
    }
  }
}
