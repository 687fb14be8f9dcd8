# The platform on an emulator of AWS on this machine. The emulator's address, the region and the credentials come from
# the environment: AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
terraform {
  backend "local" {}
}

provider "aws" {}

data "aws_caller_identity" "this" {}

data "aws_region" "this" {}

ephemeral "aws_secretsmanager_random_password" "sandbox" {
  password_length     = 48
  exclude_punctuation = true
}

module "platform" {
  source = "../.."

  environment = "local"
  account_id  = data.aws_caller_identity.this.account_id
  region      = data.aws_region.this.id

  packages = { directory = var.packages_s3 == null ? "${path.root}/../../dist" : null, s3 = var.packages_s3 }
  runtime  = var.runtime
  mail     = { from = "orders@shop.example" }
  jwt = {
    issuer   = "https://${aws_cognito_user_pool.customers.endpoint}"
    audience = [aws_cognito_user_pool_client.shop.id]
  }
  sandbox          = true
  console          = { networks = ["127.0.0.0/8", "::1/128"] }
  sandbox_secret   = ephemeral.aws_secretsmanager_random_password.sandbox.random_password
  execute_api_base = var.execute_api_base
  deadline_seconds = var.deadline_seconds
  log_level        = "DEBUG"
  read_model       = var.read_model

  # Functions on a small, busy machine start slowly, all the more so when five start at once.
  composer = { call_seconds = 20, total_seconds = 24 }
  cache = var.cache == null ? null : {
    server = {
      host     = var.cache.host
      port     = var.cache.port
      tls      = false
      user     = var.cache.user
      password = { parameter_name = aws_ssm_parameter.cache[0].name, kms_key_arn = local.cache_key_arn }
    }
    answer_seconds = 2
  }

  deletion_protection      = false
  key_deletion_window_days = 7
  code_signing             = var.code_signing
  vpc                      = var.vpc
}
