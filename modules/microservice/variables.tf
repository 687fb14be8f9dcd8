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
  description = "The service's name. It publishes as event source `<namespace>.<service>`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,31}$", var.service))
    error_message = "service must be 1 to 32 lower case letters, digits or underscores, a letter first."
  }
}

variable "functions" {
  description = <<-EOT
    The service's functions, by name. What each attribute means, and what it must be, is told by the input of the same name of `modules/function`; the others are:
    - `package`, `runtime`, `architecture`, `log_level`, `alarms`, `vpc`, `layers`: null takes the service's own.
    - `environment`: beside the service's `environment` and what the module sets: `SAGA_SOURCE`, `SAGA_FUNCTION`, the `POWERTOOLS_` variables, and `SAGA_TABLE` for a function with `table_actions` or `table_indexes`.
    - `table_actions`, `table_indexes`: what the function does to the service's own table, and which of its indexes it queries; there is no way to another service's.
    - `further_tables`: likewise, of the tables in the service's `further_tables`, by their keys; the function finds their names in `SAGA_FURTHER_TABLES`, a JSON object by key.
    - `publishes`: event sources that the function puts on `event_bus` itself. None, when its events go through the outbox.
    - `stream`: reads a stream; `arn` null is the service's own table's.
  EOT
  type = map(object({
    description  = string
    handler      = string
    memory_size  = optional(number, 256)
    timeout      = optional(number, 10)
    runtime      = optional(string)
    architecture = optional(string)
    package = optional(object({
      path = optional(string)
      s3 = optional(object({
        bucket  = string
        key     = string
        version = optional(string)
      }))
      sha256 = optional(string)
    }))
    layers               = optional(list(string))
    environment          = optional(map(string), {})
    log_level            = optional(string)
    tracing              = optional(string, "Active")
    reserved_concurrency = optional(number)
    table_actions        = optional(set(string), [])
    table_indexes        = optional(set(string), [])
    further_tables = optional(map(object({
      actions = optional(set(string), [])
      indexes = optional(set(string), [])
    })), {})
    publishes = optional(set(string), [])
    calls     = optional(map(string), {})
    parameters = optional(map(object({
      arn         = string
      kms_key_arn = optional(string)
    })), {})
    sends_mail = optional(object({
      identity_arn = string
      from_address = string
    }))
    statements = optional(map(object({
      actions    = set(string)
      resources  = set(string)
      conditions = optional(map(map(list(string))), {})
    })), {})
    rules = optional(map(object({
      event_pattern             = string
      maximum_retry_attempts    = optional(number, 185)
      maximum_event_age_seconds = optional(number, 86400)
    })), {})
    schedules = optional(map(object({
      expression                = string
      input                     = optional(string, "{}")
      maximum_retry_attempts    = optional(number, 185)
      maximum_event_age_seconds = optional(number, 3600)
    })), {})
    queue = optional(object({
      batch_size                      = optional(number, 10)
      maximum_batching_window_seconds = optional(number, 0)
      visibility_timeout_seconds      = optional(number)
      maximum_receives                = optional(number, 5)
      maximum_concurrency             = optional(number)
      retention_seconds               = optional(number, 345600)
    }))
    stream = optional(object({
      arn                             = optional(string)
      batch_size                      = optional(number, 100)
      maximum_batching_window_seconds = optional(number, 0)
      parallelization_factor          = optional(number, 1)
      maximum_retry_attempts          = optional(number, 10)
      maximum_record_age_seconds      = optional(number, 86400)
      starting_position               = optional(string, "TRIM_HORIZON")
      filters                         = optional(list(string), [])
    }))
    on_failure                = optional(string, "queue")
    dead_letter_queue         = optional(bool, false)
    maximum_retry_attempts    = optional(number, 2)
    maximum_event_age_seconds = optional(number, 21600)
    alarms = optional(object({
      enabled              = optional(bool, true)
      actions              = optional(list(string), [])
      period_seconds       = optional(number, 60)
      errors               = optional(number, 0)
      throttles            = optional(number, 0)
      duration_percent     = optional(number, 80)
      iterator_age_seconds = optional(number, 60)
      queue_age_seconds    = optional(number, 300)
    }))
    vpc = optional(object({
      subnet_ids         = set(string)
      security_group_ids = set(string)
      owner_account_id   = optional(string)
    }))
  }))
  nullable = false

  validation {
    condition     = length(var.functions) > 0
    error_message = "functions must hold at least one function."
  }

  validation {
    condition     = alltrue([for name in keys(var.functions) : can(regex("^[a-z][a-z0-9_]{0,31}$", name))])
    error_message = "functions must have keys of 1 to 32 lower case letters, digits or underscores, a letter first."
  }

  validation {
    condition     = !contains(keys(var.functions), "relay")
    error_message = "functions must not hold relay: that is the name of the outbox relay."
  }

  validation {
    condition     = alltrue([for function in values(var.functions) : function.package != null]) || var.package != null
    error_message = "functions without a package of their own need package."
  }

  validation {
    condition     = var.event_bus != null || alltrue([for function in values(var.functions) : length(function.rules) == 0 && length(function.publishes) == 0 && function.on_failure != "bus"])
    error_message = "functions with rules, with publishes or with on_failure bus need event_bus."
  }

  validation {
    condition = alltrue(flatten([for function in values(var.functions) : [
      for index in function.table_indexes : contains(keys(var.table.global_secondary_indexes), index)
    ]]))
    error_message = "functions[*].table_indexes must be keys of table.global_secondary_indexes."
  }

  validation {
    condition = alltrue(flatten([for function in values(var.functions) : [
      for variable in keys(function.environment) : !contains(["SAGA_TABLE", "SAGA_FURTHER_TABLES", "SAGA_SOURCE", "SAGA_FUNCTION"], variable)
    ]]))
    error_message = "functions[*].environment must not hold SAGA_TABLE, SAGA_FURTHER_TABLES, SAGA_SOURCE or SAGA_FUNCTION: the module sets them."
  }

  validation {
    condition = alltrue(flatten([for function in values(var.functions) : [
      for key in keys(function.further_tables) : contains(keys(var.further_tables), key)
    ]]))
    error_message = "functions[*].further_tables must have keys of further_tables."
  }

  validation {
    condition = alltrue(flatten([for function in values(var.functions) : [
      for key, use in function.further_tables : [for index in use.indexes : contains(keys(try(var.further_tables[key].global_secondary_indexes, {})), index)]
    ]]))
    error_message = "functions[*].further_tables[*].indexes must be keys of the table's global_secondary_indexes."
  }
}

