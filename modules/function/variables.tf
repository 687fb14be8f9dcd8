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
  description = "The service that the function belongs to."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,31}$", var.service))
    error_message = "service must be 1 to 32 lower case letters, digits or underscores, a letter first."
  }
}

variable "name" {
  description = "The function's name within its service. In AWS it is called `<namespace>-<environment>-<service>-<name>`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,31}$", var.name))
    error_message = "name must be 1 to 32 lower case letters, digits or underscores, a letter first."
  }
}

variable "description" {
  description = "What the function does, in a sentence."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.description) > 0 && length(var.description) <= 256
    error_message = "description must be 1 to 256 characters."
  }
}

variable "handler" {
  description = "The entry point: `<package>.<module>.<callable>`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z_][A-Za-z0-9_]*([./][A-Za-z_][A-Za-z0-9_]*)+$", var.handler))
    error_message = "handler must be a dotted Python name such as inventory.handlers.reserve."
  }
}

variable "runtime" {
  description = "The Lambda runtime."
  type        = string
  default     = "python3.13"
  nullable    = false

  validation {
    condition     = can(regex("^python3\\.1[1-9]$", var.runtime))
    error_message = "runtime must be python3.11 or later."
  }
}

variable "architecture" {
  description = "The instruction set: `arm64` or `x86_64`."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64."
  }
}

variable "memory_size" {
  description = "Memory in MB; CPU grows with it."
  type        = number
  default     = 256
  nullable    = false

  validation {
    condition     = var.memory_size >= 128 && var.memory_size <= 10240 && floor(var.memory_size) == var.memory_size
    error_message = "memory_size must be a whole number of MB from 128 to 10240."
  }
}

variable "timeout" {
  description = "Seconds after which an invocation is stopped."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.timeout >= 1 && var.timeout <= 900 && floor(var.timeout) == var.timeout
    error_message = "timeout must be a whole number of seconds from 1 to 900."
  }
}

variable "package" {
  description = <<-EOT
    The deployment package, built before the plan: exactly one of `path` and `s3`.
    - `path`: a zip file on the machine that runs Terraform.
    - `s3`: a zip object in a bucket in the function's region; `version` is the object's version when the bucket keeps versions.
    - `sha256`: base64 of the zip's SHA-256. Required with `s3`; read from the file when it is left out with `path`.
  EOT
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

  validation {
    condition     = (var.package.path == null) != (var.package.s3 == null)
    error_message = "package must have exactly one of path and s3."
  }

  validation {
    condition     = var.package.s3 == null || var.package.sha256 != null
    error_message = "package.sha256 is required with package.s3: Terraform cannot read the object to see that it changed."
  }

  validation {
    condition     = var.package.sha256 == null || can(regex("^[A-Za-z0-9+/]{43}=$", var.package.sha256))
    error_message = "package.sha256 must be the base64 of 32 bytes, as filebase64sha256 gives it."
  }
}

variable "layers" {
  description = "ARNs of layer versions, at most five, in the order they are laid."
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

variable "environment" {
  description = "Environment variables. They are encrypted with `kms_key_arn`; secrets belong in `parameters` all the same."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.environment) : can(regex("^[A-Za-z][A-Za-z0-9_]*$", name)) && !startswith(name, "AWS_")])
    error_message = "environment must have names of letters, digits and underscores, a letter first, and none that starts with AWS_: Lambda keeps those for itself."
  }
}

