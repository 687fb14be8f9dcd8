output "role_arn" {
  description = "ARN of the deploy role."
  value       = aws_iam_role.this.arn
  depends_on  = [aws_iam_role_policy_attachment.this]
}

output "role_name" {
  description = "Name of the deploy role."
  value       = aws_iam_role.this.name
}

output "permissions_boundary_arn" {
  description = "ARN of the policy that every role of the platform has to carry as its permissions boundary."
  value       = aws_iam_policy.boundary.arn
}
