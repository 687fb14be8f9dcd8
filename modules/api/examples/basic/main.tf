# Two routes to functions that exist already: one for signed requests of this account's roles, one for tokens of customers.
module "api" {
  source = "../.."

  context = {
    namespace   = "theatre"
    environment = "dev"
    account_id  = "123456789012"
    region      = "eu-central-1"
  }

  description = "Seats and bookings"
  routes = {
    "POST /bookings" = {
      function_arn  = "arn:aws:lambda:eu-central-1:123456789012:function:theatre-dev-seats-hold"
      authorization = "JWT"
      scopes        = ["bookings/write"]
      throttling    = { rate_per_second = 5, burst = 10 }
    }
    "GET /bookings/{id}" = {
      function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:theatre-dev-seats-get"
    }
  }
  jwt = {
    issuer   = "https://login.example.com/"
    audience = ["theatre"]
  }
}

output "endpoint" {
  description = "Where the API answers."
  value       = module.api.endpoint
}
