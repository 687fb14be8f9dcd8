output "role_arn" {
  description = "ARN of the deploy role."
  value       = module.deploy_role.role_arn
}

output "permissions_boundary_arn" {
  description = "ARN of the permissions boundary."
  value       = module.deploy_role.permissions_boundary_arn
}
