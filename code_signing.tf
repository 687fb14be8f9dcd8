# Lambda refuses, or counts, what was not signed by a profile that is trusted.
resource "aws_lambda_code_signing_config" "this" {
  count = var.code_signing == null ? 0 : 1

  description = "Packages of ${var.namespace} in ${var.environment}."
  tags        = local.context.tags

  allowed_publishers {
    signing_profile_version_arns = var.code_signing.profile_version_arns
  }

  policies {
    untrusted_artifact_on_deployment = var.code_signing.untrusted
  }
}

locals {
  code_signing_config_arn = one(aws_lambda_code_signing_config.this[*].arn)
}
