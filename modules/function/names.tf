# Every name and ARN is computed from static inputs: a policy can name what does not exist yet, nothing waits in a
# circle, and a plan shows whole policies.

module "names" {
  source = "../names"

  context = var.context
  names = merge(
    {
      function    = { parts = [var.service, var.name], limit = 64 }
      undelivered = { parts = [var.service, var.name, "undelivered"], limit = 80 }
      failed      = { parts = [var.service, var.name, "failed"], limit = 80 }
      events      = { parts = [var.service, var.name, "events"], limit = 80 }
      # IAM is global: the region keeps two regions of one environment apart.
      role = { parts = [var.service, var.name, replace(var.context.region, "-", "")], limit = 64 }
    },
    { for key in keys(local.triggers) : "rule/${key}" => { parts = [var.service, var.name, key], limit = 64 } },
  )
}

module "alarm_names" {
  source = "../names"

  context = var.context
  names   = { for key in keys(local.alarms) : key => { parts = [var.service, var.name, replace(key, "/", "_")], limit = 255 } }
}

locals {
  region_arn = "${var.context.region}:${var.context.account_id}"

  function_name  = module.names.names.function
  function_arn   = "arn:${var.context.partition}:lambda:${local.region_arn}:function:${local.function_name}"
  role_name      = module.names.names.role
  role_arn       = "arn:${var.context.partition}:iam::${var.context.account_id}:role/${local.role_name}"
  log_group_name = "/aws/lambda/${local.function_name}"
  log_group_arn  = "arn:${var.context.partition}:logs:${local.region_arn}:log-group:${local.log_group_name}"

  queue_names = { for key in ["undelivered", "failed", "events"] : key => module.names.names[key] }
  queue_arns  = { for key, name in local.queue_names : key => "arn:${var.context.partition}:sqs:${local.region_arn}:${name}" }

  # Rules of a bus of one's own carry its name in their ARN; those of the default bus, which schedules are, do not.
  rule_names = { for key in keys(local.triggers) : key => module.names.names["rule/${key}"] }
  rule_arns = {
    for key, trigger in local.triggers : key => join("/", compact([
      "arn:${var.context.partition}:events:${local.region_arn}:rule", trigger.bus_name == "default" ? "" : trigger.bus_name, local.rule_names[key],
    ]))
  }

  tags = merge(var.context.tags, { Service = var.service, Function = var.name })
}
