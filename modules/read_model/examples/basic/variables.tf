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

variable "package" {
  description = "The deployment package: path of the zip, and base64 of its SHA-256 when the file is not there at plan."
  type        = object({ path = string, sha256 = optional(string) })
  nullable    = false
}
