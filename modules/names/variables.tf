variable "context" {
  description = <<-EOT
    Where the names live. The same object goes to every module.
    - `namespace`: the platform; starts every name and every event source.
    - `environment`: the deployment of it; unique within an account.
    - `account_id`, `region`, `partition`: AWS account, region and partition that the resources are in.
    - `tags`: put on every resource that takes tags.
  EOT
  type = object({
    namespace   = string
    environment = string
    account_id  = string
    region      = string
    partition   = optional(string, "aws")
    tags        = optional(map(string), {})
  })
  nullable = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_-]{0,31}$", var.context.namespace))
    error_message = "context.namespace must be 1 to 32 lower case letters, digits, hyphens or underscores, a letter first."
  }

  validation {
    condition     = can(regex("^[a-z][a-z0-9_-]{0,31}$", var.context.environment))
    error_message = "context.environment must be 1 to 32 lower case letters, digits, hyphens or underscores, a letter first."
  }

  validation {
    condition     = can(regex("^[0-9]{12}$", var.context.account_id))
    error_message = "context.account_id must be the 12 digits of an AWS account."
  }

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.context.region))
    error_message = "context.region must be the code of an AWS region, for example eu-central-1."
  }

  validation {
    condition     = contains(["aws", "aws-cn", "aws-us-gov"], var.context.partition)
    error_message = "context.partition must be aws, aws-cn or aws-us-gov."
  }
}

variable "names" {
  description = <<-EOT
    Names to compute, by a key of the caller's.
    - `parts`: what follows `<namespace>-<environment>`, joined by hyphens. No part holds a hyphen, so that two different lists never give the same name.
    - `limit`: the longest name that the service accepts, in characters.
  EOT
  type = map(object({
    parts = list(string)
    limit = number
  }))
  nullable = false

  validation {
    condition     = alltrue([for name in var.names : length(name.parts) > 0])
    error_message = "names[*].parts must hold at least one part."
  }

  validation {
    condition     = alltrue(flatten([for name in var.names : [for part in name.parts : can(regex("^[A-Za-z0-9_]+$", part))]]))
    error_message = "names[*].parts must be letters, digits and underscores."
  }

  validation {
    condition     = alltrue([for name in var.names : name.limit >= 24 && floor(name.limit) == name.limit])
    error_message = "names[*].limit must be a whole number of at least 24, or the hash suffix leaves nothing to read."
  }
}
