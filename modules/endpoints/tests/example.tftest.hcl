mock_provider "aws" {
  override_during = plan
}

run "the_example_of_the_readme" {
  command = plan

  module {
    source = "./examples/basic"
  }

  assert {
    condition     = keys(output.ids) == ["dynamodb", "email", "events", "kms", "lambda", "ssm"]
    error_message = "The example makes an endpoint for each service: ${jsonencode(keys(output.ids))}."
  }
}
