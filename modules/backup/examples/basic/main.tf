# Two tables, every day and every month, in a vault that nobody empties before its time.
module "backup" {
  source = "../.."

  context = var.context
  tables = {
    order  = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-prod-order"
    parcel = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-prod-parcel"
  }
  lock   = { mode = "compliance", min_retention_days = 30 }
  alarms = { actions = ["arn:aws:sns:eu-central-1:123456789012:alarms"] }
}
