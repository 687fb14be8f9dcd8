# Holds what an order costs on the customer's card, at the payment service provider.
locals {
  payment = {
    range_key = null
    publishes = true
    functions = {
      process_pymt = {
        description   = "Has an order's total set aside."
        handler       = "payment.handlers.process_pymt"
        timeout       = 10
        port          = "payment"
        table_actions = ["UpdateItem"]
        rules         = local.rules.payment.process_pymt
        on_failure    = "bus"
      }
      reverse_pymt = {
        description   = "Lets go of an order's total."
        handler       = "payment.handlers.reverse_pymt"
        timeout       = 10
        port          = "payment"
        table_actions = ["UpdateItem"]
        rules         = local.rules.payment.reverse_pymt
      }
      get_payment = {
        description   = "Reads an order's payment."
        handler       = "payment.handlers.get_payment"
        timeout       = 10
        table_actions = ["GetItem"]
        on_failure    = "none"
      }
    }
  }
}
