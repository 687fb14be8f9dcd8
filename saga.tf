module "saga" {
  source = "./modules/saga"

  context      = local.context
  name         = "order"
  steps        = local.steps
  finalizers   = { notify_customer = { service = "notification", publishes = ["CustomerNotified"] } }
  deadline     = { service = "saga_log", detail_type = "SagaDeadlineExceeded" }
  cancellation = { service = "order", detail_type = "OrderCancellationRequested" }
}

locals {
  steps = [
    {
      name      = "order", service = "order", do = "place_order", undo = "reverse_order",
      succeeded = "OrderPlaced", failed = "OrderRejected", reversed = "OrderCancelled",
    },
    {
      name      = "inventory", service = "inventory", do = "chk_inventory", undo = "reverse_inv",
      succeeded = "StockReserved", failed = "StockRejected", reversed = "StockReleased",
    },
    {
      name      = "payment", service = "payment", do = "process_pymt", undo = "reverse_pymt",
      succeeded = "PaymentAuthorized", failed = "PaymentDeclined", reversed = "PaymentReversed",
    },
    {
      name      = "shipping", service = "shipping", do = "shipping", undo = "reverse_ship",
      succeeded = "ShipmentBooked", failed = "ShipmentRejected", reversed = "ShipmentReversed",
    },
  ]

  # service => function => rule, as modules/microservice takes them.
  rules = {
    for service, functions in module.saga.rules : service => {
      for function, rules in functions : function => { for name, pattern in rules : name => { event_pattern = pattern } }
    }
  }
}
