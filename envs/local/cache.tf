# The password of the data cache that runs on this machine.
resource "aws_kms_key" "cache" {
  count = var.cache == null ? 0 : 1

  description             = "Encrypts the password of the local data cache."
  enable_key_rotation     = true
  deletion_window_in_days = 7

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "LeaveItToIam"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.this.account_id}:root" }
      Action    = "kms:*"
      Resource  = "*"
    }]
  })
}

# The value is written and never read back: it is in no plan and in no state.
resource "aws_ssm_parameter" "cache" {
  count = var.cache == null ? 0 : 1

  name             = "/shop/local/cache/password"
  description      = "What the composer shows to the data cache."
  type             = "SecureString"
  key_id           = aws_kms_key.cache[0].arn
  value_wo         = var.cache_password
  value_wo_version = var.cache.port
}

locals {
  # A function's result is never null, which Terraform knows before it knows the ARN.
  cache_key_arn = one([for key in aws_kms_key.cache : format("%s", key.arn)])
}
