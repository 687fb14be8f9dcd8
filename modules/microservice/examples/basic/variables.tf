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

variable "packages" {
  description = "The deployment packages, of the service and of the relay: path of the zip, and base64 of its SHA-256 when the file is not there at plan."
  type = object({
    parcel = object({ path = string, sha256 = optional(string) })
    relay  = object({ path = string, sha256 = optional(string) })
  })
  nullable = false
}

variable "deletion_protection" {
  description = "Whether the table refuses to be deleted."
  type        = bool
  default     = true
  nullable    = false
}

variable "resource_policy" {
  description = "Whether the bus has its resource policy; see modules/event_bus."
  type        = bool
  default     = true
  nullable    = false
}
