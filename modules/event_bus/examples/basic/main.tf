# A bus for two services, and a rule on it.
module "bus" {
  source = "../.."

  context = var.context
  sources = ["shop.order", "shop.parcel"]
}

# What the order service says, written down.
resource "aws_cloudwatch_event_rule" "orders" {
  name           = "shop-dev-orders"
  event_bus_name = module.bus.name
  event_pattern  = jsonencode({ source = ["shop.order"] })
}
