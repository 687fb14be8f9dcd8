mock_provider "aws" {
  override_during = plan

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/shop-prod-backups" }
  }
}

run "the_example_of_the_readme" {
  command = plan

  module {
    source = "./examples/basic"
  }

  assert {
    condition     = output.vault.name == "shop-prod-backups"
    error_message = "The example makes a vault: ${output.vault.name}."
  }
}
