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
  description = "The API's name within the environment. In AWS it is called `<namespace>-<environment>-<name>`."
  type        = string
  default     = "api"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,31}$", var.name))
    error_message = "name must be 1 to 32 lower case letters, digits or underscores, a letter first."
  }
}

variable "description" {
  description = "What the API is for, in a sentence."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.description) > 0 && length(var.description) <= 1024
    error_message = "description must be 1 to 1024 characters."
  }
}

variable "routes" {
  description = <<-EOT
    The API's routes, by route key: a method, a space and a path such as `GET /orders/{id}`.
    - `function_arn`: the function that answers, unqualified. It gets payload format 2.0.
    - `authorization`: `AWS_IAM`, `JWT` (needs `jwt`) or `CUSTOM` (needs `authorizer`). There is no route without.
    - `scopes`: with `JWT`, the token must hold one of these. Empty: any token of the issuer for the audience.
    - `throttling`: the route's own limits. Null: those of the API.
    - `throttling.rate_per_second`, `throttling.burst`: as for the API.
    - `timeout_milliseconds`: how long the API waits for the function.
  EOT
  type = map(object({
    function_arn  = string
    authorization = optional(string, "AWS_IAM")
    scopes        = optional(set(string), [])
    throttling = optional(object({
      rate_per_second = number
      burst           = number
    }))
    timeout_milliseconds = optional(number, 29000)
  }))
  nullable = false

  validation {
    condition     = length(var.routes) > 0
    error_message = "routes must hold at least one route."
  }

  validation {
    condition     = alltrue([for key in keys(var.routes) : can(regex("^(DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) /(([A-Za-z0-9._~-]+|\\{[A-Za-z0-9_]+\\})(/|$))*$", key))])
    error_message = "routes must have keys of a method and a path, such as GET /orders/{id}: no ANY, no $default and no greedy parameter."
  }

  validation {
    condition     = alltrue([for route in values(var.routes) : can(regex("^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+$", route.function_arn))])
    error_message = "routes[*].function_arn must be the ARN of a function, without a qualifier."
  }

  validation {
    condition     = alltrue([for route in values(var.routes) : contains(["AWS_IAM", "JWT", "CUSTOM"], route.authorization)])
    error_message = "routes[*].authorization must be AWS_IAM, JWT or CUSTOM: no route is open."
  }

  validation {
    condition     = var.jwt != null || alltrue([for route in values(var.routes) : route.authorization != "JWT"])
    error_message = "routes[*].authorization JWT needs jwt."
  }

  validation {
    condition     = var.authorizer != null || alltrue([for route in values(var.routes) : route.authorization != "CUSTOM"])
    error_message = "routes[*].authorization CUSTOM needs authorizer."
  }

  validation {
    condition     = alltrue([for route in values(var.routes) : route.authorization == "JWT" || length(route.scopes) == 0])
    error_message = "routes[*].scopes belong to authorization JWT, and to no other."
  }

  validation {
    condition = alltrue([
      for route in values(var.routes) : route.throttling == null ? true : route.throttling.rate_per_second > 0 && route.throttling.burst >= 1 && floor(route.throttling.burst) == route.throttling.burst
    ])
    error_message = "routes[*].throttling must have a rate_per_second above 0 and a burst that is a whole number of at least 1."
  }

  validation {
    condition     = alltrue([for route in values(var.routes) : route.timeout_milliseconds >= 50 && route.timeout_milliseconds <= 30000])
    error_message = "routes[*].timeout_milliseconds must be from 50 to 30000."
  }
}

variable "jwt" {
  description = <<-EOT
    Whose tokens the routes with authorization `JWT` accept, in the header `Authorization`. Null: none.
    - `issuer`: URL of the OpenID Connect issuer.
    - `audience`: accepted audiences or client ids.
  EOT
  type = object({
    issuer   = string
    audience = set(string)
  })
  default = null

  validation {
    condition     = var.jwt == null ? true : can(regex("^https://[^\\s]+$", var.jwt.issuer)) || can(regex("^http://127\\.0\\.0\\.1(:[0-9]+)?(/[^\\s]*)?$", var.jwt.issuer))
    error_message = "jwt.issuer must be an https URL; http is for 127.0.0.1 alone."
  }

  validation {
    condition     = var.jwt == null ? true : length(var.jwt.audience) > 0
    error_message = "jwt.audience must hold at least one audience, or tokens for other applications are accepted."
  }
}

variable "authorizer" {
  description = <<-EOT
    The function that decides about the routes with authorization `CUSTOM`: payload format 2.0, and it answers `{"isAuthorized": true or false}`. Null: none.
    - `function_arn`: the function, unqualified.
    - `identity_sources`: where the caller's proof is; a request without it is refused before the function runs.
    - `cache_seconds`: how long an answer is used again for the same identity, on all routes. 0: not at all.
  EOT
  type = object({
    function_arn     = string
    identity_sources = optional(set(string), ["$request.header.Authorization"])
    cache_seconds    = optional(number, 0)
  })
  default = null

  validation {
    condition     = var.authorizer == null ? true : can(regex("^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+$", var.authorizer.function_arn))
    error_message = "authorizer.function_arn must be the ARN of a function, without a qualifier."
  }

  validation {
    condition = var.authorizer == null ? true : length(var.authorizer.identity_sources) > 0 && alltrue([
      for source in var.authorizer.identity_sources : can(regex("^\\$(request\\.(header|querystring)|context|stageVariables)\\.[A-Za-z0-9._-]+$", source))
    ])
    error_message = "authorizer.identity_sources must hold at least one selection expression such as $request.header.Authorization."
  }

  validation {
    condition     = var.authorizer == null ? true : var.authorizer.cache_seconds >= 0 && var.authorizer.cache_seconds <= 3600
    error_message = "authorizer.cache_seconds must be from 0 to 3600."
  }
}

