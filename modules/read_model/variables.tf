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

variable "service" {
  description = "The read model's name among the services; everything of it is called after that."
  type        = string
  default     = "read_model"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,31}$", var.service))
    error_message = "service must be 1 to 32 lower case letters, digits or underscores, a letter first."
  }
}

variable "event_bus" {
  description = "The event bus that the events are taken from."
  type = object({
    name = string
    arn  = string
  })
  nullable = false
}

variable "events" {
  description = "Patterns of the events that are kept and projected, as JSON, by a name of the caller's choice: each becomes a rule of every queue."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.events) > 0
    error_message = "events must hold at least one pattern."
  }

  validation {
    condition     = alltrue([for pattern in values(var.events) : can(keys(jsondecode(pattern))) && try(length(jsondecode(pattern)), 0) > 0])
    error_message = "events must be JSON objects with at least one field."
  }
}

variable "package" {
  description = "The deployment package of all functions, as `package` of `modules/function`."
  type = object({
    path = optional(string)
    s3 = optional(object({
      bucket  = string
      key     = string
      version = optional(string)
    }))
    sha256 = optional(string)
  })
  nullable = false
}

variable "generations" {
  description = <<-EOT
    The generations of the projection that exist: one, or two while a new one is filled. Each is a table with a queue and a function of its own that fills it, so that the new one takes nothing from the old one. With one, it is the one that is read; with two, the older one until an item of the event store says otherwise (`live`).
    A generation is `g` and a number; one that is new gets a number that none had before it.
  EOT
  type        = set(string)
  default     = ["g1"]
  nullable    = false

  validation {
    condition     = length(var.generations) >= 1 && length(var.generations) <= 2
    error_message = "generations must hold one generation, or two while the second is filled."
  }

  validation {
    condition     = alltrue([for generation in var.generations : can(regex("^g[1-9][0-9]{0,3}$", generation))])
    error_message = "generations must be g and a number from 1 to 9999, such as g2."
  }
}

variable "projection" {
  description = <<-EOT
    The table that answers the queries, and the function that fills it from the events; there is one of each in every generation.
    - `handler`: takes the batches of the queue and answers with the messages that failed. It may update the table's items and nothing else, and finds the table's name in `SAGA_FURTHER_TABLES`.
    - `indexes`: the table's secondary indexes, as `global_secondary_indexes` of `modules/microservice`. Its key is `pk`.
    - `environment`, `memory_size`, `timeout`, `reserved_concurrency`: of the function.
    - `batch_size`, `maximum_batching_window_seconds`, `maximum_receives`, `maximum_concurrency`: of its queue, as `queue` of `modules/function`.
  EOT
  type = object({
    handler = string
    indexes = map(object({
      hash_key           = string
      range_key          = optional(string)
      projection_type    = optional(string, "ALL")
      non_key_attributes = optional(set(string), [])
    }))
    memory_size                     = optional(number, 256)
    timeout                         = optional(number, 30)
    reserved_concurrency            = optional(number)
    environment                     = optional(map(string), {})
    batch_size                      = optional(number, 10)
    maximum_batching_window_seconds = optional(number, 0)
    maximum_receives                = optional(number, 5)
    maximum_concurrency             = optional(number)
  })
  nullable = false

  validation {
    condition     = length(var.projection.indexes) > 0
    error_message = "projection.indexes must hold at least one index: without one the table answers nothing but its own key."
  }
}

variable "event_store" {
  description = <<-EOT
    The table that keeps the events themselves, by `pk` and `sk`, and the function that adds to it.
    - `handler`: takes the batches of a queue and answers with the messages that failed. It may put items, and change or delete none.
    - the other attributes are those of `projection`.
  EOT
  type = object({
    handler                         = string
    memory_size                     = optional(number, 256)
    timeout                         = optional(number, 30)
    reserved_concurrency            = optional(number)
    environment                     = optional(map(string), {})
    batch_size                      = optional(number, 10)
    maximum_batching_window_seconds = optional(number, 0)
    maximum_receives                = optional(number, 5)
    maximum_concurrency             = optional(number)
  })
  nullable = false
}

variable "readers" {
  description = <<-EOT
    The functions that answer queries, by name.
    - `indexes`: the indexes of the projection that the function queries, in every generation.
    - `reads_events`: whether it queries the event store.
    - the other attributes are those of `modules/function`.
  EOT
  type = map(object({
    description          = string
    handler              = string
    indexes              = optional(set(string), [])
    reads_events         = optional(bool, false)
    memory_size          = optional(number, 256)
    timeout              = optional(number, 10)
    reserved_concurrency = optional(number)
    environment          = optional(map(string), {})
  }))
  nullable = false

  validation {
    condition     = alltrue(flatten([for reader in values(var.readers) : [for index in reader.indexes : contains(keys(var.projection.indexes), index)]]))
    error_message = "readers[*].indexes must be keys of projection.indexes."
  }

  validation {
    condition     = alltrue([for reader in values(var.readers) : (length(reader.indexes) > 0) != reader.reads_events])
    error_message = "readers[*] must either query indexes or read the events."
  }

  validation {
    condition     = alltrue([for name in keys(var.readers) : name != "store_events" && !startswith(name, "project_")])
    error_message = "readers must not be called store_events, and not start with project_: those are the functions that write."
  }
}

