resource "aws_dynamodb_table" "mine" {
  name         = "sample-dev-mine"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"
  tags         = { Service = "order" }

  attribute {
    name = "pk"
    type = "S"
  }
}

resource "aws_dynamodb_table" "theirs" {
  name         = "sample-dev-theirs"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"
  tags         = { Service = "payment" }

  attribute {
    name = "pk"
    type = "S"
  }
}

resource "aws_iam_role" "order" {
  name               = "sample-dev-order-place"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }] })
  tags               = { Service = "order" }
}

resource "aws_iam_role_policy" "pass" {
  role = aws_iam_role.order.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["dynamodb:GetItem"], Resource = "arn:aws:dynamodb:eu-central-1:123456789012:table/sample-dev-mine" },
      { Effect = "Allow", Action = ["kms:Decrypt"], Resource = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555", Condition = { StringEquals = { "kms:ViaService" = "dynamodb.eu-central-1.amazonaws.com", "kms:EncryptionContext:aws:dynamodb:tableName" = "sample-dev-mine" } } },
    ]
  })
}

resource "aws_iam_role_policy" "fail_table" {
  role = aws_iam_role.order.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["dynamodb:GetItem"], Resource = "arn:aws:dynamodb:eu-central-1:123456789012:table/sample-dev-theirs" },
    ]
  })
}

resource "aws_iam_role_policy" "fail_index" {
  role = aws_iam_role.order.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["dynamodb:Query"], Resource = "arn:aws:dynamodb:eu-central-1:123456789012:table/sample-dev-theirs/index/by_state" },
    ]
  })
}

resource "aws_iam_role_policy" "fail_key" {
  role = aws_iam_role.order.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["kms:Decrypt"], Resource = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555", Condition = { StringEquals = { "kms:ViaService" = "dynamodb.eu-central-1.amazonaws.com", "kms:EncryptionContext:aws:dynamodb:tableName" = "sample-dev-theirs" } } },
    ]
  })
}

# A table of another deployment: by its name.
resource "aws_iam_role_policy" "fail_table_elsewhere" {
  role = aws_iam_role.order.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["dynamodb:GetItem"], Resource = "arn:aws:dynamodb:eu-central-1:123456789012:table/sample-prod-shipping" },
    ]
  })
}
