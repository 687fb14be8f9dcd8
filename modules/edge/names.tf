module "names" {
  source = "../names"

  context = var.context
  names = {
    edge    = { parts = [var.name], limit = 128 }
    key     = { parts = [var.name], limit = 250 }
    errors  = { parts = [var.name, "errors"], limit = 255 }
    blocked = { parts = [var.name, "blocked"], limit = 255 }
  }
}

locals {
  name = module.names.names.edge
  # WAF takes no other beginning.
  log_group_name = "aws-waf-logs-${local.name}"
  log_group_arn  = "arn:${var.context.partition}:logs:${var.context.region}:${var.context.account_id}:log-group:${local.log_group_name}"
}