variable "kms_key_arn" {
  description = "ARN of the service's KMS key: for the environment variables, the log group, the queues and the table. The README says what its key policy must allow."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, not an alias and not a key id."
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

variable "tracing" {
  description = "X-Ray tracing: `Active` samples here, `PassThrough` follows the caller's decision."
  type        = string
  default     = "Active"
  nullable    = false

  validation {
    condition     = contains(["Active", "PassThrough"], var.tracing)
    error_message = "tracing must be Active or PassThrough."
  }
}

variable "reserved_concurrency" {
  description = "Concurrent executions set aside for, and at most used by, the function. Null: none set aside; 0: the function is switched off."
  type        = number
  default     = null

  validation {
    condition     = var.reserved_concurrency == null ? true : var.reserved_concurrency >= 0 && floor(var.reserved_concurrency) == var.reserved_concurrency
    error_message = "reserved_concurrency must be null or a whole number of at least 0."
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
    Subnets and security groups that the function runs in. Null: outside any VPC of yours. The function reaches AWS services only through the VPC's endpoints or NAT then.
    - `owner_account_id`: the account that owns the subnets and security groups when they are shared. Null: the function's own.
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

variable "table" {
  description = <<-EOT
    The DynamoDB table that the function works on, encrypted with `kms_key_arn`. Null: none.
    - `actions`: on the table itself, of GetItem, BatchGetItem, Query, PutItem, UpdateItem, DeleteItem, ConditionCheckItem. Transactions need no more than these: each of their items is authorized as its own action.
    - `indexes`: names of the secondary indexes that the function queries.
  EOT
  type = object({
    arn     = string
    actions = optional(set(string), [])
    indexes = optional(set(string), [])
  })
  default = null

  validation {
    condition     = var.table == null ? true : can(regex("^arn:[a-z-]+:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[A-Za-z0-9_.-]+$", var.table.arn))
    error_message = "table.arn must be the ARN of a DynamoDB table."
  }

  validation {
    condition     = var.table == null ? true : length(var.table.actions) + length(var.table.indexes) > 0
    error_message = "table must have at least one action or index; leave table null for a function without one."
  }

  validation {
    condition = var.table == null ? true : length(setsubtract(var.table.actions, [
      "GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem",
    ])) == 0
    error_message = "table.actions must be of GetItem, BatchGetItem, Query, PutItem, UpdateItem, DeleteItem and ConditionCheckItem: no Scan and no wildcard."
  }

  validation {
    condition     = var.table == null ? true : alltrue([for index in var.table.indexes : can(regex("^[A-Za-z0-9_.-]{3,255}$", index))])
    error_message = "table.indexes must be names of indexes: 3 to 255 letters, digits, dots, hyphens or underscores."
  }
}

variable "further_tables" {
  description = <<-EOT
    DynamoDB tables of the service that the function works on beside `table`, by a name of the caller's choice; encrypted with `kms_key_arn` too.
    - `actions`, `indexes`: as for `table`.
  EOT
  type = map(object({
    arn     = string
    actions = optional(set(string), [])
    indexes = optional(set(string), [])
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for key in keys(var.further_tables) : can(regex("^[a-z][a-z0-9]{0,31}$", key))])
    error_message = "further_tables must have keys of 1 to 32 lower case letters or digits, a letter first: they become part of a Sid."
  }

  validation {
    condition     = alltrue([for table in values(var.further_tables) : can(regex("^arn:[a-z-]+:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[A-Za-z0-9_.-]+$", table.arn))])
    error_message = "further_tables[*].arn must be the ARN of a DynamoDB table."
  }

  validation {
    condition     = alltrue([for table in values(var.further_tables) : length(table.actions) + length(table.indexes) > 0])
    error_message = "further_tables[*] must have at least one action or index."
  }

  validation {
    condition = alltrue([for table in values(var.further_tables) : length(setsubtract(table.actions, [
      "GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem",
    ])) == 0])
    error_message = "further_tables[*].actions must be of GetItem, BatchGetItem, Query, PutItem, UpdateItem, DeleteItem and ConditionCheckItem: no Scan and no wildcard."
  }

  validation {
    condition     = alltrue(flatten([for table in values(var.further_tables) : [for index in table.indexes : can(regex("^[A-Za-z0-9_.-]{3,255}$", index))]]))
    error_message = "further_tables[*].indexes must be names of indexes: 3 to 255 letters, digits, dots, hyphens or underscores."
  }
}

variable "publishes" {
  description = <<-EOT
    The event bus that the function puts events on. Null: none.
    - `sources`: the event sources that it may put there, and no others.
  EOT
  type = object({
    bus_arn = string
    sources = set(string)
  })
  default = null

  validation {
    condition     = var.publishes == null ? true : can(regex("^arn:[a-z-]+:events:[a-z0-9-]+:[0-9]{12}:event-bus/[A-Za-z0-9/._-]+$", var.publishes.bus_arn))
    error_message = "publishes.bus_arn must be the ARN of an event bus."
  }

  validation {
    condition     = var.publishes == null ? true : length(var.publishes.sources) > 0 && alltrue([for source in var.publishes.sources : can(regex("^[A-Za-z0-9._-]+$", source)) && !startswith(source, "aws.")])
    error_message = "publishes.sources must hold at least one event source of letters, digits, dots, hyphens and underscores, none that starts with aws."
  }
}

variable "calls" {
  description = "ARNs of the Lambda functions that the function invokes, by a name of the caller's choice."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for arn in values(var.calls) : can(regex("^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9_-]+)?$", arn))])
    error_message = "calls must be ARNs of Lambda functions."
  }
}

