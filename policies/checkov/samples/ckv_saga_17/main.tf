resource "aws_kms_key" "pass" {
  description = "Sample."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Principal = { AWS = "arn:aws:iam::123456789012:root" }, Action = "kms:*", Resource = "*" },
      { Effect = "Allow", Principal = { Service = "logs.eu-central-1.amazonaws.com" }, Action = ["kms:Encrypt", "kms:Decrypt"], Resource = "*", Condition = { ArnEquals = { "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:eu-central-1:123456789012:log-group:app" } } },
    ]
  })
}

resource "aws_kms_key" "fail" {
  description = "Sample."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Principal = { AWS = "arn:aws:iam::123456789012:root" }, Action = "kms:*", Resource = "*" },
      { Effect = "Allow", Principal = { Service = "logs.eu-central-1.amazonaws.com" }, Action = ["kms:Encrypt", "kms:Decrypt"], Resource = "*" },
    ]
  })
}
