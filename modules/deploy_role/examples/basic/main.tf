# The role that the workflow of one repository deploys shop's staging environment with.
module "deploy_role" {
  source = "../.."

  context = var.context
  github = {
    provider_arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    repository   = "example/shop"
  }
  state = {
    bucket_arn  = "arn:aws:s3:::example-terraform-state"
    key         = "saga/staging/terraform.tfstate"
    kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }
  mail_identities = ["orders@example.com"]
}