variable "throttling" {
  description = <<-EOT
    Limits of every route that has none of its own; above them a caller gets 429.
    - `rate_per_second`: requests a second in the long run.
    - `burst`: requests at once.
  EOT
  type = object({
    rate_per_second = optional(number, 100)
    burst           = optional(number, 200)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.throttling.rate_per_second > 0 && var.throttling.burst >= 1 && floor(var.throttling.burst) == var.throttling.burst
    error_message = "throttling must have a rate_per_second above 0 and a burst that is a whole number of at least 1."
  }
}

variable "cors" {
  description = <<-EOT
    What pages of other origins may do. Null: nothing.
    - `origins`: origins such as `https://shop.example.com`.
    - `methods`, `headers`: methods and request headers that they may use.
    - `expose_headers`: response headers that they may read.
    - `max_age_seconds`: how long a browser keeps the answer to a preflight request.
  EOT
  type = object({
    origins         = set(string)
    methods         = set(string)
    headers         = optional(set(string), ["authorization", "content-type", "idempotency-key"])
    expose_headers  = optional(set(string), [])
    max_age_seconds = optional(number, 600)
  })
  default = null

  validation {
    condition     = var.cors == null ? true : length(var.cors.origins) > 0 && alltrue([for origin in var.cors.origins : can(regex("^https?://[^*/\\s]+$", origin))])
    error_message = "cors.origins must hold at least one origin such as https://shop.example.com, without a wildcard or a path."
  }

  validation {
    condition     = var.cors == null ? true : length(var.cors.methods) > 0 && alltrue([for method in var.cors.methods : contains(["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"], method)])
    error_message = "cors.methods must hold at least one of DELETE, GET, HEAD, PATCH, POST and PUT."
  }

  validation {
    condition     = var.cors == null ? true : alltrue([for header in setunion(var.cors.headers, var.cors.expose_headers) : can(regex("^[a-z0-9-]+$", header))])
    error_message = "cors.headers and cors.expose_headers must be names of headers in lower case, without a wildcard."
  }

  validation {
    condition     = var.cors == null ? true : var.cors.max_age_seconds >= 0 && var.cors.max_age_seconds <= 86400
    error_message = "cors.max_age_seconds must be from 0 to 86400."
  }
}

variable "domain" {
  description = <<-EOT
    A domain name of your own. Null: AWS's name for the API. The record that points to the output `domain_target` is up to you.
    - `name`: the domain name.
    - `certificate_arn`: its certificate in ACM, in the API's region.
    - `only`: whether AWS's own name for the API stops answering.
  EOT
  type = object({
    name            = string
    certificate_arn = string
    only            = optional(bool, true)
  })
  default = null

  validation {
    condition     = var.domain == null ? true : can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain.name))
    error_message = "domain.name must be a domain name in lower case such as api.example.com."
  }

  validation {
    condition     = var.domain == null ? true : can(regex("^arn:[a-z-]+:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+$", var.domain.certificate_arn))
    error_message = "domain.certificate_arn must be the ARN of a certificate in ACM."
  }
}

variable "key" {
  description = <<-EOT
    The KMS key of the access logs. Null: the module makes one.
    - `arn`: the key. Its policy must allow `logs.<region>.amazonaws.com` to use it for the output `log_group`.
  EOT
  type = object({
    arn = string
  })
  default = null

  validation {
    condition     = var.key == null ? true : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.key.arn))
    error_message = "key.arn must be the ARN of a KMS key, not an alias and not a key id."
  }
}

variable "key_deletion_window_days" {
  description = "Days between a request to delete the module's KMS key and its deletion."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.key_deletion_window_days >= 7 && var.key_deletion_window_days <= 30
    error_message = "key_deletion_window_days must be from 7 to 30."
  }
}

variable "log_retention_days" {
  description = "Days that the access logs are kept."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of the periods that CloudWatch Logs offers, for example 30, 90 or 365."
  }
}

variable "alarms" {
  description = <<-EOT
    Alarms of the API. Each goes off when its figure is greater than its threshold in one period.
    - `enabled`: false makes none.
    - `actions`: ARNs of the SNS topics that are told when an alarm goes off, and when it is over.
    - `period_seconds`: length of a period.
    - `server_errors`: answers with a status of 5xx in a period.
    - `latency_milliseconds`: the 99th percentile of the time from a request to its answer.
  EOT
  type = object({
    enabled              = optional(bool, true)
    actions              = optional(list(string), [])
    period_seconds       = optional(number, 60)
    server_errors        = optional(number, 0)
    latency_milliseconds = optional(number, 5000)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.alarms.period_seconds >= 60 && var.alarms.period_seconds % 60 == 0
    error_message = "alarms.period_seconds must be a multiple of 60, the resolution of the metrics."
  }

  validation {
    condition     = var.alarms.server_errors >= 0 && var.alarms.latency_milliseconds > 0
    error_message = "alarms.server_errors must be at least 0, and alarms.latency_milliseconds above 0."
  }

  validation {
    condition     = alltrue([for action in var.alarms.actions : can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", action))])
    error_message = "alarms.actions must be ARNs of SNS topics."
  }
}
