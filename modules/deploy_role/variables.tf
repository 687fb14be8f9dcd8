variable "context" {
  description = <<-EOT
    Where the role deploys; the same object goes to every module. Checked by `modules/names`.
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

variable "github" {
  description = <<-EOT
    The workflows that may assume the role, by GitHub's OpenID Connect tokens. Null: none.
    - `provider_arn`: ARN of the account's OIDC provider for `token.actions.githubusercontent.com`.
    - `repository`: `owner/name`.
    - `subject`: what follows `repo:<owner>/<name>:` in the token's `sub`, whole: `environment:<name>` of a job with an environment, or `ref:refs/heads/<branch>`. Null: `environment:` and the context's environment.
  EOT
  type = object({
    provider_arn = string
    repository   = string
    subject      = optional(string)
  })
  default = null

  validation {
    condition     = var.github == null ? true : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:oidc-provider/[^*?]+$", var.github.provider_arn))
    error_message = "github.provider_arn must be the ARN of an OIDC provider."
  }

  validation {
    condition     = var.github == null ? true : can(regex("^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$", var.github.repository))
    error_message = "github.repository must be owner/name."
  }

  validation {
    condition     = try(var.github.subject, null) == null ? true : can(regex("^(environment:|ref:refs/heads/|ref:refs/tags/)[^*?:]+$", var.github.subject))
    error_message = "github.subject must be environment:<name>, ref:refs/heads/<branch> or ref:refs/tags/<tag>, without a wildcard."
  }
}

variable "principal_arns" {
  description = "ARNs of the IAM users and roles that may assume the role beside the workflows."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.principal_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(user|role)/[^*?]+$", arn))])
    error_message = "principal_arns must be ARNs of IAM users and roles, without a wildcard."
  }

  validation {
    condition     = length(var.principal_arns) > 0 || var.github != null
    error_message = "principal_arns must name somebody where github is null, or nobody could assume the role."
  }
}

variable "state" {
  description = <<-EOT
    Where the environment's Terraform state is.
    - `bucket_arn`: the bucket.
    - `key`: the state's key in it; the lock is beside it, `.tflock`.
    - `kms_key_arn`: what the bucket is encrypted with.
  EOT
  type = object({
    bucket_arn  = string
    key         = string
    kms_key_arn = string
  })
  nullable = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:s3:::[a-z0-9.-]{3,63}$", var.state.bucket_arn))
    error_message = "state.bucket_arn must be the ARN of an S3 bucket."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$", var.state.key))
    error_message = "state.key must be the key of an object, without a wildcard or a slash at either end."
  }
}

variable "mail_identities" {
  description = "SES identities that the platform makes and sends as: mail addresses and domains."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for identity in var.mail_identities : can(regex("^[^*?/\\s]+$", identity))])
    error_message = "mail_identities must be mail addresses or domains, without a wildcard."
  }
}

variable "provider_secrets" {
  description = <<-EOT
    What the platform's functions read of what somebody else keeps, by a name of the caller's: the secrets of payment provider and carrier.
    - `parameter_name`: the SSM parameter.
    - `kms_key_arn`: its customer managed key. Null: the account's own `aws/ssm` key.
  EOT
  type = map(object({
    parameter_name = string
    kms_key_arn    = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for secret in values(var.provider_secrets) : can(regex("^(/?[A-Za-z0-9_.-]+)+$", secret.parameter_name))])
    error_message = "provider_secrets[*].parameter_name must be the name of an SSM parameter, without a wildcard."
  }

  validation {
    condition     = alltrue([for secret in values(var.provider_secrets) : secret.kms_key_arn == null ? true : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[a-z0-9-]+$", secret.kms_key_arn))])
    error_message = "provider_secrets[*].kms_key_arn must be null or the ARN of a KMS key."
  }
}

variable "packages" {
  description = <<-EOT
    Where the functions' packages are, if they are in S3, as signed ones are: Lambda reads them as who deploys. Null: they are uploaded with the deployment.
    - `bucket_arn`: the bucket.
    - `prefix`: what their keys begin with, such as `saga/`.
    - `kms_key_arn`: the customer managed key that the bucket is encrypted with. Null: none.
  EOT
  type = object({
    bucket_arn  = string
    prefix      = optional(string, "")
    kms_key_arn = optional(string)
  })
  default = null

  validation {
    condition     = var.packages == null ? true : can(regex("^arn:[a-z-]+:s3:::[a-z0-9.-]{3,63}$", var.packages.bucket_arn))
    error_message = "packages.bucket_arn must be the ARN of an S3 bucket."
  }

  validation {
    condition     = var.packages == null ? true : can(regex("^[A-Za-z0-9._/-]*$", var.packages.prefix))
    error_message = "packages.prefix must be the beginning of objects' keys, without a wildcard."
  }

  validation {
    condition     = try(var.packages.kms_key_arn, null) == null ? true : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[a-z0-9-]+$", var.packages.kms_key_arn))
    error_message = "packages.kms_key_arn must be null or the ARN of a KMS key."
  }
}

variable "audit_replica" {
  description = <<-EOT
    Where the audit trail's records are copied to, as `replica` of `modules/audit` has it. Null: nowhere.
    - `bucket_arn`: the bucket.
    - `kms_key_arn`: what it is encrypted with.
  EOT
  type = object({
    bucket_arn  = string
    kms_key_arn = string
  })
  default = null

  validation {
    condition     = var.audit_replica == null ? true : can(regex("^arn:[a-z-]+:s3:::[a-z0-9.-]{3,63}$", var.audit_replica.bucket_arn))
    error_message = "audit_replica.bucket_arn must be the ARN of an S3 bucket."
  }

  validation {
    condition     = var.audit_replica == null ? true : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[a-z0-9-]+$", var.audit_replica.kms_key_arn))
    error_message = "audit_replica.kms_key_arn must be the ARN of a KMS key."
  }
}

variable "edge" {
  description = <<-EOT
    What an edge, as `modules/edge` makes it, needs of what is there already. Null: the environment has none.
    - `access_logs_bucket_arn`: the bucket that CloudFront writes its access logs to.
    - `web_acl_arn`: the firewall, if it is not the edge's own.
  EOT
  type = object({
    access_logs_bucket_arn = string
    web_acl_arn            = optional(string)
  })
  default = null

  validation {
    condition     = var.edge == null ? true : can(regex("^arn:[a-z-]+:s3:::[a-z0-9.-]{3,63}$", var.edge.access_logs_bucket_arn))
    error_message = "edge.access_logs_bucket_arn must be the ARN of an S3 bucket."
  }

  validation {
    condition     = try(var.edge.web_acl_arn, null) == null ? true : can(regex("^arn:[a-z-]+:wafv2:us-east-1:[0-9]{12}:global/webacl/[A-Za-z0-9_-]+/[a-f0-9-]+$", var.edge.web_acl_arn))
    error_message = "edge.web_acl_arn must be null or the ARN of a web ACL of the scope CLOUDFRONT, which is in us-east-1."
  }
}

variable "session_seconds" {
  description = "Seconds that one session of the role lasts at most: longer than an apply takes."
  type        = number
  default     = 3600
  nullable    = false

  validation {
    condition     = var.session_seconds >= 3600 && var.session_seconds <= 43200 && floor(var.session_seconds) == var.session_seconds
    error_message = "session_seconds must be a whole number of seconds from 3600 to 43200, as IAM has it."
  }
}
