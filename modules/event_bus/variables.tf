variable "context" {
  description = <<-EOT
    Where the resources live; the same object goes to every module. Checked by `modules/names`.
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
}

variable "name" {
  description = "The bus's name within the environment. In AWS it is called `<namespace>-<environment>-<name>`."
  type        = string
  default     = "events"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,31}$", var.name))
    error_message = "name must be 1 to 32 lower case letters, digits or underscores, a letter first."
  }
}

variable "sources" {
  description = "The event sources that may be put on the bus, by this account and by nobody else. Source `lambda`, of Lambda's failure destinations, is always among them."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.sources) > 0
    error_message = "sources must hold at least one event source."
  }

  validation {
    condition     = alltrue([for source in var.sources : can(regex("^[A-Za-z0-9._-]+$", source)) && !startswith(source, "aws.")])
    error_message = "sources must be letters, digits, dots, hyphens and underscores, and none may start with aws."
  }
}

variable "resource_policy" {
  description = "Whether the bus has its resource policy. False only where the target cannot store one, as some emulators cannot."
  type        = bool
  default     = true
  nullable    = false
}

variable "archive_retention_days" {
  description = "Days that the archive keeps every event of the bus for replay. 0: for ever."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = var.archive_retention_days >= 0 && floor(var.archive_retention_days) == var.archive_retention_days
    error_message = "archive_retention_days must be a whole number of days, or 0 for ever."
  }
}

variable "key_deletion_window_days" {
  description = "Days between a request to delete the bus's KMS key and its deletion."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.key_deletion_window_days >= 7 && var.key_deletion_window_days <= 30
    error_message = "key_deletion_window_days must be from 7 to 30."
  }
}

variable "alarms" {
  description = <<-EOT
    The alarm on events that the bus could not encrypt or decrypt and put into its dead-letter queue.
    - `enabled`: false makes none.
    - `actions`: ARNs of the SNS topics that are told when the alarm goes off, and when it is over.
    - `period_seconds`: length of a period.
  EOT
  type = object({
    enabled        = optional(bool, true)
    actions        = optional(list(string), [])
    period_seconds = optional(number, 60)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.alarms.period_seconds >= 60 && var.alarms.period_seconds % 60 == 0
    error_message = "alarms.period_seconds must be a multiple of 60, the resolution of the metrics."
  }

  validation {
    condition     = alltrue([for action in var.alarms.actions : can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", action))])
    error_message = "alarms.actions must be ARNs of SNS topics."
  }
}
