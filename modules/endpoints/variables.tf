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

variable "vpc" {
  description = <<-EOT
    The VPC that the functions run in.
    - `id`: of the VPC. It has to resolve names by DNS.
    - `subnet_ids`: where the interface endpoints are, one in each availability zone that functions run in.
    - `security_group_ids`: who gets at the interface endpoints; they must admit the functions' security groups on port 443.
    - `route_table_ids`: of the functions' subnets, for the gateway endpoint.
  EOT
  type = object({
    id                 = string
    subnet_ids         = set(string)
    security_group_ids = set(string)
    route_table_ids    = set(string)
  })
  nullable = false

  validation {
    condition     = length(var.vpc.subnet_ids) > 0 && length(var.vpc.security_group_ids) > 0 && length(var.vpc.route_table_ids) > 0
    error_message = "vpc must name at least one subnet, one security group and one route table."
  }
}

variable "services" {
  description = "AWS services that the functions call: `dynamodb` (their tables), `events` (the relays), `ssm` (secrets of providers), `email` (SES: notices), `kms` (signatures of cursors), `lambda` (functions that call others)."
  type        = set(string)
  default     = ["dynamodb", "email", "events", "kms", "lambda", "ssm"]
  nullable    = false

  validation {
    condition     = length(var.services) > 0 && length(setsubtract(var.services, ["dynamodb", "email", "events", "kms", "lambda", "ssm"])) == 0
    error_message = "services must be of dynamodb, email, events, kms, lambda and ssm, and at least one."
  }
}
