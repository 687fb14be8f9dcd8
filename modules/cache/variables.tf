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
  description = "The cache's name within the environment."
  type        = string
  default     = "cache"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{0,15}$", var.name))
    error_message = "name must be 1 to 16 lower case letters or digits, a letter first."
  }
}

variable "description" {
  description = "What the cache is for."
  type        = string
  default     = "A data cache."
  nullable    = false
}

variable "durable" {
  description = "Whether what is in it survives: MemoryDB, with a primary and a replica. False: ElastiCache Serverless, which is paid by use and scales by itself."
  type        = bool
  default     = false
  nullable    = false
}

variable "subnet_ids" {
  description = "The private subnets that it is in, in two zones at least."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids must be of two zones at least."
  }
}

variable "security_group_ids" {
  description = "Its security groups: they let those in, on `port`, who use it."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.security_group_ids) > 0
    error_message = "security_group_ids must hold at least one security group."
  }
}

variable "keys" {
  description = "The pattern of the keys that its user reaches."
  type        = string
  default     = "*"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_:*.-]+$", var.keys))
    error_message = "keys must be a pattern of letters, digits, underscores, colons, dots, hyphens and asterisks."
  }
}

variable "limits" {
  description = <<-EOT
    The most that the serverless cache grows to.
    - `storage_gb`: of data.
    - `ecpu_per_second`: ElastiCache processing units, a simple request of up to 1 KB each.
  EOT
  type = object({
    storage_gb      = optional(number, 1)
    ecpu_per_second = optional(number, 5000)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.limits.storage_gb >= 1 && var.limits.storage_gb <= 5000 && floor(var.limits.storage_gb) == var.limits.storage_gb
    error_message = "limits.storage_gb must be a whole number from 1 to 5000."
  }

  validation {
    condition     = var.limits.ecpu_per_second >= 1000 && var.limits.ecpu_per_second <= 15000000
    error_message = "limits.ecpu_per_second must be from 1000 to 15000000."
  }
}

variable "node_type" {
  description = "The nodes of the durable cache."
  type        = string
  default     = "db.t4g.small"
  nullable    = false

  validation {
    condition     = can(regex("^db\\.[a-z0-9]+\\.[a-z0-9]+$", var.node_type))
    error_message = "node_type must be a type of MemoryDB's, such as db.t4g.small."
  }
}

variable "key_deletion_window_days" {
  description = "Days between a request to delete the cache's KMS key and its deletion."
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
    Alarms of the cache.
    - `enabled`: false makes none.
    - `actions`: ARNs of the SNS topics that are told when an alarm goes off, and when it is over.
  EOT
  type = object({
    enabled = optional(bool, true)
    actions = optional(list(string), [])
  })
  default  = {}
  nullable = false
}
