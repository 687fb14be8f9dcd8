# Where

variable "namespace" {
  description = "The platform's name: it starts every name, and every event source."
  type        = string
  default     = "shop"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_-]{0,31}$", var.namespace))
    error_message = "namespace must be 1 to 32 lower case letters, digits, hyphens or underscores, a letter first."
  }
}

variable "environment" {
  description = "The deployment of the platform, unique within the account. One whose name starts with `prod` or `live` is production."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_-]{0,31}$", var.environment))
    error_message = "environment must be 1 to 32 lower case letters, digits, hyphens or underscores, a letter first."
  }
}

variable "account_id" {
  description = "The AWS account."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be the 12 digits of an AWS account."
  }
}

variable "region" {
  description = "The AWS region."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the code of an AWS region, for example eu-central-1."
  }
}

variable "partition" {
  description = "The AWS partition: `aws`, `aws-cn` or `aws-us-gov`."
  type        = string
  default     = "aws"
  nullable    = false

  validation {
    condition     = contains(["aws", "aws-cn", "aws-us-gov"], var.partition)
    error_message = "partition must be aws, aws-cn or aws-us-gov."
  }
}

variable "tags" {
  description = "Put on every resource that takes tags, beside `Platform`, `Environment`, `Service` and `Function`."
  type        = map(string)
  default     = {}
  nullable    = false
}

# What runs

variable "packages" {
  description = <<-EOT
    Where the functions' packages are: exactly one of `directory` and `s3`. `scripts/build` makes them.
    - `directory`: a folder with `<package>.zip` for each package, on the machine that runs Terraform.
    - `s3`: a bucket in the same region.
    - `s3.prefix`: what comes before `<package>.zip` in an object's key, such as `releases/1.4.0/`.
    - `s3.sha256`: base64 of the SHA-256 of each package, as the build's manifest tells it.
  EOT
  type = object({
    directory = optional(string)
    s3 = optional(object({
      bucket = string
      prefix = optional(string, "")
      sha256 = map(string)
    }))
  })
  nullable = false

  validation {
    condition     = (var.packages.directory == null) != (var.packages.s3 == null)
    error_message = "packages must have exactly one of directory and s3."
  }

  validation {
    condition     = var.packages.s3 == null ? true : length(setsubtract(local.package_names, keys(var.packages.s3.sha256))) == 0
    error_message = "packages.s3.sha256 must have a hash for each package: ${join(", ", local.package_names)}."
  }
}

