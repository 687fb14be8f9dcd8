variable "context" {
  description = "Where the resources live."
  type = object({
    namespace   = string
    environment = string
    account_id  = string
    region      = string
  })
  default = {
    namespace   = "shop"
    environment = "dev"
    account_id  = "123456789012"
    region      = "eu-central-1"
  }
  nullable = false
}