variable "parameters" {
  description = <<-EOT
    SSM parameters that the function reads, by a name of the caller's choice.
    - `kms_key_arn`: the customer managed key of a SecureString. Null: a parameter of type String, or one under the account's own `aws/ssm` key, which needs no permission.
  EOT
  type = map(object({
    arn         = string
    kms_key_arn = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for parameter in values(var.parameters) : can(regex("^arn:[a-z-]+:ssm:[a-z0-9-]+:[0-9]{12}:parameter/[A-Za-z0-9_./-]+$", parameter.arn))])
    error_message = "parameters[*].arn must be the ARN of an SSM parameter."
  }

  validation {
    condition     = alltrue([for parameter in values(var.parameters) : parameter.kms_key_arn == null ? true : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", parameter.kms_key_arn))])
    error_message = "parameters[*].kms_key_arn must be null or the ARN of a KMS key."
  }
}

variable "sends_mail" {
  description = <<-EOT
    The SES identity that the function sends e-mail as. Null: none.
    - `identity_arn`: ARN of the verified identity.
    - `from_address`: the only address that may stand in From.
  EOT
  type = object({
    identity_arn = string
    from_address = string
  })
  default = null

  validation {
    condition     = var.sends_mail == null ? true : can(regex("^arn:[a-z-]+:ses:[a-z0-9-]+:[0-9]{12}:identity/[^*?]+$", var.sends_mail.identity_arn))
    error_message = "sends_mail.identity_arn must be the ARN of an SES identity."
  }

  validation {
    condition     = var.sends_mail == null ? true : can(regex("^[^@*?\\s]+@[^@*?\\s]+$", var.sends_mail.from_address))
    error_message = "sends_mail.from_address must be one e-mail address."
  }
}

variable "statements" {
  description = <<-EOT
    Further IAM statements of the role, by their Sid. They allow, by exact action and exact ARN.
    - `conditions`: operator => condition key => values.
  EOT
  type = map(object({
    actions    = set(string)
    resources  = set(string)
    conditions = optional(map(map(list(string))), {})
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for sid in keys(var.statements) : can(regex("^[A-Z][A-Za-z0-9]*$", sid))])
    error_message = "statements must have keys of letters and digits, a capital first: they become the Sid."
  }

  validation {
    condition     = alltrue(flatten([for statement in values(var.statements) : [for action in statement.actions : can(regex("^[a-z0-9-]+:[A-Za-z0-9]+$", action))]]))
    error_message = "statements[*].actions must be whole actions such as sqs:SendMessage, without a wildcard."
  }

  validation {
    condition     = alltrue(flatten([for statement in values(var.statements) : [for resource in statement.resources : can(regex("^arn:[^*?]+$", resource))]]))
    error_message = "statements[*].resources must be whole ARNs, without a wildcard."
  }

  validation {
    condition     = alltrue([for statement in values(var.statements) : length(statement.actions) > 0 && length(statement.resources) > 0])
    error_message = "statements must each have at least one action and one resource."
  }
}

variable "event_bus" {
  description = "The event bus that `rules` are on, and that a failure goes to when `on_failure` is `bus`. Null: none."
  type = object({
    name = string
    arn  = string
  })
  default = null

  validation {
    condition     = var.event_bus == null ? true : can(regex("^arn:[a-z-]+:events:[a-z0-9-]+:[0-9]{12}:event-bus/[A-Za-z0-9/._-]+$", var.event_bus.arn))
    error_message = "event_bus.arn must be the ARN of an event bus."
  }
}

variable "rules" {
  description = <<-EOT
    Events on `event_bus` that invoke the function, by a name of the caller's choice; with `queue`, through that.
    - `event_pattern`: the pattern as JSON.
    - `maximum_retry_attempts`, `maximum_event_age_seconds`: how long EventBridge tries to hand an event to Lambda, or to the queue, before it goes to the `-undelivered` queue.
  EOT
  type = map(object({
    event_pattern             = string
    maximum_retry_attempts    = optional(number, 185)
    maximum_event_age_seconds = optional(number, 86400)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(var.rules) == 0 || var.event_bus != null
    error_message = "rules need event_bus."
  }

  validation {
    condition     = alltrue([for name in keys(var.rules) : can(regex("^[a-z][a-z0-9_]{0,31}$", name))])
    error_message = "rules must have keys of 1 to 32 lower case letters, digits or underscores, a letter first."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : can(keys(jsondecode(rule.event_pattern))) && try(length(jsondecode(rule.event_pattern)), 0) > 0])
    error_message = "rules[*].event_pattern must be a JSON object with at least one field."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : rule.maximum_retry_attempts >= 0 && rule.maximum_retry_attempts <= 185])
    error_message = "rules[*].maximum_retry_attempts must be from 0 to 185."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : rule.maximum_event_age_seconds >= 60 && rule.maximum_event_age_seconds <= 86400])
    error_message = "rules[*].maximum_event_age_seconds must be from 60 to 86400."
  }
}