variable "runtime" {
  description = "The Lambda runtime that the packages were built for."
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

variable "functions" {
  description = <<-EOT
    Sizes of functions that are not as the platform has them, by `<service>/<function>`; `relay` is a function of every service that publishes.
    - `memory_size`: in MB.
    - `timeout`: in seconds.
    - `reserved_concurrency`: concurrent executions set aside for, and at most used by, the function.
  EOT
  type = map(object({
    memory_size          = optional(number)
    timeout              = optional(number)
    reserved_concurrency = optional(number)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(setsubtract(keys(var.functions), local.function_keys)) == 0
    error_message = "functions must have keys of ${join(", ", local.function_keys)}."
  }
}

variable "reserved_concurrency" {
  description = "Concurrent executions set aside for, and at most used by, each function that `functions` says nothing of. -1: none. Null: 20 in production, none elsewhere. AWS keeps 100 of the account's quota for all that reserves nothing, and refuses what would take these."
  type        = number
  default     = null

  validation {
    condition     = var.reserved_concurrency == null ? true : var.reserved_concurrency == -1 || (var.reserved_concurrency >= 1 && floor(var.reserved_concurrency) == var.reserved_concurrency)
    error_message = "reserved_concurrency must be null, -1 or a whole number of at least 1."
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

variable "deadline_seconds" {
  description = "Seconds from the placing of an order in which its saga should end."
  type        = number
  default     = 900
  nullable    = false

  validation {
    condition     = var.deadline_seconds >= 60 && var.deadline_seconds <= 604800 && floor(var.deadline_seconds) == var.deadline_seconds
    error_message = "deadline_seconds must be a whole number of seconds from 60 to 604800, which is a week."
  }
}

variable "stuck_after_seconds" {
  description = "Seconds after its deadline from which on a saga that is still open is stuck, which is an alarm."
  type        = number
  default     = 600
  nullable    = false

  validation {
    condition     = var.stuck_after_seconds >= 60 && var.stuck_after_seconds <= 604800 && floor(var.stuck_after_seconds) == var.stuck_after_seconds
    error_message = "stuck_after_seconds must be a whole number of seconds from 60 to 604800, which is a week."
  }
}

# How it is reached, and what it reaches

variable "jwt" {
  description = <<-EOT
    Whose tokens customers show to the API of their own. Null: there is none, and every caller signs with IAM, as operators always do.
    - `issuer`: URL of the OpenID Connect issuer.
    - `audience`: accepted audiences or client ids.
    - `claim`: the claim that names the customer.
  EOT
  type = object({
    issuer   = string
    audience = set(string)
    claim    = optional(string, "sub")
  })
  default = null

  validation {
    condition     = var.jwt == null ? true : can(regex("^[A-Za-z][A-Za-z0-9_:/.-]{0,127}$", var.jwt.claim))
    error_message = "jwt.claim must be the name of a claim: 1 to 128 letters, digits, underscores, colons, slashes, dots or hyphens, a letter first."
  }
}

variable "composer" {
  description = <<-EOT
    How long the composer waits for the services, before it answers with what it has.
    - `call_seconds`: for one service.
    - `total_seconds`: for all together; at most 25, since the API waits no longer than 30 seconds.
  EOT
  type = object({
    call_seconds  = optional(number, 2)
    total_seconds = optional(number, 3)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.composer.total_seconds <= 25
    error_message = "composer.total_seconds must be at most 25."
  }
}

variable "cache" {
  description = <<-EOT
    The composer's data cache. Null: none; then the services are asked each time. Exactly one of `server` and `create`.
    - `server`: one that is there, as `cache` of `modules/composer`, with a password.
    - `create`: one of the platform's own, as in `modules/cache`. The functions sign in with IAM, and have to be in a VPC.
    - `create.durable`: MemoryDB. False: ElastiCache Serverless.
    - `answer_seconds`, `fresh_seconds`, `keep_seconds`: how long it has for an answer; how long a document needs no second look; how long one is kept.
  EOT
  type = object({
    server = optional(object({
      host = string
      port = optional(number, 6379)
      tls  = optional(bool, true)
      user = string
      password = object({
        parameter_name = string
        kms_key_arn    = optional(string)
      })
    }))
    create = optional(object({
      durable            = optional(bool, false)
      subnet_ids         = set(string)
      security_group_ids = set(string)
    }))
    answer_seconds = optional(number, 0.1)
    fresh_seconds  = optional(number, 60)
    keep_seconds   = optional(number, 3600)
  })
  default = null

  validation {
    condition     = var.cache == null ? true : (var.cache.server == null) != (var.cache.create == null)
    error_message = "cache must have exactly one of server and create."
  }

  validation {
    condition     = try(var.cache.create, null) == null ? true : var.vpc != null
    error_message = "cache.create needs vpc: nothing outside reaches the cache."
  }
}

variable "throttling" {
  description = <<-EOT
    Limits of each API; above them a caller gets 429.
    - `rate_per_second`, `burst`: requests a second in the long run and at once, of each route that is not among `routes`.
    - `routes`: limits of single routes, by route key such as `POST /orders`.
  EOT
  type = object({
    rate_per_second = optional(number, 100)
    burst           = optional(number, 200)
    routes = optional(map(object({
      rate_per_second = number
      burst           = number
    })), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = length(setsubtract(keys(var.throttling.routes), local.route_keys)) == 0
    error_message = "throttling.routes must have keys of ${join(", ", local.route_keys)}."
  }
}

variable "cors" {
  description = "What pages of other origins may do with the API of the customers, or with the only one, as `cors` of `modules/api`. Null: nothing."
  type = object({
    origins         = set(string)
    methods         = set(string)
    headers         = optional(set(string), ["authorization", "content-type", "idempotency-key"])
    expose_headers  = optional(set(string), [])
    max_age_seconds = optional(number, 600)
  })
  default = null
}

variable "domain" {
  description = "The domain name of the customers' API, or of the only one, as `domain` of `modules/api`. Null: AWS's name for it."
  type = object({
    name            = string
    certificate_arn = string
    only            = optional(bool, true)
  })
  default = null
}

variable "edge" {
  description = <<-EOT
    The keys of an edge in front of `domain`, as `modules/edge` makes it: a customer's request that comes without one is refused. Null: there is no edge, and customers reach their API directly.
    - `key_digests`: SHA-256 in hexadecimal of each key that counts: of two while one takes the other's place.
  EOT
  type = object({
    key_digests = set(string)
  })
  default = null

  validation {
    condition     = var.edge == null ? true : length(var.edge.key_digests) > 0 && alltrue([for digest in var.edge.key_digests : can(regex("^[0-9a-f]{64}$", digest))])
    error_message = "edge.key_digests must hold at least one SHA-256: 64 hexadecimal digits in lower case."
  }

  validation {
    condition     = var.edge == null ? true : var.jwt != null && try(var.domain.only, false)
    error_message = "edge needs jwt, since it is customers that it is for, and domain with only, or AWS's name for their API leads around it."
  }
}

variable "console" {
  description = <<-EOT
    A page where operators look at orders and their sagas, and place test orders where the sandbox is. Null: none.
    - `networks`: the networks in CIDR notation from which it may be seen, as the API sees callers' addresses: public ones.
  EOT
  type = object({
    networks = set(string)
  })
  default = null

  validation {
    condition     = var.console == null ? true : length(var.console.networks) > 0
    error_message = "console.networks must hold at least one network; leave console null for no console."
  }

  validation {
    condition     = var.console == null ? true : alltrue([for network in var.console.networks : try(cidrsubnet(network, 0, 0) == network, false)])
    error_message = "console.networks must be networks in CIDR notation, such as 203.0.113.0/24 or 2001:db8::/32, without bits after the prefix."
  }

  validation {
    condition     = var.console == null ? true : alltrue([for network in var.console.networks : !endswith(network, "/0")])
    error_message = "console.networks must not hold everybody's addresses."
  }
}

variable "sandbox" {
  description = "Whether the sandbox is deployed: a test payment service provider and a test carrier. It stands in for a port that is null. Not for production."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !(var.sandbox && local.is_production)
    error_message = "sandbox must be false in production: whoever knows a test card would get real goods."
  }
}

variable "sandbox_secret" {
  description = "What payment and shipping show to the sandbox. It is written to an SSM parameter and to nothing else, and only where `sandbox_secret_version` changes, so that it may be another one at every run."
  type        = string
  default     = null
  ephemeral   = true

  validation {
    condition     = !var.sandbox || var.sandbox_secret != null
    error_message = "sandbox_secret is needed for the sandbox."
  }

  validation {
    condition     = var.sandbox_secret == null ? true : can(regex("^[!-~]{32,512}$", var.sandbox_secret))
    error_message = "sandbox_secret must be 32 to 512 visible ASCII characters without spaces."
  }
}

variable "sandbox_secret_version" {
  description = "Another number makes the current `sandbox_secret` the sandbox's."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.sandbox_secret_version >= 1 && floor(var.sandbox_secret_version) == var.sandbox_secret_version
    error_message = "sandbox_secret_version must be a whole number of at least 1."
  }
}

variable "payment_provider" {
  description = <<-EOT
    The payment service provider. Null: the sandbox.
    - `url`: where its API is.
    - `parameter_name`: the SSM parameter, a SecureString of this account and region, with the secret that it is shown.
    - `kms_key_arn`: the parameter's customer managed key. Null: the account's own `aws/ssm` key.
  EOT
  type = object({
    url            = string
    parameter_name = string
    kms_key_arn    = optional(string)
  })
  default = null

  validation {
    condition     = var.payment_provider != null || var.sandbox
    error_message = "payment_provider is needed where there is no sandbox."
  }

  validation {
    condition     = var.payment_provider == null ? true : can(regex("^https://[^\\s@?#]+$", var.payment_provider.url))
    error_message = "payment_provider.url must be an https URL."
  }

  validation {
    condition     = var.payment_provider == null ? true : can(regex("^(/?[A-Za-z0-9_.-]+)+$", var.payment_provider.parameter_name))
    error_message = "payment_provider.parameter_name must be the name of an SSM parameter, not its ARN."
  }
}

variable "carrier" {
  description = <<-EOT
    The carrier. Null: the sandbox.
    - `url`: where its API is.
    - `parameter_name`: the SSM parameter, a SecureString of this account and region, with the secret that it is shown.
    - `kms_key_arn`: the parameter's customer managed key. Null: the account's own `aws/ssm` key.
  EOT
  type = object({
    url            = string
    parameter_name = string
    kms_key_arn    = optional(string)
  })
  default = null

  validation {
    condition     = var.carrier != null || var.sandbox
    error_message = "carrier is needed where there is no sandbox."
  }

  validation {
    condition     = var.carrier == null ? true : can(regex("^https://[^\\s@?#]+$", var.carrier.url))
    error_message = "carrier.url must be an https URL."
  }

  validation {
    condition     = var.carrier == null ? true : can(regex("^(/?[A-Za-z0-9_.-]+)+$", var.carrier.parameter_name))
    error_message = "carrier.parameter_name must be the name of an SSM parameter, not its ARN."
  }
}

variable "mail" {
  description = <<-EOT
    What customers' mail is sent as.
    - `from`: the address in From.
    - `identity_arn`: the SES identity that it belongs to, such as its domain's. Null: the address becomes an identity of its own.
  EOT
  type = object({
    from         = string
    identity_arn = optional(string)
  })
  nullable = false

  validation {
    condition     = can(regex("^[^@*?\\s]+@[^@*?\\s]+$", var.mail.from))
    error_message = "mail.from must be one e-mail address."
  }

  validation {
    condition     = var.mail.identity_arn == null ? true : can(regex("^arn:[a-z-]+:ses:[a-z0-9-]+:[0-9]{12}:identity/[^*?]+$", var.mail.identity_arn))
    error_message = "mail.identity_arn must be null or the ARN of an SES identity."
  }
}

# How it is kept

variable "deletion_protection" {
  description = "Whether the tables refuse to be deleted."
  type        = bool
  default     = true
  nullable    = false

  validation {
    condition     = var.deletion_protection || !local.is_production
    error_message = "deletion_protection must be true in production."
  }
}

variable "backups" {
  description = <<-EOT
    Backups of every service's table by AWS Backup, as `modules/backup` has them, beside point-in-time recovery.
    - `enabled`: null has them in production alone.
    - `daily`, `monthly`: when, in UTC, how long, and for the monthly ones after how many days in cold storage.
    - `lock`: the vault's lock. Null: `governance` in production, none elsewhere. `compliance` is for ever.
  EOT
  type = object({
    enabled = optional(bool)
    daily = optional(object({
      schedule       = optional(string)
      retention_days = optional(number)
    }), {})
    monthly = optional(object({
      schedule        = optional(string)
      retention_days  = optional(number)
      cold_after_days = optional(number)
    }), {})
    lock = optional(object({
      mode               = string
      grace_days         = optional(number)
      min_retention_days = optional(number)
      max_retention_days = optional(number)
    }))
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.backups.enabled != false || !local.is_production
    error_message = "backups.enabled must not be false in production."
  }
}

variable "audit" {
  description = <<-EOT
    A trail of who read and wrote every table and invoked every function, as `modules/audit` has it. Null: none. Every recorded event costs.
    - `reads`: whether reads of tables are recorded as well.
    - `management_events`: whether what is done to resources of the account is recorded as well; false where another trail does.
    - `retention_days`: days that records are kept.
    - `object_lock`: mode and days in which nobody changes a record.
    - `access_logs`: bucket and prefix for the log of who got at the records.
  EOT
  type = object({
    reads             = optional(bool)
    management_events = optional(bool)
    retention_days    = optional(number)
    object_lock = optional(object({
      mode = string
      days = number
    }))
    access_logs = optional(object({
      bucket = string
      prefix = optional(string)
    }))
  })
  default = null
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of the periods that CloudWatch Logs offers, for example 30, 90 or 365."
  }

  validation {
    condition     = var.log_retention_days >= 365 || !local.is_production
    error_message = "log_retention_days must be at least 365 in production."
  }
}

variable "saga_log_retention_days" {
  description = "Days that the saga log keeps what happened. Null: for ever."
  type        = number
  default     = null

  validation {
    condition     = var.saga_log_retention_days == null ? true : var.saga_log_retention_days >= 1 && floor(var.saga_log_retention_days) == var.saga_log_retention_days
    error_message = "saga_log_retention_days must be a whole number of days of at least 1, or null for ever."
  }
}

variable "read_model" {
  description = <<-EOT
    The read model's projection; docs/read_model.md tells how it is made anew.
    - `generations`: those that exist, such as `["g1"]`; two while a new one is filled.
    - `unprotected_generations`: those whose tables may be deleted in spite of `deletion_protection`.
  EOT
  type = object({
    generations             = optional(set(string), ["g1"])
    unprotected_generations = optional(set(string), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = length(var.read_model.generations) >= 1 && length(var.read_model.generations) <= 2
    error_message = "read_model.generations must hold one generation, or two while the second is filled."
  }

  validation {
    condition     = alltrue([for generation in var.read_model.generations : can(regex("^g[1-9][0-9]{0,3}$", generation))])
    error_message = "read_model.generations must be g and a number from 1 to 9999, such as g2."
  }

  validation {
    condition     = length(setsubtract(var.read_model.unprotected_generations, var.read_model.generations)) == 0
    error_message = "read_model.unprotected_generations must be of read_model.generations."
  }
}

variable "archive_retention_days" {
  description = "Days that every event is kept for replay. 0: for ever."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = var.archive_retention_days >= 0 && floor(var.archive_retention_days) == var.archive_retention_days
    error_message = "archive_retention_days must be a whole number of days, or 0 for ever."
  }
}

variable "key_deletion_window_days" {
  description = "Days between a request to delete a KMS key and its deletion."
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
    Alarms of everything.
    - `enabled`: false makes none.
    - `topic`: the SNS topic that is told. Null: one of the platform's own, which somebody has to subscribe to.
    - `topic.arn`: the topic. Its policy and its key's must let `cloudwatch.amazonaws.com` publish.
  EOT
  type = object({
    enabled = optional(bool, true)
    topic = optional(object({
      arn = string
    }))
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.alarms.topic == null ? true : can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.alarms.topic.arn))
    error_message = "alarms.topic.arn must be the ARN of an SNS topic."
  }

  validation {
    condition     = var.alarms.enabled || !local.is_production
    error_message = "alarms.enabled must be true in production."
  }
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

variable "code_signing" {
  description = <<-EOT
    Who has to have signed the packages: Lambda checks it at every deployment. Needed in production. Null: unsigned packages are accepted.
    - `profile_version_arns`: the versions of AWS Signer's signing profiles whose signatures are trusted, 1 to 20.
    - `untrusted`: what becomes of a package that none of them signed: `Enforce` refuses it, `Warn` accepts and counts it.
  EOT
  type = object({
    profile_version_arns = set(string)
    untrusted            = optional(string, "Enforce")
  })
  default = null

  validation {
    condition     = var.code_signing != null || !local.is_production
    error_message = "code_signing is needed in production: whoever can write to the bucket of the packages could change what runs."
  }

  validation {
    condition     = var.code_signing == null ? true : length(var.code_signing.profile_version_arns) >= 1 && length(var.code_signing.profile_version_arns) <= 20
    error_message = "code_signing.profile_version_arns must hold 1 to 20 versions of signing profiles."
  }

  validation {
    condition     = var.code_signing == null ? true : alltrue([for arn in var.code_signing.profile_version_arns : can(regex("^arn:[a-z-]+:signer:[a-z0-9-]+:[0-9]{12}:/signing-profiles/[A-Za-z0-9_]{2,64}/[A-Za-z0-9]{10}$", arn))])
    error_message = "code_signing.profile_version_arns must be ARNs of versions of signing profiles, with the version at the end."
  }

  validation {
    condition     = var.code_signing == null ? true : contains(["Enforce", "Warn"], var.code_signing.untrusted)
    error_message = "code_signing.untrusted must be Enforce or Warn."
  }

  validation {
    condition     = var.code_signing == null ? true : !(local.is_production && var.code_signing.untrusted == "Warn")
    error_message = "code_signing.untrusted must be Enforce in production."
  }
}

variable "vpc" {
  description = <<-EOT
    Subnets and security groups of yours that every function runs in. Needed in production. Null: outside any VPC of yours. In one, the functions reach DynamoDB, EventBridge, SSM, SES and Lambda through the VPC's endpoints (`modules/endpoints`), and a provider on the Internet through its NAT.
    - `owner_account_id`: the account that owns the subnets and security groups when they are shared. Null: `account_id`.
  EOT
  type = object({
    subnet_ids         = set(string)
    security_group_ids = set(string)
    owner_account_id   = optional(string)
  })
  default = null

  validation {
    condition     = var.vpc != null || !local.is_production
    error_message = "vpc is needed in production: outside one, a function that is taken over reaches the whole Internet."
  }

  validation {
    condition     = var.vpc == null ? true : length(var.vpc.subnet_ids) > 0 && length(var.vpc.security_group_ids) > 0
    error_message = "vpc must name at least one subnet and one security group."
  }
}

# For an AWS that is not AWS

variable "execute_api_base" {
  description = "What the paths of an API's routes follow on an emulator of AWS; `%s` is the API's id. Null: what AWS says."
  type        = string
  default     = null

  validation {
    condition     = var.execute_api_base == null ? true : can(regex("^http://127\\.0\\.0\\.1:[0-9]+(/[^%]*)?%s(/[^%]*)?$", var.execute_api_base))
    error_message = "execute_api_base must be null or an http URL of 127.0.0.1 with one %s for the API's id."
  }
}

variable "event_bus_policy" {
  description = "Whether the event bus has its resource policy. False only where the target cannot store one, as some emulators cannot."
  type        = bool
  default     = true
  nullable    = false

  validation {
    condition     = var.event_bus_policy || !local.is_production
    error_message = "event_bus_policy must be true in production."
  }
}
