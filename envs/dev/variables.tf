variable "namespace" {
  description = "The platform's name."
  type        = string
  default     = "shop"
  nullable    = false
}

variable "packages" {
  description = "Where the functions' packages are, as `packages` of the root module. Null: what `scripts/build` left in `dist`."
  type = object({
    directory = optional(string)
    s3 = optional(object({
      bucket = string
      prefix = optional(string, "")
      sha256 = map(string)
    }))
  })
  default = null
}

variable "mail" {
  description = "What customers' mail is sent as, as `mail` of the root module."
  type = object({
    from         = string
    identity_arn = optional(string)
  })
  nullable = false
}

variable "jwt" {
  description = "Whose tokens customers show to the API of their own, as `jwt` of the root module. Null: there is none."
  type = object({
    issuer   = string
    audience = set(string)
    claim    = optional(string, "sub")
  })
  default = null
}

variable "cors" {
  description = "What pages of other origins may do with the API. Null: nothing."
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
  description = "The API's domain name. Null: AWS's name for the API."
  type = object({
    name            = string
    certificate_arn = string
    only            = optional(bool, true)
  })
  default = null
}

variable "edge" {
  description = <<-EOT
    What customers reach their API by, as `modules/edge` makes it: CloudFront with a firewall. Null: they reach it directly. It needs `jwt`, `domain` and `edge_keys`.
    - `certificate_arn`: the domain name's certificate in ACM in us-east-1.
    - `countries`: from which customers may call, by their codes of two letters.
    - `access_logs`: the bucket that CloudFront writes a line for each request to.
    - `alarm_topic_arn`: the SNS topic that alarms tell, in us-east-1.
    - `web_acl_arn`: the firewall. Null: one is made.
    - `requests_per_5_minutes`: of one address, after which that one refuses more.
    - `standby_domain_name`: who is asked for what the API fails to read.
  EOT
  type = object({
    certificate_arn = string
    countries       = set(string)
    access_logs = object({
      bucket = string
      prefix = optional(string, "edge/")
    })
    alarm_topic_arn        = string
    web_acl_arn            = optional(string)
    requests_per_5_minutes = optional(number)
    standby_domain_name    = optional(string)
  })
  default = null
}

variable "edge_keys" {
  description = "What shows the API that a request came by the edge. The first is sent; all count, so that a new one can take an old one's place."
  type        = list(string)
  default     = []
  sensitive   = true
  nullable    = false
}

variable "payment_provider" {
  description = "The payment service provider, as `payment_provider` of the root module. Null: the sandbox, where there is one."
  type = object({
    url            = string
    parameter_name = string
    kms_key_arn    = optional(string)
  })
  default = null
}

variable "carrier" {
  description = "The carrier, as `carrier` of the root module. Null: the sandbox, where there is one."
  type = object({
    url            = string
    parameter_name = string
    kms_key_arn    = optional(string)
  })
  default = null
}

variable "alarm_topic_arn" {
  description = "ARN of the SNS topic that alarms tell. Null: one of the platform's own. It has to be known at plan."
  type        = string
  default     = null
}

variable "deploy_role_arn" {
  description = "ARN of the role that Terraform assumes to deploy, as `envs/bootstrap` makes it. Null: it has the credentials already, as a workflow does that has assumed it."
  type        = string
  default     = null
}

variable "permissions_boundary_arn" {
  description = "ARN of the policy that bounds every role's permissions. The deploy role makes no role without it. Null: no boundary."
  type        = string
  default     = null
}

variable "code_signing" {
  description = "Who has to have signed the packages, as `code_signing` of the root module. To be said here: null, where unsigned packages are accepted, is refused in production."
  type = object({
    profile_version_arns = set(string)
    untrusted            = optional(string, "Enforce")
  })
}

variable "vpc" {
  description = "Subnets and security groups that every function runs in, as `vpc` of the root module. To be said here: null, outside any VPC of yours, is refused in production."
  type = object({
    subnet_ids         = set(string)
    security_group_ids = set(string)
    owner_account_id   = optional(string)
  })
}