variable "package" {
  description = "The deployment package of the functions that bring none of their own, as `package` of `modules/function`. Null: every function brings its own."
  type = object({
    path = optional(string)
    s3 = optional(object({
      bucket  = string
      key     = string
      version = optional(string)
    }))
    sha256 = optional(string)
  })
  default = null
}

variable "relay_package" {
  description = "The deployment package of the outbox relay, as `package` of `modules/function`. Null: no relay, the service publishes nothing."
  type = object({
    path = optional(string)
    s3 = optional(object({
      bucket  = string
      key     = string
      version = optional(string)
    }))
    sha256 = optional(string)
  })
  default = null

  validation {
    condition     = var.relay_package == null || var.event_bus != null
    error_message = "relay_package needs event_bus."
  }
}

variable "relay" {
  description = <<-EOT
    The outbox relay: reads the table's stream and puts each row's event on `event_bus`. The attributes are those of `modules/function` and of its `stream`.
    - `handler`: takes the stream's batches, answers with the records that failed, and finds `SAGA_BUS` and `SAGA_SOURCE` in its environment.
    - `maximum_retry_attempts`: a row that cannot be published holds up those behind it in its shard until they are used up. More bridge a longer outage of the bus.
    - `filters`: for a table that few of whose changes carry an event.
  EOT
  type = object({
    handler                         = optional(string, "saga_kit.relay.handler")
    memory_size                     = optional(number, 256)
    timeout                         = optional(number, 30)
    batch_size                      = optional(number, 100)
    maximum_batching_window_seconds = optional(number, 0)
    parallelization_factor          = optional(number, 1)
    maximum_retry_attempts          = optional(number, 5)
    maximum_record_age_seconds      = optional(number, 86400)
    reserved_concurrency            = optional(number)
    filters                         = optional(list(string), [])
    dead_letter_queue               = optional(bool, false)
    environment                     = optional(map(string), {})
  })
  default  = {}
  nullable = false
}

variable "event_bus" {
  description = "The event bus of the functions' rules, and of what the service publishes. Null: none."
  type = object({
    name = string
    arn  = string
  })
  default = null
}

