variable "packages_s3" {
  description = <<-EOT
    Where the functions' packages are on the emulator. Null: in `dist`, where `scripts/build` left them. The provider makes functions from files one after the other, from a bucket all at once, which saves minutes.
    - `bucket`: the bucket; `<package>.zip` are the objects.
    - `prefix`: what comes before `<package>.zip` in an object's key.
    - `sha256`: base64 of the SHA-256 of each package, as `dist/manifest.json` tells it.
  EOT
  type = object({
    bucket = string
    prefix = optional(string, "")
    sha256 = map(string)
  })
  default = null
}

variable "runtime" {
  description = "The Lambda runtime that the packages were built for."
  type        = string
  default     = "python3.13"
  nullable    = false
}

variable "execute_api_base" {
  description = "What the paths of an API's routes follow on the emulator; `%s` is the API's id: `http://127.0.0.1:<port>/_aws/execute-api/%s/$default`."
  type        = string
  nullable    = false
}

variable "read_model" {
  description = <<-EOT
    The read model's projection, as `read_model` of the root module.
    - `generations`: those that exist.
  EOT
  type = object({
    generations = optional(set(string), ["g1"])
  })
  default  = {}
  nullable = false
}

variable "deadline_seconds" {
  description = "Seconds from the placing of an order in which its saga should end."
  type        = number
  default     = 300
  nullable    = false
}

variable "code_signing" {
  description = "Who has to have signed the packages, as `code_signing` of the root module. The emulator checks no signatures: null there."
  type = object({
    profile_version_arns = set(string)
    untrusted            = optional(string, "Enforce")
  })
  default = null
}

variable "vpc" {
  description = "Subnets and security groups that every function runs in, as `vpc` of the root module. The emulator runs functions on this machine: null there."
  type = object({
    subnet_ids         = set(string)
    security_group_ids = set(string)
    owner_account_id   = optional(string)
  })
  default = null
}

variable "cache" {
  description = <<-EOT
    The data cache's server on this machine. Null: none.
    - `host`, `port`: where it listens.
    - `user`: who the functions are to it; the password is `cache_password`.
  EOT
  type = object({
    host = string
    port = number
    user = string
  })
  default = null
}

variable "cache_password" {
  description = "The password of the cache's user. It is written to an SSM parameter and to nothing else."
  type        = string
  default     = null
  ephemeral   = true
}
