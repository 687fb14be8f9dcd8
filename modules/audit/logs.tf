# The same records, to search in.
resource "aws_cloudwatch_log_group" "this" {
  name              = local.log_group
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.this.arn
  tags              = var.context.tags
}

resource "aws_iam_role" "logs" {
  name                 = module.names.names.logs
  description          = "Writes the records of ${local.trail_name} to CloudWatch Logs."
  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn, "aws:SourceAccount" = var.context.account_id } }
    }]
  })

  tags = var.context.tags
}

resource "aws_iam_role_policy" "logs" {
  name = "write"
  role = aws_iam_role.logs.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid    = "WriteRecords"
      Effect = "Allow"
      Action = ["logs:CreateLogStream", "logs:PutLogEvents"]
      # CloudTrail names its streams `<account>_CloudTrail_<region>`.
      Resource = ["${local.log_group_arn}:log-stream:${var.context.account_id}_CloudTrail_*"]
    }]
  })
}
