# The name of a Lambda function and of its queue, each within the limit of its service.
module "names" {
  source = "../.."

  context = {
    namespace   = "shop"
    environment = "dev"
    account_id  = "123456789012"
    region      = "eu-central-1"
  }

  names = {
    function = { parts = ["parcel", "book"], limit = 64 }
    queue    = { parts = ["parcel", "book", "failed"], limit = 80 }
  }
}
