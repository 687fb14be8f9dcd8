resource "aws_iam_role_policy" "pass" {
  role = "worker"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["dynamodb:Query"], Resource = ["arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-order", "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-order/index/by_state"] },
    ]
  })
}

resource "aws_iam_role_policy" "fail_prefix" {
  role = "worker"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["dynamodb:GetItem"], Resource = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-*" },
    ]
  })
}

resource "aws_iam_role_policy" "fail_any" {
  role = "worker"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["dynamodb:GetItem"], Resource = "*" },
    ]
  })
}

# Whoever deploys makes tables, and reads none.
resource "aws_iam_role_policy" "pass_management" {
  role = "deploy"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["dynamodb:CreateTable"], Resource = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-*" },
    ]
  })
}

# A permissions boundary allows nothing by itself: the check says nothing of it.
resource "aws_iam_policy" "boundary" {
  name = "shop-dev-boundary"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["dynamodb:GetItem"], Resource = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-*" },
    ]
  })
}

resource "aws_iam_policy" "fail_policy" {
  name = "shop-dev-boundary-of-nothing"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["dynamodb:GetItem"], Resource = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-*" },
    ]
  })
}
