run "the_example_of_the_readme" {
  command = plan

  module {
    source = "./examples/basic"
  }

  assert {
    condition     = output.names == { function = "shop-dev-parcel-book", queue = "shop-dev-parcel-book-failed" }
    error_message = "The example names a function and its queue."
  }
}
