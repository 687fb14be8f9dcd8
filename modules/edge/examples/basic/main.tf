# A firewall in front of an API that is in another region. The provider of us-east-1 is the caller's: `providers = { aws = aws.us_east_1 }`.
module "edge" {
  source = "../.."

  context = {
    namespace   = "theatre"
    environment = "prod"
    account_id  = "123456789012"
    region      = "us-east-1"
  }

  domain = {
    name            = "api.example.com"
    certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
  }
  origin      = { domain_name = "d-0123456789.execute-api.eu-central-1.amazonaws.com" }
  key         = var.key
  routes      = ["GET /bookings/{id}", "GET /seats", "POST /bookings"]
  countries   = ["AT", "CH", "DE"]
  access_logs = { bucket = "example-access-logs.s3.amazonaws.com" }
}

variable "key" {
  description = "What shows the API that a request came by the edge."
  type        = string
  sensitive   = true
  nullable    = false
}

output "domain_target" {
  description = "What the record of api.example.com points to."
  value       = module.edge.domain_target
}
