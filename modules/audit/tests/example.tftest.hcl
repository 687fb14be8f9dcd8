mock_provider "aws" {
  override_during = plan

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/shop-prod-audit" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/cloudtrail/shop-prod-audit" }
  }
}

run "the_example_of_the_readme" {
  command = plan

  module {
    source = "./examples/basic"
  }

  assert {
    condition     = output.bucket.name == "shop-prod-audit-123456789012-eu-central-1"
    error_message = "The example makes a bucket: ${output.bucket.name}."
  }
}
