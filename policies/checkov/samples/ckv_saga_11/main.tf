resource "aws_iam_role_policy" "pass" {
  role = "worker"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["dynamodb:Query"], Resource = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-order" },
    ]
  })
}

resource "aws_iam_role_policy" "fail" {
  role = "worker"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["dynamodb:Query", "dynamodb:Scan"], Resource = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-order" },
    ]
  })
}

resource "aws_iam_role_policy" "fail_wildcard" {
  role = "worker"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "dynamodb:S*", Resource = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-order" },
    ]
  })
}