variable "schedules" {
  description = <<-EOT
    Times at which the function is invoked, by a name of the caller's choice.
    - `expression`: `rate(…)` or `cron(…)`, in UTC.
    - `input`: what the function gets, as JSON.
    - `maximum_retry_attempts`, `maximum_event_age_seconds`: as for `rules`.
  EOT
  type = map(object({
    expression                = string
    input                     = optional(string, "{}")
    maximum_retry_attempts    = optional(number, 185)
    maximum_event_age_seconds = optional(number, 3600)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.schedules) : can(regex("^[a-z][a-z0-9_]{0,31}$", name)) && !contains(keys(var.rules), name)])
    error_message = "schedules must have keys of 1 to 32 lower case letters, digits or underscores, a letter first, and none that is a key of rules."
  }

  validation {
    condition     = alltrue([for schedule in values(var.schedules) : can(regex("^(rate|cron)\\([^()]+\\)$", schedule.expression))])
    error_message = "schedules[*].expression must be rate(…) or cron(…)."
  }

  validation {
    condition     = alltrue([for schedule in values(var.schedules) : can(jsondecode(schedule.input))])
    error_message = "schedules[*].input must be JSON."
  }

  validation {
    condition     = alltrue([for schedule in values(var.schedules) : schedule.maximum_retry_attempts >= 0 && schedule.maximum_retry_attempts <= 185])
    error_message = "schedules[*].maximum_retry_attempts must be from 0 to 185."
  }

  validation {
    condition     = alltrue([for schedule in values(var.schedules) : schedule.maximum_event_age_seconds >= 60 && schedule.maximum_event_age_seconds <= 86400])
    error_message = "schedules[*].maximum_event_age_seconds must be from 60 to 86400."
  }
}

