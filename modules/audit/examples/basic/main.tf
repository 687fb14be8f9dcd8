# Who read and wrote the orders, and who had them handled; nobody changes a record for a year.
module "audit" {
  source = "../.."

  context   = var.context
  tables    = { order = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-prod-order" }
  functions = { place_order = "arn:aws:lambda:eu-central-1:123456789012:function:shop-prod-order-place_order" }

  object_lock = { mode = "GOVERNANCE", days = 365 }
  access_logs = { bucket = "example-access-logs" }
  replica = {
    bucket_arn  = "arn:aws:s3:::example-audit-copies"
    kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }
}
