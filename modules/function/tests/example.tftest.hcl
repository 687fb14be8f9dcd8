mock_provider "aws" {
  override_during = plan

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
  }
}

run "the_example_of_the_readme" {
  command = plan

  module {
    source = "./examples/basic"
  }

  variables {
    package = {
      path   = "parcel.zip"
      sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    }
  }

  assert {
    condition     = output.arn == "arn:aws:lambda:eu-central-1:123456789012:function:shop-dev-parcel-book"
    error_message = "The example makes one function: ${output.arn}."
  }

  # The example writes the names out; here they are held against what the module makes.
  assert {
    condition     = jsondecode(aws_kms_key.parcel.policy).Statement[1].Condition.ArnEquals["kms:EncryptionContext:aws:logs:arn"] == module.book.log_group_arn
    error_message = "The key's policy names the function's log group."
  }

  assert {
    condition     = jsondecode(aws_kms_key.parcel.policy).Statement[2].Condition.ArnEquals["kms:EncryptionContext:aws:sqs:arn"] == module.book.queues.undelivered.arn
    error_message = "The key's policy names the function's undelivered queue."
  }
}