variable "stream" {
  description = <<-EOT
    The DynamoDB stream whose batches invoke the function, of a table encrypted with `kms_key_arn`. Null: none. A batch that keeps failing is halved; what is left of it goes to the `-failed` queue.
    - `batch_size`: records in a batch, at most.
    - `maximum_batching_window_seconds`: how long to gather records before an invocation.
    - `parallelization_factor`: batches of one shard at a time; records of one key stay in order.
    - `maximum_retry_attempts`, `maximum_record_age_seconds`: when a batch is given up.
    - `starting_position`: `TRIM_HORIZON` or `LATEST`, for a mapping that is new.
    - `filters`: filter patterns as JSON; a record that matches none is dropped. None: every record.
  EOT
  type = object({
    arn                             = string
    batch_size                      = optional(number, 100)
    maximum_batching_window_seconds = optional(number, 0)
    parallelization_factor          = optional(number, 1)
    maximum_retry_attempts          = optional(number, 10)
    maximum_record_age_seconds      = optional(number, 86400)
    starting_position               = optional(string, "TRIM_HORIZON")
    filters                         = optional(list(string), [])
  })
  default = null

  validation {
    condition     = var.stream == null ? true : can(regex("^arn:[a-z-]+:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[A-Za-z0-9_.-]+/stream/[^*?]+$", var.stream.arn))
    error_message = "stream.arn must be the ARN of a DynamoDB stream."
  }

  validation {
    condition     = var.stream == null ? true : var.stream.batch_size >= 1 && var.stream.batch_size <= 10000
    error_message = "stream.batch_size must be from 1 to 10000."
  }

  validation {
    condition     = var.stream == null ? true : var.stream.maximum_batching_window_seconds >= 0 && var.stream.maximum_batching_window_seconds <= 300
    error_message = "stream.maximum_batching_window_seconds must be from 0 to 300."
  }

  validation {
    condition     = var.stream == null ? true : var.stream.parallelization_factor >= 1 && var.stream.parallelization_factor <= 10
    error_message = "stream.parallelization_factor must be from 1 to 10."
  }

  validation {
    condition     = var.stream == null ? true : var.stream.maximum_retry_attempts >= 0 && var.stream.maximum_retry_attempts <= 10000
    error_message = "stream.maximum_retry_attempts must be from 0 to 10000; without a limit a poison record would block its shard."
  }

  validation {
    condition     = var.stream == null ? true : var.stream.maximum_record_age_seconds >= 60 && var.stream.maximum_record_age_seconds <= 86400
    error_message = "stream.maximum_record_age_seconds must be from 60 to 86400: a stream keeps its records for a day."
  }

  validation {
    condition     = var.stream == null ? true : contains(["TRIM_HORIZON", "LATEST"], var.stream.starting_position)
    error_message = "stream.starting_position must be TRIM_HORIZON or LATEST."
  }

  validation {
    condition     = var.stream == null ? true : length(var.stream.filters) <= 5 && alltrue([for filter in var.stream.filters : can(keys(jsondecode(filter)))])
    error_message = "stream.filters must be at most five JSON objects."
  }
}

variable "queue" {
  description = <<-EOT
    A queue of the function's own between `rules` and the function: their events wait in it, and invoke the function in batches. Null: every event invokes the function by itself. The function answers with `batchItemFailures`; a message that fails `maximum_receives` times goes to the `-failed` queue.
    - `batch_size`: messages in a batch, at most.
    - `maximum_batching_window_seconds`: how long to gather messages before an invocation; needed for batches of more than 10.
    - `visibility_timeout_seconds`: how long nobody else gets a message that is being handled. Null: six times `timeout` and the window on top, which is also the least.
    - `maximum_receives`: how often a message is tried.
    - `maximum_concurrency`: batches that are handled at a time, at most. Null: as many as Lambda permits.
    - `retention_seconds`: how long a message waits, at most.
  EOT
  type = object({
    batch_size                      = optional(number, 10)
    maximum_batching_window_seconds = optional(number, 0)
    visibility_timeout_seconds      = optional(number)
    maximum_receives                = optional(number, 5)
    maximum_concurrency             = optional(number)
    retention_seconds               = optional(number, 345600)
  })
  default = null

  validation {
    condition     = var.queue == null || length(var.rules) > 0
    error_message = "queue needs rules: nothing else fills it."
  }

  validation {
    condition     = var.queue == null || var.stream == null
    error_message = "queue must not be beside stream: a function reads batches of one kind."
  }

  validation {
    condition     = var.queue == null ? true : var.queue.batch_size >= 1 && var.queue.batch_size <= 10000 && floor(var.queue.batch_size) == var.queue.batch_size
    error_message = "queue.batch_size must be a whole number from 1 to 10000."
  }

  validation {
    condition     = var.queue == null ? true : var.queue.maximum_batching_window_seconds >= 0 && var.queue.maximum_batching_window_seconds <= 300 && floor(var.queue.maximum_batching_window_seconds) == var.queue.maximum_batching_window_seconds
    error_message = "queue.maximum_batching_window_seconds must be a whole number from 0 to 300."
  }

  validation {
    condition     = var.queue == null ? true : var.queue.batch_size <= 10 || var.queue.maximum_batching_window_seconds >= 1
    error_message = "queue.batch_size above 10 needs queue.maximum_batching_window_seconds of at least 1."
  }

  validation {
    condition     = var.queue == null ? true : coalesce(var.queue.visibility_timeout_seconds, 43200) >= 6 * var.timeout + var.queue.maximum_batching_window_seconds
    error_message = "queue.visibility_timeout_seconds must be at least six times timeout and queue.maximum_batching_window_seconds on top, or a message that is still being handled is handled again."
  }

  validation {
    condition     = var.queue == null ? true : coalesce(var.queue.visibility_timeout_seconds, 0) <= 43200
    error_message = "queue.visibility_timeout_seconds must be at most 43200."
  }

  validation {
    condition     = var.queue == null ? true : var.queue.maximum_receives >= 2 && var.queue.maximum_receives <= 1000 && floor(var.queue.maximum_receives) == var.queue.maximum_receives
    error_message = "queue.maximum_receives must be a whole number from 2 to 1000: one that is throttled once is no dead letter."
  }

  validation {
    condition     = var.queue == null ? true : coalesce(var.queue.maximum_concurrency, 2) >= 2 && coalesce(var.queue.maximum_concurrency, 2) <= 1000
    error_message = "queue.maximum_concurrency must be null or from 2 to 1000."
  }

  validation {
    condition     = var.queue == null ? true : var.queue.retention_seconds >= 3600 && var.queue.retention_seconds < 1209600
    error_message = "queue.retention_seconds must be at least 3600 and less than 1209600: the -failed queue keeps a message for that long from when it was first sent."
  }
}