variable "deletion_protection" {
  description = "Whether the tables refuse to be deleted. That of a generation that is given up is taken off before: see `unprotected_generations`."
  type        = bool
  default     = true
  nullable    = false
}

variable "unprotected_generations" {
  description = "Generations whose tables may be deleted in spite of `deletion_protection`: the one that the next apply takes out."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.unprotected_generations, var.generations)) == 0
    error_message = "unprotected_generations must be of generations."
  }
}

variable "runtime" {
  description = "The functions' Lambda runtime."
  type        = string
  default     = "python3.13"
  nullable    = false

  validation {
    condition     = can(regex("^python3\\.1[1-9]$", var.runtime))
    error_message = "runtime must be python3.11 or later."
  }
}

variable "architecture" {
  description = "The functions' instruction set: `arm64` or `x86_64`."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64."
  }
}

variable "log_level" {
  description = "The least severe application log that is kept: TRACE, DEBUG, INFO, WARN, ERROR or FATAL."
  type        = string
  default     = "INFO"
  nullable    = false

  validation {
    condition     = contains(["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"], var.log_level)
    error_message = "log_level must be TRACE, DEBUG, INFO, WARN, ERROR or FATAL."
  }
}

variable "log_retention_days" {
  description = "Days that log events are kept."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of the periods that CloudWatch Logs offers, for example 30, 90 or 365."
  }
}

variable "metrics_namespace" {
  description = "CloudWatch namespace of the functions' own metrics (`POWERTOOLS_METRICS_NAMESPACE`). Null: the context's namespace."
  type        = string
  default     = null
}

variable "permissions_boundary_arn" {
  description = "ARN of the policy that bounds every role's permissions. Null: no boundary."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null ? true : can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn must be null or the ARN of an IAM policy."
  }
}

variable "code_signing_config_arn" {
  description = "ARN of the Lambda code signing configuration that packages are checked against. Null: unsigned packages are accepted."
  type        = string
  default     = null

  validation {
    condition     = var.code_signing_config_arn == null ? true : can(regex("^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:code-signing-config:csc-[a-z0-9]+$", var.code_signing_config_arn))
    error_message = "code_signing_config_arn must be null or the ARN of a Lambda code signing configuration."
  }
}

variable "vpc" {
  description = <<-EOT
    Subnets and security groups that the functions run in. Null: outside any VPC of yours. A function reaches AWS services only through the VPC's endpoints or NAT then.
    - `owner_account_id`: the account that owns the subnets and security groups when they are shared. Null: the functions' own.
  EOT
  type = object({
    subnet_ids         = set(string)
    security_group_ids = set(string)
    owner_account_id   = optional(string)
  })
  default = null

  validation {
    condition     = var.vpc == null ? true : length(var.vpc.subnet_ids) > 0 && length(var.vpc.security_group_ids) > 0
    error_message = "vpc must name at least one subnet and one security group."
  }
}

variable "alarms" {
  description = <<-EOT
    Alarms of the functions and their queues. Each goes off when its figure is greater than its threshold in one period.
    - `enabled`: false makes none.
    - `actions`: ARNs of the SNS topics that are told when an alarm goes off, and when it is over.
    - `period_seconds`: length of a period.
    - `errors`, `throttles`: invocations in a period.
    - `duration_percent`: the 99th percentile of the duration, in percent of `timeout`.
    - `iterator_age_seconds`: how far a `stream` reader is behind.
    - `queue_age_seconds`: how long a message of a `queue` has waited.

    Messages in the `-failed` and `-undelivered` queues, events that Lambda dropped, failure records that it could not deliver, and events that EventBridge could not even put into the `-undelivered` queue: one is enough for an alarm.
  EOT
  type = object({
    enabled              = optional(bool, true)
    actions              = optional(list(string), [])
    period_seconds       = optional(number, 60)
    errors               = optional(number, 0)
    throttles            = optional(number, 0)
    duration_percent     = optional(number, 80)
    iterator_age_seconds = optional(number, 60)
    queue_age_seconds    = optional(number, 300)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.alarms.period_seconds >= 60 && var.alarms.period_seconds % 60 == 0
    error_message = "alarms.period_seconds must be a multiple of 60, the resolution of the metrics."
  }

  validation {
    condition     = alltrue([for threshold in [var.alarms.errors, var.alarms.throttles, var.alarms.iterator_age_seconds, var.alarms.queue_age_seconds] : threshold >= 0])
    error_message = "alarms.errors, alarms.throttles, alarms.iterator_age_seconds and alarms.queue_age_seconds must be at least 0."
  }

  validation {
    condition     = var.alarms.duration_percent > 0 && var.alarms.duration_percent <= 100
    error_message = "alarms.duration_percent must be more than 0 and at most 100."
  }

  validation {
    condition     = alltrue([for action in var.alarms.actions : can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", action))])
    error_message = "alarms.actions must be ARNs of SNS topics."
  }
}

variable "key_deletion_window_days" {
  description = "Days between a request to delete the service's KMS key and its deletion."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.key_deletion_window_days >= 7 && var.key_deletion_window_days <= 30
    error_message = "key_deletion_window_days must be from 7 to 30."
  }
}
