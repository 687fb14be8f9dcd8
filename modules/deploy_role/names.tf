# Computed, so that role, boundary and policies can name each other. The role and its policies are under a path of their
# own: what the role may do to `role/<namespace>-<environment>-*` does not reach itself or its boundary.
module "names" {
  source = "../names"

  context = var.context
  names = {
    role     = { parts = ["deploy"], limit = 64 }
    boundary = { parts = ["boundary"], limit = 128 }
    # One for each group of services: a policy has at most 6144 characters.
    data     = { parts = ["deploy", "data"], limit = 128 }
    cache    = { parts = ["deploy", "cache"], limit = 128 }
    run      = { parts = ["deploy", "run"], limit = 128 }
    events   = { parts = ["deploy", "events"], limit = 128 }
    observe  = { parts = ["deploy", "observe"], limit = 128 }
    identity = { parts = ["deploy", "identity"], limit = 128 }
    edge     = { parts = ["deploy", "edge"], limit = 128 }
  }
}

locals {
  path        = "/deploy/"
  prefix      = "${var.context.namespace}-${var.context.environment}-"
  iam         = "arn:${var.context.partition}:iam::${var.context.account_id}"
  boundary    = "${local.iam}:policy${local.path}${module.names.names.boundary}"
  region_arn  = "${var.context.region}:${var.context.account_id}"
  environment = var.context.environment

  # `arn:<partition>:<service>:<region>:<account>:`
  in = { for service in [
    "backup", "cloudtrail", "cloudwatch", "dynamodb", "ec2", "elasticache", "events", "kms", "lambda", "logs", "memorydb", "ses", "sns", "sqs", "ssm",
  ] : service => "arn:${var.context.partition}:${service}:${local.region_arn}" }

  audit_bucket_arn = "arn:${var.context.partition}:s3:::${local.prefix}audit-*"

  mail_identity_arns = [for identity in sort(var.mail_identities) : "${local.in.ses}:identity/${identity}"]

  # Keys have no names; the platform tags each with its environment.
  tagged = { StringEquals = {
    "aws:ResourceTag/Environment" = local.environment
    "aws:ResourceTag/Platform"    = var.context.namespace
  } }
  # What has a random id is made with the same tags, and found by them from then on.
  tagging = { StringEquals = {
    "aws:RequestTag/Environment" = local.environment
    "aws:RequestTag/Platform"    = var.context.namespace
  } }
}
