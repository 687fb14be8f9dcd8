# What the environments of one account and region stand on: the bucket of their Terraform states, GitHub's OIDC provider,
# and for each environment a deploy role with the boundary of the roles that it makes. An administrator applies it, once.
#
# Its own state starts on the administrator's machine and then moves into the bucket: docs/environments.md.
terraform {
  backend "local" {}
}

provider "aws" {
  default_tags {
    tags = {
      ManagedBy  = "terraform"
      Repository = "terraform-aws-saga"
    }
  }
}

data "aws_caller_identity" "this" {}

data "aws_region" "this" {}

data "aws_partition" "this" {}

locals {
  account_id = data.aws_caller_identity.this.account_id
  region     = data.aws_region.this.id
  partition  = data.aws_partition.this.partition
  tags       = { Platform = var.namespace }

  bucket_name = coalesce(var.state.bucket, "${var.namespace}-terraform-state-${local.account_id}-${local.region}")
  bucket_arn  = "arn:${local.partition}:s3:::${local.bucket_name}"
}
