# Every name and ARN is computed from static inputs, so that policies can name what does not exist yet.

module "names" {
  source = "../names"

  context = var.context
  names = {
    bus     = { parts = [var.name], limit = 256 }
    archive = { parts = [var.name], limit = 48 }
    queue   = { parts = [var.name, "undecryptable"], limit = 80 }
    key     = { parts = [var.name], limit = 250 }
    alarm   = { parts = [var.name, "undecryptable"], limit = 255 }
  }
}

locals {
  region_arn = "${var.context.region}:${var.context.account_id}"

  bus_name    = module.names.names.bus
  bus_arn     = "arn:${var.context.partition}:events:${local.region_arn}:event-bus/${local.bus_name}"
  archive_arn = "arn:${var.context.partition}:events:${local.region_arn}:archive/${module.names.names.archive}"
  queue_name  = module.names.names.queue
  queue_arn   = "arn:${var.context.partition}:sqs:${local.region_arn}:${local.queue_name}"
}
