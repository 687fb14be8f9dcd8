variable "namespace" {
  description = "The platform's name, as `namespace` of the environments."
  type        = string
  default     = "shop"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_-]{0,31}$", var.namespace))
    error_message = "namespace must be 1 to 32 lower case letters, digits, hyphens or underscores, a letter first."
  }
}

variable "repository" {
  description = "The GitHub repository whose workflows deploy: `owner/name`. Null: none does, and there is no OIDC provider."
  type        = string
  default     = null

  validation {
    condition     = var.repository == null ? true : can(regex("^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$", var.repository))
    error_message = "repository must be owner/name."
  }
}

variable "oidc_provider_arn" {
  description = "ARN of the account's OIDC provider for GitHub, where it has one already: an account has at most one. Null: it is made."
  type        = string
  default     = null

  validation {
    condition     = var.oidc_provider_arn == null ? true : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:oidc-provider/token\\.actions\\.githubusercontent\\.com$", var.oidc_provider_arn))
    error_message = "oidc_provider_arn must be null or the ARN of an OIDC provider for token.actions.githubusercontent.com."
  }
}

variable "environments" {
  description = <<-EOT
    The environments of this account and region, by name, as `modules/deploy_role` has them.
    - `subject`: what follows `repo:<owner>/<name>:` in `sub` of the workflow's token. Null: `environment:<name>`.
    - `principal_arns`: IAM users and roles that may assume the deploy role as well.
    - `mail_identities`: mail addresses and domains that the environment sends as.
    - `provider_secrets`: SSM parameters of the payment provider's and the carrier's secrets, and their keys.
    - `packages`: where the functions' packages are, if they are in S3.
    - `audit_replica`: where the audit trail's records are copied to, if they are.
    - `edge`: what an edge in front of the customers' API needs, if there is one.
  EOT
  type = map(object({
    subject         = optional(string)
    principal_arns  = optional(set(string), [])
    mail_identities = optional(set(string), [])
    provider_secrets = optional(map(object({
      parameter_name = string
      kms_key_arn    = optional(string)
    })), {})
    packages = optional(object({
      bucket_arn  = string
      prefix      = optional(string, "")
      kms_key_arn = optional(string)
    }))
    audit_replica = optional(object({
      bucket_arn  = string
      kms_key_arn = string
    }))
    edge = optional(object({
      access_logs_bucket_arn = string
      web_acl_arn            = optional(string)
    }))
  }))
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.environments) : can(regex("^[a-z][a-z0-9_-]{0,31}$", name))])
    error_message = "environments must have keys of 1 to 32 lower case letters, digits, hyphens or underscores, a letter first."
  }
}

variable "state" {
  description = <<-EOT
    The bucket of the states.
    - `bucket`: its name. Null: `<namespace>-terraform-state-<account>-<region>`.
    - `keep_old_days`: days that a state which has been replaced is kept.
    - `access_logs`: where S3 writes who got at the bucket: a bucket of the account, and what the logs' names begin with. Null: nowhere; a trail of data events tells it as well.
    - `replica_bucket_arn`: a versioned bucket in another region that takes a copy of each state, encrypted with `replica_kms_key_arn`. Null: no copy.
  EOT
  type = object({
    bucket        = optional(string)
    keep_old_days = optional(number, 365)
    access_logs = optional(object({
      bucket = string
      prefix = optional(string, "terraform-state/")
    }))
    replica_bucket_arn  = optional(string)
    replica_kms_key_arn = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.state.bucket == null ? true : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.state.bucket))
    error_message = "state.bucket must be the name of an S3 bucket."
  }

  validation {
    condition     = var.state.keep_old_days >= 30 && floor(var.state.keep_old_days) == var.state.keep_old_days
    error_message = "state.keep_old_days must be a whole number of days of at least 30."
  }

  validation {
    condition     = (var.state.replica_bucket_arn == null) == (var.state.replica_kms_key_arn == null)
    error_message = "state.replica_bucket_arn and state.replica_kms_key_arn go together."
  }
}
