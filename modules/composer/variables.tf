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
  description = "The composer's name among the services. It publishes as event source `<namespace>.<service>`."
  type        = string
  default     = "composer"
  nullable    = false
}

variable "sources" {
  description = "ARNs of the services' read functions, by what the composer calls them."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.sources) > 0
    error_message = "sources must hold at least one read function."
  }
}

variable "functions" {
  description = <<-EOT
    The composer's functions, by name.
    - `sources`: keys of `sources`: what the function may ask, and nothing else.
    - `signs_cursors`: whether it has the key that cursors are signed with.
    - `uses_cache`: whether it has the cache.
    - `publishes`: whether it writes events down for the relay.
    - `rules`: events on `event_bus` that invoke it, as `rules` of `modules/function`.
    - `on_failure`: where an asynchronous invocation ends that failed: `queue`, or `none` for a function that the API alone invokes.
    - `description`, `handler`, `timeout`, `memory_size`, `reserved_concurrency`, `environment`: as in `modules/function`.
  EOT
  type = map(object({
    description          = string
    handler              = string
    sources              = optional(set(string), [])
    signs_cursors        = optional(bool, false)
    uses_cache           = optional(bool, true)
    publishes            = optional(bool, false)
    rules                = optional(map(object({ event_pattern = string })), {})
    on_failure           = optional(string, "none")
    timeout              = optional(number, 10)
    memory_size          = optional(number)
    reserved_concurrency = optional(number)
    environment          = optional(map(string), {})
  }))
  nullable = false

  validation {
    condition     = alltrue([for function in values(var.functions) : length(setsubtract(function.sources, keys(var.sources))) == 0])
    error_message = "functions[*].sources must be of ${join(", ", keys(var.sources))}."
  }

  validation {
    condition     = alltrue([for function in values(var.functions) : function.timeout > var.budgets.total_seconds])
    error_message = "functions[*].timeout must be longer than budgets.total_seconds: an answer that says what is missing has to get out."
  }
}

