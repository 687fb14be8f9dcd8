module "names" {
  source = "../names"

  context = var.context
  names = {
    trail       = { parts = [var.name], limit = 128 }
    key         = { parts = [var.name], limit = 250 }
    logs        = { parts = [var.name, "logs"], limit = 64 }
    replication = { parts = [var.name, "replication"], limit = 64 }
  }
}

locals {
  region_arn = "${var.context.region}:${var.context.account_id}"
  trail_name = module.names.names.trail
  trail_arn  = "arn:${var.context.partition}:cloudtrail:${local.region_arn}:trail/${local.trail_name}"
  # S3 has neither underscores nor more than 63 characters: what is too long is cut, and told apart by its account.
  bucket_suffix = "-${var.context.account_id}-${var.context.region}"
  bucket_name   = "${substr(replace(local.trail_name, "_", "-"), 0, 63 - length(local.bucket_suffix))}${local.bucket_suffix}"
  bucket_arn    = "arn:${var.context.partition}:s3:::${local.bucket_name}"
  log_group     = "/aws/cloudtrail/${local.trail_name}"
  log_group_arn = "arn:${var.context.partition}:logs:${local.region_arn}:log-group:${local.log_group}"
}
