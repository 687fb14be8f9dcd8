variable "context" {
  description = <<-EOT
    Where the resources live; the same object goes to every module, here with another region. Checked by `modules/names`.
    - `namespace`: the platform; starts every name and every event source.
    - `environment`: the deployment of it; unique within an account.
    - `account_id`, `partition`: AWS account and partition that the resources are in.
    - `region`: `us-east-1`, where AWS has the certificates, firewalls and metrics of CloudFront.
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
    condition     = var.context.region == "us-east-1" && var.context.partition == "aws"
    error_message = "context.region must be us-east-1 in the partition aws, where CloudFront's certificates, firewalls and metrics are."
  }
}

variable "name" {
  description = "The edge's name within the environment. In AWS it is called `<namespace>-<environment>-<name>`."
  type        = string
  default     = "edge"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,31}$", var.name))
    error_message = "name must be 1 to 32 lower case letters, digits or underscores, a letter first."
  }
}

variable "domain" {
  description = <<-EOT
    The API's domain name, which callers know it by. The record that points to the output `domain_target` is up to you.
    - `name`: the domain name; the API has it, too, with a certificate in its own region.
    - `certificate_arn`: its certificate in ACM, in us-east-1.
  EOT
  type = object({
    name            = string
    certificate_arn = string
  })
  nullable = false

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain.name))
    error_message = "domain.name must be a domain name in lower case such as api.example.com."
  }

  validation {
    condition     = can(regex("^arn:aws:acm:us-east-1:[0-9]{12}:certificate/[A-Za-z0-9-]+$", var.domain.certificate_arn))
    error_message = "domain.certificate_arn must be the ARN of a certificate in ACM in us-east-1, the only ones that CloudFront takes."
  }
}

variable "origin" {
  description = <<-EOT
    Where the API is.
    - `domain_name`: what its domain name stands for, as `domain_target.name` of `modules/api` has it.
    - `standby_domain_name`: who is asked for a read that the API answers with 502, 503 or 504: the same of an API elsewhere. Null: the API once more.
  EOT
  type = object({
    domain_name         = string
    standby_domain_name = optional(string)
  })
  nullable = false

  validation {
    condition     = alltrue([for name in compact([var.origin.domain_name, var.origin.standby_domain_name]) : can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", name))])
    error_message = "origin.domain_name and origin.standby_domain_name must be names of hosts, without a scheme or a path."
  }

  validation {
    condition     = !contains([var.origin.domain_name, coalesce(var.origin.standby_domain_name, var.origin.domain_name)], var.domain.name)
    error_message = "origin.domain_name and origin.standby_domain_name must not be domain.name: the edge would ask itself."
  }
}

variable "key" {
  description = "What shows the API that a request came by the edge: sent with every one, as `x-origin-verify`. The API has to ask for it, or the firewall can be gone around."
  type        = string
  sensitive   = true
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{32,128}$", var.key))
    error_message = "key must be 32 to 128 letters, digits, hyphens or underscores, such as `openssl rand -hex 32` prints."
  }
}

variable "routes" {
  description = "Route keys of the API, such as `GET /orders/{id}`. From them it follows what is only read."
  type        = set(string)
  nullable    = false

  validation {
    condition     = alltrue([for route in var.routes : can(regex("^(ANY|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) /[A-Za-z0-9._~{}+/-]*$", route))])
    error_message = "routes must be route keys: a method, a space and a path such as GET /orders/{id}."
  }
}

variable "countries" {
  description = "Countries from which the API may be called, by their codes of two letters (ISO 3166-1). All others get 403."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.countries) > 0 && alltrue([for country in var.countries : can(regex("^[A-Z]{2}$", country))])
    error_message = "countries must hold at least one code of two capital letters, such as DE."
  }
}

variable "access_logs" {
  description = <<-EOT
    Where CloudFront writes a line for each request, its address and path among it.
    - `bucket`: the domain name of a bucket, such as `logs.s3.amazonaws.com`, that takes access control lists.
    - `prefix`: what the logs' names begin with.
  EOT
  type = object({
    bucket = string
    prefix = optional(string, "edge/")
  })
  nullable = false

  validation {
    condition     = can(regex("^[a-z0-9.-]{3,63}\\.s3(\\.[a-z0-9-]+)?\\.amazonaws\\.com$", var.access_logs.bucket))
    error_message = "access_logs.bucket must be the domain name of an S3 bucket, such as logs.s3.amazonaws.com."
  }
}

variable "web_acl_arn" {
  description = "ARN of the web ACL that stands in front, in us-east-1 and of the scope CLOUDFRONT. Null: the module makes one."
  type        = string
  default     = null

  validation {
    condition     = var.web_acl_arn == null ? true : can(regex("^arn:aws:wafv2:us-east-1:[0-9]{12}:global/webacl/[A-Za-z0-9_-]+/[a-f0-9-]+$", var.web_acl_arn))
    error_message = "web_acl_arn must be null or the ARN of a web ACL of the scope CLOUDFRONT, which is in us-east-1."
  }
}

variable "requests_per_5_minutes" {
  description = "Requests from one address in five minutes, after which the module's firewall refuses more."
  type        = number
  default     = 2000
  nullable    = false

  validation {
    condition     = var.requests_per_5_minutes >= 10 && var.requests_per_5_minutes <= 2000000000 && floor(var.requests_per_5_minutes) == var.requests_per_5_minutes
    error_message = "requests_per_5_minutes must be a whole number from 10 to 2000000000."
  }
}

variable "price_class" {
  description = "From where CloudFront answers: `PriceClass_All`, or fewer places for less money."
  type        = string
  default     = "PriceClass_All"
  nullable    = false

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.price_class)
    error_message = "price_class must be PriceClass_100, PriceClass_200 or PriceClass_All."
  }
}

variable "log_retention_days" {
  description = "Days that what the firewall refused is kept."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of the periods that CloudWatch Logs offers, for example 30, 90 or 365."
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

variable "alarms" {
  description = <<-EOT
    Alarms of the edge. Each goes off when its figure is greater than its threshold in one period.
    - `enabled`: false makes none.
    - `actions`: ARNs of the SNS topics that are told when an alarm goes off, and when it is over; in us-east-1, where the metrics are.
    - `period_seconds`: length of a period.
    - `error_percent`: share of the answers with a status of 5xx.
    - `blocked_requests`: requests that the module's firewall refused in a period.
  EOT
  type = object({
    enabled          = optional(bool, true)
    actions          = optional(list(string), [])
    period_seconds   = optional(number, 300)
    error_percent    = optional(number, 1)
    blocked_requests = optional(number, 1000)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.alarms.period_seconds >= 60 && var.alarms.period_seconds % 60 == 0
    error_message = "alarms.period_seconds must be a multiple of 60, the resolution of the metrics."
  }

  validation {
    condition     = var.alarms.error_percent >= 0 && var.alarms.error_percent < 100 && var.alarms.blocked_requests >= 0
    error_message = "alarms.error_percent must be from 0 to below 100, and alarms.blocked_requests at least 0."
  }

  validation {
    condition     = alltrue([for action in var.alarms.actions : can(regex("^arn:aws:sns:us-east-1:[0-9]{12}:[A-Za-z0-9_-]+$", action))])
    error_message = "alarms.actions must be ARNs of SNS topics in us-east-1."
  }
}
