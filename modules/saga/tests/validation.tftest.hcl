variables {
  context = {
    namespace   = "theatre"
    environment = "test"
    account_id  = "123456789012"
    region      = "eu-central-1"
  }
  name = "booking"
  steps = [
    { name = "seats", service = "seats", do = "hold", undo = "release", succeeded = "Held", failed = "Refused", reversed = "Released" },
    { name = "charge", service = "payment", do = "charge", undo = "refund", succeeded = "Charged", failed = "Declined", reversed = "Refunded" },
  ]
  deadline = { service = "clock", detail_type = "BookingExpired" }
}

run "refuses_a_malformed_name" {
  command = plan

  variables {
    name = "Booking"
  }

  expect_failures = [var.name]
}

run "refuses_no_steps" {
  command = plan

  variables {
    steps = []
  }

  expect_failures = [var.steps]
}

run "refuses_a_step_named_twice" {
  command = plan

  variables {
    steps = [
      { name = "seats", service = "seats", do = "hold", undo = "release", succeeded = "Held", failed = "Refused", reversed = "Released" },
      { name = "seats", service = "payment", do = "charge", undo = "refund", succeeded = "Charged", failed = "Declined", reversed = "Refunded" },
    ]
  }

  expect_failures = [var.steps]
}

run "refuses_two_steps_of_a_service" {
  command = plan

  variables {
    steps = [
      { name = "seats", service = "seats", do = "hold", undo = "release", succeeded = "Held", failed = "Refused", reversed = "Released" },
      { name = "charge", service = "seats", do = "charge", undo = "refund", succeeded = "Charged", failed = "Declined", reversed = "Refunded" },
    ]
  }

  expect_failures = [var.steps]
}

run "refuses_a_do_named_twice" {
  command = plan

  variables {
    steps = [
      { name = "seats", service = "seats", do = "hold", undo = "release", succeeded = "Held", failed = "Refused", reversed = "Released" },
      { name = "charge", service = "payment", do = "hold", undo = "refund", succeeded = "Charged", failed = "Declined", reversed = "Refunded" },
    ]
  }

  expect_failures = [var.steps]
}

run "refuses_a_do_that_is_an_undo" {
  command = plan

  variables {
    steps = [
      { name = "seats", service = "seats", do = "hold", undo = "release", succeeded = "Held", failed = "Refused", reversed = "Released" },
      { name = "charge", service = "payment", do = "charge", undo = "hold", succeeded = "Charged", failed = "Declined", reversed = "Refunded" },
    ]
  }

  expect_failures = [var.steps]
}

run "refuses_an_event_named_twice" {
  command = plan

  variables {
    steps = [
      { name = "seats", service = "seats", do = "hold", undo = "release", succeeded = "Held", failed = "Refused", reversed = "Released" },
      { name = "charge", service = "payment", do = "charge", undo = "refund", succeeded = "Held", failed = "Declined", reversed = "Refunded" },
    ]
  }

  expect_failures = [var.steps]
}

run "refuses_an_event_with_two_meanings" {
  command = plan

  variables {
    steps = [
      { name = "seats", service = "seats", do = "hold", undo = "release", succeeded = "Held", failed = "Refused", reversed = "Released" },
      { name = "charge", service = "payment", do = "charge", undo = "refund", succeeded = "Charged", failed = "Refunded", reversed = "Refunded" },
    ]
  }

  expect_failures = [var.steps]
}

run "refuses_a_malformed_step_name" {
  command = plan

  variables {
    steps = [
      { name = "seats", service = "seats", do = "hold", undo = "release", succeeded = "Held", failed = "Refused", reversed = "Released" },
      { name = "the-charge", service = "payment", do = "charge", undo = "refund", succeeded = "Charged", failed = "Declined", reversed = "Refunded" },
    ]
  }

  expect_failures = [var.steps]
}

run "refuses_a_malformed_service" {
  command = plan

  variables {
    steps = [
      { name = "seats", service = "seats", do = "hold", undo = "release", succeeded = "Held", failed = "Refused", reversed = "Released" },
      { name = "charge", service = "Payment", do = "charge", undo = "refund", succeeded = "Charged", failed = "Declined", reversed = "Refunded" },
    ]
  }

  expect_failures = [var.steps]
}

run "refuses_a_malformed_do" {
  command = plan

  variables {
    steps = [
      { name = "seats", service = "seats", do = "hold", undo = "release", succeeded = "Held", failed = "Refused", reversed = "Released" },
      { name = "charge", service = "payment", do = "charge card", undo = "refund", succeeded = "Charged", failed = "Declined", reversed = "Refunded" },
    ]
  }

  expect_failures = [var.steps]
}

