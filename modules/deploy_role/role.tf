resource "aws_iam_role" "this" {
  name                 = module.names.names.role
  path                 = local.path
  description          = "Deploys ${var.context.namespace} to ${local.environment}."
  max_session_duration = var.session_seconds

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for github in var.github == null ? [] : [var.github] : {
        Sid       = "LetTheWorkflowOfOneRepositoryAndEnvironment"
        Effect    = "Allow"
        Principal = { Federated = github.provider_arn }
        Action    = "sts:AssumeRoleWithWebIdentity"
        Condition = { StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
          "token.actions.githubusercontent.com:sub" = "repo:${github.repository}:${coalesce(github.subject, "environment:${local.environment}")}"
        } }
      }],
      [for principals in length(var.principal_arns) == 0 ? [] : [sort(var.principal_arns)] : {
        Sid       = "LetPeople"
        Effect    = "Allow"
        Principal = { AWS = principals }
        Action    = "sts:AssumeRole"
      }],
    )
  })

  tags = var.context.tags
}

resource "aws_iam_policy" "this" {
  for_each = local.statements

  name        = module.names.names[each.key]
  path        = local.path
  description = "What the deployment of ${var.context.namespace} to ${local.environment} needs: ${each.key}."
  policy      = jsonencode({ Version = "2012-10-17", Statement = each.value })
  tags        = var.context.tags
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = local.statements

  role       = aws_iam_role.this.name
  policy_arn = aws_iam_policy.this[each.key].arn
}