variable "on_failure" {
  description = <<-EOT
    Where the record of an asynchronous invocation goes once its retries are used up.
    - `bus`: `event_bus`, as an event with source `lambda`.
    - `queue`: the function's `-failed` queue.
    - `none`: nowhere; for a function that is not invoked asynchronously.
  EOT
  type        = string
  default     = "queue"
  nullable    = false

  validation {
    condition     = contains(["bus", "queue", "none"], var.on_failure)
    error_message = "on_failure must be bus, queue or none."
  }

  validation {
    condition     = var.on_failure != "none" || var.dead_letter_queue || ((length(var.rules) == 0 || var.queue != null) && length(var.schedules) == 0)
    error_message = "on_failure must not be none for a function that rules or schedules invoke: their events would be lost."
  }

  validation {
    condition     = var.on_failure != "bus" || var.event_bus != null
    error_message = "on_failure bus needs event_bus."
  }

  validation {
    condition     = !(var.on_failure == "queue" && var.dead_letter_queue)
    error_message = "on_failure must not be queue beside dead_letter_queue: every failure would be in the queue twice."
  }
}

variable "dead_letter_queue" {
  description = "Whether Lambda also puts the bare event of an asynchronous invocation that has used up its retries into the `-failed` queue (the function's dead-letter configuration), beside a record on the bus or without one."
  type        = bool
  default     = false
  nullable    = false
}

variable "maximum_retry_attempts" {
  description = "How often Lambda tries an asynchronous invocation again that failed: 0, 1 or 2."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = contains([0, 1, 2], var.maximum_retry_attempts)
    error_message = "maximum_retry_attempts must be 0, 1 or 2."
  }
}

variable "maximum_event_age_seconds" {
  description = "Seconds that Lambda keeps an asynchronous invocation that it cannot run or has to try again."
  type        = number
  default     = 21600
  nullable    = false

  validation {
    condition     = var.maximum_event_age_seconds >= 60 && var.maximum_event_age_seconds <= 21600
    error_message = "maximum_event_age_seconds must be from 60 to 21600."
  }
}

variable "alarms" {
  description = <<-EOT
    Alarms of the function. Each goes off when its figure is greater than its threshold in one period.
    - `enabled`: false makes none.
    - `actions`: ARNs of the SNS topics that are told when an alarm goes off, and when it is over.
    - `period_seconds`: length of a period.
    - `errors`, `throttles`: invocations in a period.
    - `duration_percent`: the 99th percentile of the duration, in percent of `timeout`.
    - `iterator_age_seconds`: how far a `stream` reader is behind.
    - `queue_age_seconds`: how long a message of `queue` has waited.

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
