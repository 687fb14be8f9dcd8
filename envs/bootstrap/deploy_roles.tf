# AWS checks GitHub's certificate by itself; no thumbprint has to be kept up to date.
resource "aws_iam_openid_connect_provider" "github" {
  count = var.repository != null && var.oidc_provider_arn == null ? 1 : 0

  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
  tags           = local.tags
}

module "deploy_role" {
  source   = "../../modules/deploy_role"
  for_each = var.environments

  context = {
    namespace   = var.namespace
    environment = each.key
    account_id  = local.account_id
    region      = local.region
    partition   = local.partition
    tags        = merge(local.tags, { Environment = each.key })
  }
  github = var.repository == null ? null : {
    provider_arn = coalesce(var.oidc_provider_arn, "arn:${local.partition}:iam::${local.account_id}:oidc-provider/token.actions.githubusercontent.com")
    repository   = var.repository
    subject      = each.value.subject
  }
  principal_arns   = each.value.principal_arns
  mail_identities  = each.value.mail_identities
  provider_secrets = each.value.provider_secrets
  packages         = each.value.packages
  audit_replica    = each.value.audit_replica
  edge             = each.value.edge

  state = {
    bucket_arn  = local.bucket_arn
    key         = "saga/${each.key}/terraform.tfstate"
    kms_key_arn = aws_kms_key.state.arn
  }

  depends_on = [aws_iam_openid_connect_provider.github]
}
