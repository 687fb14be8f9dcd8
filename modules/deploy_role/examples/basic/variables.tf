variable "context" {
  description = "Where the role deploys."
  type = object({
    namespace   = string
    environment = string
    account_id  = string
    region      = string
  })
  default = {
    namespace   = "shop"
    environment = "staging"
    account_id  = "123456789012"
    region      = "eu-central-1"
  }
  nullable = false
}