run "refuses_a_malformed_undo" {
  command = plan

  variables {
    steps = [
      { name = "seats", service = "seats", do = "hold", undo = "release", succeeded = "Held", failed = "Refused", reversed = "Released" },
      { name = "charge", service = "payment", do = "charge", undo = "", succeeded = "Charged", failed = "Declined", reversed = "Refunded" },
    ]
  }

  expect_failures = [var.steps]
}

run "refuses_a_malformed_succeeded" {
  command = plan

  variables {
    steps = [
      { name = "seats", service = "seats", do = "hold", undo = "release", succeeded = "Held", failed = "Refused", reversed = "Released" },
      { name = "charge", service = "payment", do = "charge", undo = "refund", succeeded = "charged", failed = "Declined", reversed = "Refunded" },
    ]
  }

  expect_failures = [var.steps]
}

run "refuses_a_malformed_failed" {
  command = plan

  variables {
    steps = [
      { name = "seats", service = "seats", do = "hold", undo = "release", succeeded = "Held", failed = "Refused", reversed = "Released" },
      { name = "charge", service = "payment", do = "charge", undo = "refund", succeeded = "Charged", failed = "Card Declined", reversed = "Refunded" },
    ]
  }

  expect_failures = [var.steps]
}

run "refuses_a_malformed_reversed" {
  command = plan

  variables {
    steps = [
      { name = "seats", service = "seats", do = "hold", undo = "release", succeeded = "Held", failed = "Refused", reversed = "Released" },
      { name = "charge", service = "payment", do = "charge", undo = "refund", succeeded = "Charged", failed = "Declined", reversed = "Card*" },
    ]
  }

  expect_failures = [var.steps]
}

run "refuses_a_malformed_finalizer" {
  command = plan

  variables {
    finalizers = { "send-tickets" = { service = "mail" } }
  }

  expect_failures = [var.finalizers]
}

run "refuses_a_malformed_service_of_a_finalizer" {
  command = plan

  variables {
    finalizers = { send_tickets = { service = "Mail" } }
  }

  expect_failures = [var.finalizers]
}

run "refuses_a_finalizer_that_is_a_step_function" {
  command = plan

  variables {
    finalizers = { refund = { service = "mail" } }
  }

  expect_failures = [var.finalizers]
}

run "refuses_a_finalizer_that_never_runs" {
  command = plan

  variables {
    finalizers = { send_tickets = { service = "mail", on_completed = false, on_reversed = false } }
  }

  expect_failures = [var.finalizers]
}

run "refuses_a_malformed_event_of_a_finalizer" {
  command = plan

  variables {
    finalizers = { send_tickets = { service = "mail", publishes = ["ticketsSent"] } }
  }

  expect_failures = [var.finalizers]
}

run "refuses_an_event_of_a_finalizer_that_a_step_publishes" {
  command = plan

  variables {
    finalizers = { send_tickets = { service = "mail", publishes = ["Held"] } }
  }

  expect_failures = [var.finalizers]
}

run "refuses_an_event_that_two_finalizers_publish" {
  command = plan

  variables {
    finalizers = {
      send_tickets = { service = "mail", publishes = ["Sent"] }
      send_receipt = { service = "mail", publishes = ["Sent"] }
    }
  }

  expect_failures = [var.finalizers]
}

run "refuses_a_malformed_service_of_the_deadline" {
  command = plan

  variables {
    deadline = { service = "saga-log", detail_type = "BookingExpired" }
  }

  expect_failures = [var.deadline]
}

run "refuses_a_malformed_event_of_the_deadline" {
  command = plan

  variables {
    deadline = { service = "clock", detail_type = "booking.expired" }
  }

  expect_failures = [var.deadline]
}

run "refuses_a_deadline_that_is_a_step_event" {
  command = plan

  variables {
    deadline = { service = "clock", detail_type = "Refused" }
  }

  expect_failures = [var.deadline]
}

run "refuses_a_malformed_service_of_the_cancellation" {
  command = plan

  variables {
    cancellation = { service = "the desk", detail_type = "CancellationAsked" }
  }

  expect_failures = [var.cancellation]
}

run "refuses_a_malformed_event_of_the_cancellation" {
  command = plan

  variables {
    cancellation = { service = "desk", detail_type = "" }
  }

  expect_failures = [var.cancellation]
}

run "refuses_a_cancellation_that_is_a_step_event" {
  command = plan

  variables {
    cancellation = { service = "desk", detail_type = "Held" }
  }

  expect_failures = [var.cancellation]
}

run "refuses_a_cancellation_that_is_the_deadline" {
  command = plan

  variables {
    cancellation = { service = "desk", detail_type = "BookingExpired" }
  }

  expect_failures = [var.cancellation]
}