variable "budgets" {
  description = <<-EOT
    How long the composer waits.
    - `call_seconds`: for one service.
    - `total_seconds`: for all that it asks at once; what has not come by then is told to be unavailable.
  EOT
  type = object({
    call_seconds  = optional(number, 2)
    total_seconds = optional(number, 3)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.budgets.call_seconds > 0 && var.budgets.call_seconds <= var.budgets.total_seconds
    error_message = "budgets.call_seconds must be more than 0 and at most budgets.total_seconds."
  }
}

variable "cache" {
  description = <<-EOT
    The data cache: any server that speaks the protocol of Valkey and runs its Lua. Null: none; everything works without, and asks the services each time.
    - `host`, `port`, `tls`: where it is, and whether over TLS.
    - `user`: who the functions are to it.
    - `iam`: they sign in with their own roles, as the output `server` of `modules/cache` says. Exactly one of `iam` and `password`.
    - `iam.service`: `elasticache` (serverless) or `memorydb`; `iam.name` is the cache's name, `iam.arns` are what a role has to be let connect to.
    - `password`: in an SSM parameter, by its name.
    - `password.kms_key_arn`: as in `parameters` of `modules/function`.
    - `answer_seconds`: how long it has for a connection, and for each answer.
    - `fresh_seconds`: how long a document needs no second look. An event that tells of a newer one ends that at once, unless the cache could not be told.
    - `keep_seconds`: how long a document is kept, to be shown while its service is down.
    - `pause_seconds`: how long it is left alone after three failures in a row.
  EOT
  type = object({
    host = string
    port = optional(number, 6379)
    tls  = optional(bool, true)
    user = string
    iam = optional(object({
      service = string
      name    = string
      arns    = set(string)
    }))
    password = optional(object({
      parameter_name = string
      kms_key_arn    = optional(string)
    }))
    answer_seconds = optional(number, 0.1)
    fresh_seconds  = optional(number, 60)
    keep_seconds   = optional(number, 3600)
    pause_seconds  = optional(number, 5)
  })
  default = null

  validation {
    condition     = var.cache == null ? true : (var.cache.iam == null) != (var.cache.password == null)
    error_message = "cache must have exactly one of iam and password."
  }

  validation {
    condition     = var.cache == null ? true : var.cache.tls || startswith(var.cache.host, "127.")
    error_message = "cache.tls must be true for a server on another machine."
  }

  validation {
    condition     = try(contains(["elasticache", "memorydb"], var.cache.iam.service), true)
    error_message = "cache.iam.service must be elasticache or memorydb."
  }

  validation {
    condition     = var.cache == null ? true : var.cache.keep_seconds >= 60 && var.cache.keep_seconds >= var.cache.fresh_seconds
    error_message = "cache.keep_seconds must be at least 60, longer than any read takes, and at least cache.fresh_seconds."
  }
}

variable "event_bus" {
  description = "The event bus of the functions' rules, and of what the composer publishes."
  type = object({
    name = string
    arn  = string
  })
  nullable = false
}

variable "package" {
  description = "The functions' deployment package, as `package` of `modules/function`."
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

variable "relay_package" {
  description = "The deployment package of the outbox relay, as `package` of `modules/function`."
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

variable "relay" {
  description = "Sizes of the outbox relay, as in `relay` of `modules/microservice`."
  type = object({
    memory_size          = optional(number)
    timeout              = optional(number)
    reserved_concurrency = optional(number)
  })
  default  = {}
  nullable = false
}

variable "vpc" {
  description = "Subnets and security groups that the functions run in, from which the cache has to be within reach, as `vpc` of `modules/microservice`. Null: outside any VPC of yours."
  type = object({
    subnet_ids         = set(string)
    security_group_ids = set(string)
    owner_account_id   = optional(string)
  })
  default = null
}

variable "deletion_protection" {
  description = "Whether the table of events to be published refuses to be deleted."
  type        = bool
  default     = true
  nullable    = false
}

variable "runtime" {
  description = "The Lambda runtime."
  type        = string
  default     = "python3.13"
  nullable    = false
}

variable "architecture" {
  description = "The instruction set: `arm64` or `x86_64`."
  type        = string
  default     = "arm64"
  nullable    = false
}

variable "log_level" {
  description = "The least severe application log that is kept: TRACE, DEBUG, INFO, WARN, ERROR or FATAL."
  type        = string
  default     = "INFO"
  nullable    = false
}

variable "log_retention_days" {
  description = "Days that log events are kept."
  type        = number
  default     = 365
  nullable    = false
}

variable "metrics_namespace" {
  description = "CloudWatch namespace of the functions' own metrics. Null: the context's namespace."
  type        = string
  default     = null
}

variable "permissions_boundary_arn" {
  description = "ARN of the policy that bounds every role's permissions. Null: no boundary."
  type        = string
  default     = null
}

variable "code_signing_config_arn" {
  description = "ARN of the Lambda code signing configuration that packages are checked against. Null: unsigned packages are accepted."
  type        = string
  default     = null
}

variable "key_deletion_window_days" {
  description = "Days between a request to delete a KMS key and its deletion."
  type        = number
  default     = 30
  nullable    = false
}

variable "alarms" {
  description = <<-EOT
    Alarms of the functions, of what they say of themselves, and of the relay.
    - `enabled`: false makes none.
    - `actions`: ARNs of the SNS topics that are told when an alarm goes off, and when it is over.
    - `unavailable`: sections that could not be shown in five minutes, above which the alarm goes off.
    - `cache_not_told`: events in five minutes that the cache could not be told of.
  EOT
  type = object({
    enabled        = optional(bool, true)
    actions        = optional(list(string), [])
    unavailable    = optional(number, 10)
    cache_not_told = optional(number, 0)
  })
  default  = {}
  nullable = false
}
