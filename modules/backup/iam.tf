# What AWS's own policy for backups (AWSBackupServiceRolePolicyForBackup) has for DynamoDB, for these tables alone. It
# cannot restore: whoever restores does that with a role of their own, which need not be there before.
resource "aws_iam_role" "this" {
  name                 = module.names.names.role
  description          = "Backs up the tables of ${var.context.namespace} in ${var.context.environment}."
  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "backup.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.context.account_id } }
    }]
  })

  tags = var.context.tags
}

resource "aws_iam_role_policy" "this" {
  name = "backup"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "BackUpTables"
        Effect   = "Allow"
        Action   = ["dynamodb:CreateBackup", "dynamodb:DescribeTable", "dynamodb:ListTagsOfResource", "dynamodb:StartAwsBackupJob"]
        Resource = local.table_arns
      },
      {
        Sid      = "EndBackups"
        Effect   = "Allow"
        Action   = ["dynamodb:DeleteBackup", "dynamodb:DescribeBackup"]
        Resource = [for arn in local.table_arns : "${arn}/backup/*"]
      },
    ]
  })
}
