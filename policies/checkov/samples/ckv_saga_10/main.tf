resource "aws_iam_role_policy" "pass_service" {
  role = "worker"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["kms:Decrypt"], Resource = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555", Condition = { StringEquals = { "kms:ViaService" = "sqs.eu-central-1.amazonaws.com" } } },
    ]
  })
}

resource "aws_iam_role_policy" "pass_context" {
  role = "worker"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555", Condition = { StringEquals = { "kms:EncryptionContext:tenant" = "north" } } },
    ]
  })
}

resource "aws_iam_role_policy" "fail" {
  role = "worker"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["kms:Decrypt"], Resource = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555" },
    ]
  })
}

resource "aws_iam_role_policy" "fail_if_exists" {
  role = "worker"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["kms:Decrypt"], Resource = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555", Condition = { StringEqualsIfExists = { "kms:ViaService" = "sqs.eu-central-1.amazonaws.com" } } },
    ]
  })
}

resource "aws_iam_role_policy" "fail_any_service" {
  role = "worker"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["kms:Decrypt"], Resource = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555", Condition = { StringLike = { "kms:ViaService" = "*" } } },
    ]
  })
}

# A permissions boundary allows nothing by itself: the check says nothing of it.
resource "aws_iam_policy" "boundary" {
  name = "shop-dev-boundary"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["kms:Decrypt"], Resource = "arn:aws:kms:eu-central-1:123456789012:key/*", Condition = { StringEquals = { "aws:ResourceTag/Environment" = "dev" } } },
    ]
  })
}

resource "aws_iam_policy" "fail_policy" {
  name = "shop-dev-boundary-of-nothing"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["kms:Decrypt"], Resource = "arn:aws:kms:eu-central-1:123456789012:key/*", Condition = { StringEquals = { "aws:ResourceTag/Environment" = "dev" } } },
    ]
  })
}
