resource "aws_iam_role_policy" "pass" {
  role = "worker"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["dynamodb:GetItem"], Resource = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-order" },
      { Effect = "Deny", Action = "ec2:*", Resource = "*" },
    ]
  })
}

resource "aws_iam_role_policy" "fail_service" {
  role = "worker"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "dynamodb:*", Resource = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-order" },
    ]
  })
}

resource "aws_iam_role_policy" "fail_prefix" {
  role = "worker"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["dynamodb:GetItem", "dynamodb:Batch*"], Resource = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-order" },
    ]
  })
}

resource "aws_iam_role_policy" "fail_all_but" {
  role = "worker"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", NotAction = ["iam:*"], Resource = "*" },
    ]
  })
}
