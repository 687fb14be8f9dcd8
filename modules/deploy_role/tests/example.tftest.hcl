mock_provider "aws" {
  override_during = plan

  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::123456789012:policy/deploy/shop-staging-boundary" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/deploy/shop-staging-deploy" }
  }
}

run "the_example_of_the_readme" {
  command = plan

  module {
    source = "./examples/basic"
  }

  assert {
    condition     = output.role_arn == "arn:aws:iam::123456789012:role/deploy/shop-staging-deploy"
    error_message = "The example makes a role: ${output.role_arn}."
  }

  assert {
    condition     = output.permissions_boundary_arn == "arn:aws:iam::123456789012:policy/deploy/shop-staging-boundary"
    error_message = "The example makes a boundary."
  }
}
