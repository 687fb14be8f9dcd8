output "state" {
  description = "The bucket of the states: name, region, ARN of its key. The first two are what `terraform init` of an environment is given."
  value = {
    bucket      = aws_s3_bucket.state.id
    region      = local.region
    kms_key_arn = aws_kms_key.state.arn
  }
}

output "environments" {
  description = "For each environment: ARN of its deploy role, and of the boundary that its roles carry."
  value = {
    for name, role in module.deploy_role : name => {
      deploy_role_arn          = role.role_arn
      permissions_boundary_arn = role.permissions_boundary_arn
    }
  }
}
