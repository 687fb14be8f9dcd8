resource "aws_dynamodb_table" "pass" {
  name         = "sample-pass"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"
  tags         = { Environment = "prod" }

  deletion_protection_enabled = true

  point_in_time_recovery {
    enabled = true
  }

  attribute {
    name = "pk"
    type = "S"
  }
}

resource "aws_dynamodb_table" "pass_elsewhere" {
  name         = "sample-pass_elsewhere"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"
  tags         = { Environment = "dev" }

  attribute {
    name = "pk"
    type = "S"
  }
}

resource "aws_dynamodb_table" "fail_protection" {
  name         = "sample-fail_protection"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"
  tags         = { Environment = "prod-eu" }

  point_in_time_recovery {
    enabled = true
  }

  attribute {
    name = "pk"
    type = "S"
  }
}

resource "aws_dynamodb_table" "fail_recovery" {
  name         = "sample-fail_recovery"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"
  tags         = { Environment = "live" }

  deletion_protection_enabled = true

  attribute {
    name = "pk"
    type = "S"
  }
}

resource "aws_dynamodb_table" "fail_untagged" {
  name         = "sample-fail_untagged"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"

  attribute {
    name = "pk"
    type = "S"
  }
}
