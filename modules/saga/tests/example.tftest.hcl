run "the_example_of_the_readme" {
  command = plan

  module {
    source = "./examples/basic"
  }

  assert {
    condition     = keys(output.rules.seats) == ["hold_seats", "release_seats"] && keys(output.rules.payment.refund_card) == ["deadline", "failed", "technical_failure"]
    error_message = "The example derives the rules of two steps: ${jsonencode(output.rules)}."
  }

  assert {
    condition     = strcontains(output.diagram, "function_refund_card -. CardRefunded .-> function_release_seats")
    error_message = "The example draws the saga: ${output.diagram}"
  }
}