variable "table" {
  description = <<-EOT
    The service's DynamoDB table.
    - `hash_key`, `range_key`: names of the key attributes; `range_key` null is none.
    - `attribute_types`: S, N or B of key attributes that are not S.
    - `global_secondary_indexes`: by name, with key attributes and projection: ALL, KEYS_ONLY or INCLUDE with `non_key_attributes`.
    - `ttl_attribute`: the attribute with the time, in seconds since 1970, after which an item is deleted. Empty: none.
    - `deletion_protection`: whether the table refuses to be deleted.

    The table can always be restored to any second of the last 35 days.
  EOT
  type = object({
    hash_key        = optional(string, "pk")
    range_key       = optional(string)
    attribute_types = optional(map(string), {})
    global_secondary_indexes = optional(map(object({
      hash_key           = string
      range_key          = optional(string)
      projection_type    = optional(string, "ALL")
      non_key_attributes = optional(set(string), [])
    })), {})
    ttl_attribute       = optional(string, "expires_at")
    deletion_protection = optional(bool, true)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for type in values(var.table.attribute_types) : contains(["S", "N", "B"], type)])
    error_message = "table.attribute_types must be S, N or B."
  }

  validation {
    condition = length(setsubtract(keys(var.table.attribute_types), compact(flatten([
      var.table.hash_key, var.table.range_key, [for index in values(var.table.global_secondary_indexes) : [index.hash_key, index.range_key]],
    ])))) == 0
    error_message = "table.attribute_types must be of key attributes of the table or of an index."
  }

  validation {
    condition     = alltrue([for name in keys(var.table.global_secondary_indexes) : can(regex("^[A-Za-z0-9_.-]{3,255}$", name))])
    error_message = "table.global_secondary_indexes must have keys of 3 to 255 letters, digits, dots, hyphens or underscores."
  }

  validation {
    condition     = alltrue([for index in values(var.table.global_secondary_indexes) : contains(["ALL", "KEYS_ONLY", "INCLUDE"], index.projection_type)])
    error_message = "table.global_secondary_indexes[*].projection_type must be ALL, KEYS_ONLY or INCLUDE."
  }

  validation {
    condition     = alltrue([for index in values(var.table.global_secondary_indexes) : (index.projection_type == "INCLUDE") == (length(index.non_key_attributes) > 0)])
    error_message = "table.global_secondary_indexes[*].non_key_attributes belong to projection_type INCLUDE, and to no other."
  }

  validation {
    condition     = var.table.range_key == null ? true : var.table.range_key != var.table.hash_key
    error_message = "table.range_key must differ from table.hash_key."
  }
}

variable "further_tables" {
  description = <<-EOT
    Tables of the service beside `table`, by a name of the caller's choice; in AWS they are called `<namespace>-<environment>-<service>-<name>`. They have no stream: what stands in them is published by nobody.
    The attributes are those of `table`.
  EOT
  type = map(object({
    hash_key        = optional(string, "pk")
    range_key       = optional(string)
    attribute_types = optional(map(string), {})
    global_secondary_indexes = optional(map(object({
      hash_key           = string
      range_key          = optional(string)
      projection_type    = optional(string, "ALL")
      non_key_attributes = optional(set(string), [])
    })), {})
    ttl_attribute       = optional(string, "expires_at")
    deletion_protection = optional(bool, true)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for key in keys(var.further_tables) : can(regex("^[a-z][a-z0-9]{0,31}$", key))])
    error_message = "further_tables must have keys of 1 to 32 lower case letters or digits, a letter first."
  }

  validation {
    condition     = alltrue(flatten([for table in values(var.further_tables) : [for type in values(table.attribute_types) : contains(["S", "N", "B"], type)]]))
    error_message = "further_tables[*].attribute_types must be S, N or B."
  }

  validation {
    condition     = alltrue(flatten([for table in values(var.further_tables) : [for index in values(table.global_secondary_indexes) : (index.projection_type == "INCLUDE") == (length(index.non_key_attributes) > 0)]]))
    error_message = "further_tables[*].global_secondary_indexes[*].non_key_attributes belong to projection_type INCLUDE, and to no other."
  }

  validation {
    condition     = alltrue(flatten([for table in values(var.further_tables) : [for index in values(table.global_secondary_indexes) : contains(["ALL", "KEYS_ONLY", "INCLUDE"], index.projection_type)]]))
    error_message = "further_tables[*].global_secondary_indexes[*].projection_type must be ALL, KEYS_ONLY or INCLUDE."
  }
}

variable "environment" {
  description = "Environment variables of every function of the service."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "runtime" {
  description = "The Lambda runtime of the functions that name none."
  type        = string
  default     = "python3.13"
  nullable    = false

  validation {
    condition     = can(regex("^python3\\.1[1-9]$", var.runtime))
    error_message = "runtime must be python3.11 or later."
  }
}

variable "architecture" {
  description = "The instruction set of the functions that name none, and of the relay: `arm64` or `x86_64`."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64."
  }
}

variable "layers" {
  description = "ARNs of layer versions of the functions that name none: at most five, in the order they are laid."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.layers) <= 5
    error_message = "layers must hold at most five layer versions."
  }

  validation {
    condition     = alltrue([for layer in var.layers : can(regex("^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:layer:[A-Za-z0-9_-]+:[0-9]+$", layer))])
    error_message = "layers must be ARNs of layer versions, with the version at the end."
  }
}

variable "log_level" {
  description = "The least severe application log that is kept, of the functions that name none: TRACE, DEBUG, INFO, WARN, ERROR or FATAL."
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
    Subnets and security groups that the functions run in which name none. Null: outside any VPC of yours. A function reaches AWS services only through the VPC's endpoints or NAT then.
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
    Alarms of the functions that name none, and of the relay. Each goes off when its figure is greater than its threshold in one period.
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
