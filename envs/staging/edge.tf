# What customers reach their API by, if anything: CloudFront with a firewall. All of it belongs to us-east-1.
provider "aws" {
  alias  = "us_east_1"
  region = "us-east-1"

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

module "edge" {
  source    = "../../modules/edge"
  count     = var.edge == null ? 0 : 1
  providers = { aws = aws.us_east_1 }

  context = {
    namespace   = var.namespace
    environment = local.environment
    account_id  = data.aws_caller_identity.this.account_id
    region      = "us-east-1"
    partition   = data.aws_partition.this.partition
    tags        = { Platform = var.namespace, Environment = local.environment }
  }

  domain = {
    name            = try(var.domain.name, "")
    certificate_arn = var.edge.certificate_arn
  }
  origin = {
    domain_name         = try(module.platform.customer_api.domain_target.name, "")
    standby_domain_name = var.edge.standby_domain_name
  }
  key       = try(var.edge_keys[0], "")
  routes    = try(module.platform.customer_api.routes, [])
  countries = var.edge.countries

  web_acl_arn              = var.edge.web_acl_arn
  requests_per_5_minutes   = var.edge.requests_per_5_minutes
  access_logs              = var.edge.access_logs
  log_retention_days       = local.settings.log_retention_days
  key_deletion_window_days = local.settings.key_deletion_window_days
  alarms                   = { actions = [var.edge.alarm_topic_arn] }
}
