locals {
  default_tags = {
    ManagedBy  = "terraform"
    Repository = "terraform-aws-saga"
  }
}

provider "aws" {
  default_tags {
    tags = local.default_tags
  }

  dynamic "assume_role" {
    for_each = compact([var.deploy_role_arn])

    content {
      role_arn     = assume_role.value
      session_name = "terraform-${local.environment}"
    }
  }
}

data "aws_caller_identity" "this" {}

data "aws_region" "this" {}

data "aws_partition" "this" {}

# Never kept: it goes into the sandbox's parameter when that is made.
ephemeral "aws_secretsmanager_random_password" "sandbox" {
  count = local.settings.sandbox ? 1 : 0

  password_length     = 48
  exclude_punctuation = true
}

module "platform" {
  source = "../.."

  namespace   = var.namespace
  environment = local.environment
  account_id  = data.aws_caller_identity.this.account_id
  region      = data.aws_region.this.id
  partition   = data.aws_partition.this.partition

  packages         = var.packages == null ? { directory = "${path.root}/../../dist", s3 = null } : var.packages
  mail             = var.mail
  jwt              = var.jwt
  cors             = var.cors
  domain           = var.domain
  edge             = var.edge == null ? null : { key_digests = nonsensitive([for key in var.edge_keys : sha256(key)]) }
  sandbox          = local.settings.sandbox
  console          = local.settings.console
  sandbox_secret   = one(ephemeral.aws_secretsmanager_random_password.sandbox[*].random_password)
  payment_provider = var.payment_provider
  carrier          = var.carrier

  functions               = local.settings.functions
  throttling              = local.settings.throttling
  deadline_seconds        = local.settings.deadline_seconds
  log_level               = local.settings.log_level
  log_retention_days      = local.settings.log_retention_days
  saga_log_retention_days = local.settings.saga_log_retention_days
  archive_retention_days  = local.settings.archive_retention_days
  read_model              = local.settings.read_model

  deletion_protection      = local.settings.deletion_protection
  key_deletion_window_days = local.settings.key_deletion_window_days
  backups                  = local.settings.backups
  audit                    = local.settings.audit
  alarms                   = { topic = var.alarm_topic_arn == null ? null : { arn = var.alarm_topic_arn } }
  permissions_boundary_arn = var.permissions_boundary_arn
  code_signing             = var.code_signing
  vpc                      = var.vpc
}
