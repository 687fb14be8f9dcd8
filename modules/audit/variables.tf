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
  description = "The trail's name within the environment. In AWS it is called `<namespace>-<environment>-<name>`, and its bucket has that name followed by account and region."
  type        = string
  default     = "audit"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{0,15}$", var.name))
    error_message = "name must be 1 to 16 lower case letters or digits, a letter first."
  }
}

variable "tables" {
  description = "ARNs of the DynamoDB tables of which every read and write is recorded, by a name of the caller's."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.tables) > 0
    error_message = "tables must hold at least one table."
  }

  validation {
    condition     = alltrue([for arn in values(var.tables) : can(regex("^arn:[a-z-]+:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[A-Za-z0-9_.-]+$", arn))])
    error_message = "tables must be ARNs of DynamoDB tables, without a wildcard."
  }
}

variable "functions" {
  description = "ARNs of the Lambda functions of which every invocation is recorded, by a name of the caller's."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for arn in values(var.functions) : can(regex("^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+$", arn))])
    error_message = "functions must be ARNs of Lambda functions, without a version or a wildcard."
  }
}

variable "reads" {
  description = "Whether reads of tables are recorded as well as writes. They are most of what there is, and of what it costs."
  type        = bool
  default     = true
  nullable    = false
}

variable "management_events" {
  description = "Whether the trail records what is done to resources too, in every region. False where the account or the organization has a trail that does."
  type        = bool
  default     = true
  nullable    = false
}

variable "retention_days" {
  description = "Days that records are kept in the bucket."
  type        = number
  default     = 400
  nullable    = false

  validation {
    condition     = var.retention_days >= 90 && floor(var.retention_days) == var.retention_days
    error_message = "retention_days must be a whole number of days of at least 90."
  }
}

variable "object_lock" {
  description = <<-EOT
    The bucket's lock: no record is deleted or changed before its time. Null: none. It can only be chosen when the bucket is made.
    - `mode`: `GOVERNANCE`, which whoever has the permission goes around, or `COMPLIANCE`, which nobody does.
    - `days`: how long, at most `retention_days`.
  EOT
  type = object({
    mode = string
    days = number
  })
  default = null

  validation {
    condition     = var.object_lock == null ? true : contains(["GOVERNANCE", "COMPLIANCE"], var.object_lock.mode)
    error_message = "object_lock.mode must be GOVERNANCE or COMPLIANCE."
  }

  validation {
    condition     = var.object_lock == null ? true : var.object_lock.days >= 1 && var.object_lock.days <= var.retention_days && floor(var.object_lock.days) == var.object_lock.days
    error_message = "object_lock.days must be a whole number of days from 1 to retention_days."
  }
}

variable "access_logs" {
  description = <<-EOT
    Where S3 writes who got at the bucket. Null: nowhere.
    - `bucket`: a bucket of the account and region.
    - `prefix`: what the logs' names begin with.
  EOT
  type = object({
    bucket = string
    prefix = optional(string, "audit/")
  })
  default = null

  validation {
    condition     = var.access_logs == null ? true : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.access_logs.bucket))
    error_message = "access_logs.bucket must be the name of an S3 bucket."
  }
}

variable "replica" {
  description = <<-EOT
    A bucket in another region, or of another account, that takes a copy of every record. Null: none.
    - `bucket_arn`: the bucket; it is versioned.
    - `kms_key_arn`: what the copies are encrypted with.
  EOT
  type = object({
    bucket_arn  = string
    kms_key_arn = string
  })
  default = null

  validation {
    condition     = var.replica == null ? true : can(regex("^arn:[a-z-]+:s3:::[a-z0-9.-]{3,63}$", var.replica.bucket_arn))
    error_message = "replica.bucket_arn must be the ARN of an S3 bucket."
  }

  validation {
    condition     = var.replica == null ? true : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[a-z0-9-]+$", var.replica.kms_key_arn))
    error_message = "replica.kms_key_arn must be the ARN of a KMS key."
  }
}

variable "log_retention_days" {
  description = "Days that records are kept in CloudWatch Logs, to search in."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of the periods that CloudWatch Logs offers, for example 30, 90 or 365."
  }
}

variable "topic_arn" {
  description = "ARN of the SNS topic that is told of every file of records. Its policy and its key's must let `cloudtrail.amazonaws.com` publish. Null: none."
  type        = string
  default     = null

  validation {
    condition     = var.topic_arn == null ? true : can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.topic_arn))
    error_message = "topic_arn must be null or the ARN of an SNS topic."
  }
}

variable "key_deletion_window_days" {
  description = "Days between a request to delete the trail's KMS key and its deletion."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.key_deletion_window_days >= 7 && var.key_deletion_window_days <= 30
    error_message = "key_deletion_window_days must be from 7 to 30."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the policy that bounds the roles' permissions. Null: no boundary."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null ? true : can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn must be null or the ARN of an IAM policy."
  }
}
