# Two steps: seats are held, then a card is charged. If the card is declined the seats are released.
module "saga" {
  source = "../.."

  context = {
    namespace   = "theatre"
    environment = "dev"
    account_id  = "123456789012"
    region      = "eu-central-1"
  }

  name = "booking"
  steps = [
    {
      name      = "seats", service = "seats", do = "hold_seats", undo = "release_seats",
      succeeded = "SeatsHeld", failed = "SeatsRefused", reversed = "SeatsReleased",
    },
    {
      name      = "charge", service = "payment", do = "charge_card", undo = "refund_card",
      succeeded = "CardCharged", failed = "CardDeclined", reversed = "CardRefunded",
    },
  ]
  finalizers = { send_tickets = { service = "mail" } }
  deadline   = { service = "clock", detail_type = "BookingExpired" }
}

output "rules" {
  description = "What invokes each function: service => function => rule => event pattern."
  value       = module.saga.rules
}

output "diagram" {
  description = "The saga to look at."
  value       = module.saga.mermaid
}
