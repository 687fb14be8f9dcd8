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
  description = "The vault's name within the environment. In AWS it is called `<namespace>-<environment>-<name>`."
  type        = string
  default     = "backups"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,31}$", var.name))
    error_message = "name must be 1 to 32 lower case letters, digits or underscores, a letter first."
  }
}

variable "tables" {
  description = "ARNs of the DynamoDB tables that are backed up, by a name of the caller's. No other resource is, whatever its tags."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.tables) > 0
    error_message = "tables must hold at least one table."
  }

  validation {
    condition     = alltrue([for arn in values(var.tables) : can(regex("^arn:[a-z-]+:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[A-Za-z0-9_.-]+$", arn))])
    error_message = "tables must be ARNs of DynamoDB tables, without a wildcard."
  }
}

variable "daily" {
  description = <<-EOT
    The backup of every day.
    - `schedule`: when, as a cron expression of EventBridge, in UTC.
    - `retention_days`: days that it is kept.
  EOT
  type = object({
    schedule       = optional(string, "cron(0 3 * * ? *)")
    retention_days = optional(number, 35)
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^cron\\([^()]+\\)$", var.daily.schedule))
    error_message = "daily.schedule must be a cron expression, for example cron(0 3 * * ? *)."
  }

  validation {
    condition     = var.daily.retention_days >= 1 && floor(var.daily.retention_days) == var.daily.retention_days
    error_message = "daily.retention_days must be a whole number of days of at least 1."
  }
}

variable "monthly" {
  description = <<-EOT
    The backup of every month.
    - `schedule`: when, as a cron expression of EventBridge, in UTC.
    - `retention_days`: days that it is kept.
    - `cold_after_days`: days after which it moves to cold storage, where it stays for at least 90 days more. Null: never.
  EOT
  type = object({
    schedule        = optional(string, "cron(0 4 1 * ? *)")
    retention_days  = optional(number, 400)
    cold_after_days = optional(number)
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^cron\\([^()]+\\)$", var.monthly.schedule))
    error_message = "monthly.schedule must be a cron expression, for example cron(0 4 1 * ? *)."
  }

  validation {
    condition     = var.monthly.retention_days >= 1 && floor(var.monthly.retention_days) == var.monthly.retention_days
    error_message = "monthly.retention_days must be a whole number of days of at least 1."
  }

  validation {
    condition     = var.monthly.cold_after_days == null ? true : var.monthly.cold_after_days >= 1 && var.monthly.retention_days >= var.monthly.cold_after_days + 90
    error_message = "monthly.cold_after_days must be null, or at least 1 and at least 90 days before monthly.retention_days."
  }
}

variable "lock" {
  description = <<-EOT
    The vault's lock: nothing in it is deleted before its time. Null: none.
    - `mode`: `governance`, which whoever has the permission takes off again, or `compliance`, which nobody does, AWS and the account's root included, once `grace_days` are over.
    - `grace_days`: days in which a compliance lock can still be taken off.
    - `min_retention_days`, `max_retention_days`: a backup that would be kept shorter or longer is refused.
  EOT
  type = object({
    mode               = string
    grace_days         = optional(number, 14)
    min_retention_days = optional(number, 7)
    max_retention_days = optional(number, 3650)
  })
  default = null

  validation {
    condition     = var.lock == null ? true : contains(["governance", "compliance"], var.lock.mode)
    error_message = "lock.mode must be governance or compliance."
  }

  validation {
    condition     = var.lock == null ? true : var.lock.grace_days >= 3 && floor(var.lock.grace_days) == var.lock.grace_days
    error_message = "lock.grace_days must be a whole number of days of at least 3, as AWS has it."
  }

  validation {
    condition = var.lock == null ? true : alltrue([
      for days in [var.daily.retention_days, var.monthly.retention_days] : days >= var.lock.min_retention_days && days <= var.lock.max_retention_days
    ])
    error_message = "lock.min_retention_days and lock.max_retention_days must let daily.retention_days and monthly.retention_days pass: the vault would refuse every backup."
  }
}

variable "key_deletion_window_days" {
  description = "Days between a request to delete the vault's KMS key and its deletion."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.key_deletion_window_days >= 7 && var.key_deletion_window_days <= 30
    error_message = "key_deletion_window_days must be from 7 to 30."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the policy that bounds the role's permissions. Null: no boundary."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null ? true : can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn must be null or the ARN of an IAM policy."
  }
}

variable "alarms" {
  description = <<-EOT
    Alarms on backups that failed, that expired before they began, and that there are none of.
    - `enabled`: false makes none.
    - `actions`: ARNs of the SNS topics that are told when an alarm goes off, and when it is over.
  EOT
  type = object({
    enabled = optional(bool, true)
    actions = optional(list(string), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for action in var.alarms.actions : can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", action))])
    error_message = "alarms.actions must be ARNs of SNS topics."
  }
}
