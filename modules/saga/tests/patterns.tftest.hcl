# The patterns are compared whole: one that is missing, or there without being wanted, fails like a wrong one.

variables {
  context = {
    namespace   = "theatre"
    environment = "test"
    account_id  = "123456789012"
    region      = "eu-central-1"
  }
  name     = "booking"
  deadline = { service = "clock", detail_type = "BookingExpired" }
}

run "one_step" {
  command = plan

  variables {
    steps = [
      { name = "seats", service = "seats", do = "hold", undo = "release", succeeded = "Held", failed = "Refused", reversed = "Released" },
    ]
  }

  assert {
    condition = output.rules == {
      clock = {}
      seats = {
        hold = {}
        release = {
          failed = jsonencode({ source = ["theatre.seats"], detail-type = ["Refused"] })
          technical_failure = jsonencode({
            source      = ["lambda"]
            detail-type = ["Lambda Function Invocation Result - Failure"]
            detail = {
              requestContext = {
                functionArn = [
                  "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-seats-hold",
                  "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-seats-hold:$LATEST",
                ]
              }
            }
          })
          deadline = jsonencode({ source = ["theatre.clock"], detail-type = ["BookingExpired"] })
        }
      }
    }
    error_message = "one step: ${jsonencode(output.rules)}"
  }

  assert {
    condition     = output.sources == tomap({ clock = "theatre.clock", seats = "theatre.seats" })
    error_message = jsonencode(output.sources)
  }

  assert {
    condition     = keys(output.log_patterns) == tolist(["events_1", "events_2", "technical_failures_1"])
    error_message = jsonencode(output.log_patterns)
  }
}

run "two_steps" {
  command = plan

  variables {
    steps = [
      { name = "seats", service = "seats", do = "hold", undo = "release", succeeded = "Held", failed = "Refused", reversed = "Released" },
      { name = "charge", service = "payment", do = "charge", undo = "refund", succeeded = "Charged", failed = "Declined", reversed = "Refunded" },
    ]
    finalizers = {
      send_tickets = { service = "mail", on_reversed = false }
      apologize    = { service = "mail", on_completed = false }
    }
  }

  assert {
    condition = output.rules == {
      clock = {}
      mail = {
        apologize    = { reversed = jsonencode({ source = ["theatre.seats"], detail-type = ["Released"] }) }
        send_tickets = { completed = jsonencode({ source = ["theatre.payment"], detail-type = ["Charged"] }) }
      }
      seats = {
        hold = {}
        release = {
          failed = jsonencode({ source = ["theatre.seats"], detail-type = ["Refused"] })
          technical_failure = jsonencode({
            source      = ["lambda"]
            detail-type = ["Lambda Function Invocation Result - Failure"]
            detail = {
              requestContext = {
                functionArn = [
                  "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-seats-hold",
                  "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-seats-hold:$LATEST",
                ]
              }
            }
          })
          next_reversed = jsonencode({ source = ["theatre.payment"], detail-type = ["Refunded"] })
        }
      }
      payment = {
        charge = { previous_succeeded = jsonencode({ source = ["theatre.seats"], detail-type = ["Held"] }) }
        refund = {
          failed = jsonencode({ source = ["theatre.payment"], detail-type = ["Declined"] })
          technical_failure = jsonencode({
            source      = ["lambda"]
            detail-type = ["Lambda Function Invocation Result - Failure"]
            detail = {
              requestContext = {
                functionArn = [
                  "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-payment-charge",
                  "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-payment-charge:$LATEST",
                ]
              }
            }
          })
          deadline = jsonencode({ source = ["theatre.clock"], detail-type = ["BookingExpired"] })
        }
      }
    }
    error_message = "two steps: ${jsonencode(output.rules)}"
  }
}

run "four_steps_with_cancellation" {
  command = plan

  variables {
    steps = [
      { name = "booking", service = "desk", do = "open", undo = "close", succeeded = "Opened", failed = "Unopened", reversed = "Closed" },
      { name = "seats", service = "seats", do = "hold", undo = "release", succeeded = "Held", failed = "Refused", reversed = "Released" },
      { name = "charge", service = "payment", do = "charge", undo = "refund", succeeded = "Charged", failed = "Declined", reversed = "Refunded" },
      { name = "tickets", service = "print", do = "print", undo = "shred", succeeded = "Printed", failed = "Jammed", reversed = "Shredded" },
    ]
    finalizers   = { tell = { service = "mail", publishes = ["Told"] } }
    cancellation = { service = "desk", detail_type = "CancellationAsked" }
  }

  assert {
    condition = { for service, functions in output.rules : service => { for function, rules in functions : function => keys(rules) } } == {
      clock   = {}
      desk    = { open = [], close = ["failed", "next_reversed", "technical_failure"] }
      seats   = { hold = ["previous_succeeded"], release = ["failed", "next_reversed", "technical_failure"] }
      payment = { charge = ["previous_succeeded"], refund = ["failed", "next_reversed", "technical_failure"] }
      print   = { print = ["previous_succeeded"], shred = ["cancelled", "deadline", "failed", "technical_failure"] }
      mail    = { tell = ["completed", "reversed"] }
    }
    error_message = "keys of the rules: ${jsonencode(output.rules)}"
  }

  assert {
    condition = alltrue(flatten([
      for service, functions in output.rules : [
        for function, rules in functions : [
          for key, pattern in rules : jsondecode(pattern) == {
            "desk close failed"                 = { source = ["theatre.desk"], detail-type = ["Unopened"] }
            "desk close next_reversed"          = { source = ["theatre.seats"], detail-type = ["Released"] }
            "seats hold previous_succeeded"     = { source = ["theatre.desk"], detail-type = ["Opened"] }
            "seats release failed"              = { source = ["theatre.seats"], detail-type = ["Refused"] }
            "seats release next_reversed"       = { source = ["theatre.payment"], detail-type = ["Refunded"] }
            "payment charge previous_succeeded" = { source = ["theatre.seats"], detail-type = ["Held"] }
            "payment refund failed"             = { source = ["theatre.payment"], detail-type = ["Declined"] }
            "payment refund next_reversed"      = { source = ["theatre.print"], detail-type = ["Shredded"] }
            "print print previous_succeeded"    = { source = ["theatre.payment"], detail-type = ["Charged"] }
            "print shred failed"                = { source = ["theatre.print"], detail-type = ["Jammed"] }
            "print shred deadline"              = { source = ["theatre.clock"], detail-type = ["BookingExpired"] }
            "print shred cancelled"             = { source = ["theatre.desk"], detail-type = ["CancellationAsked"] }
            "mail tell completed"               = { source = ["theatre.print"], detail-type = ["Printed"] }
            "mail tell reversed"                = { source = ["theatre.desk"], detail-type = ["Closed"] }
          }["${service} ${function} ${key}"] if key != "technical_failure"
        ]
      ]
    ]))
    error_message = "event patterns: ${jsonencode(output.rules)}"
  }

  assert {
    condition = alltrue([
      for service, functions in { desk = ["open", "close"], seats = ["hold", "release"], payment = ["charge", "refund"], print = ["print", "shred"] } :
      jsondecode(output.rules[service][functions[1]].technical_failure) == {
        source      = ["lambda"]
        detail-type = ["Lambda Function Invocation Result - Failure"]
        detail = {
          requestContext = {
            functionArn = [
              for qualifier in ["", ":$LATEST"] : "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-${service}-${functions[0]}${qualifier}"
            ]
          }
        }
      }
    ])
    error_message = "technical failures: ${jsonencode(output.rules)}"
  }

  assert {
    condition = output.log_patterns == tomap({
      events_1 = jsonencode({ source = ["theatre.clock"], detail-type = ["BookingExpired"] })
      events_2 = jsonencode({ source = ["theatre.desk"], detail-type = ["CancellationAsked", "Closed", "Opened", "Unopened"] })
      events_3 = jsonencode({ source = ["theatre.mail"], detail-type = ["Told"] })
      events_4 = jsonencode({ source = ["theatre.payment"], detail-type = ["Charged", "Declined", "Refunded"] })
      events_5 = jsonencode({ source = ["theatre.print"], detail-type = ["Jammed", "Printed", "Shredded"] })
      events_6 = jsonencode({ source = ["theatre.seats"], detail-type = ["Held", "Refused", "Released"] })
      technical_failures_1 = jsonencode({
        source      = ["lambda"]
        detail-type = ["Lambda Function Invocation Result - Failure"]
        detail = {
          requestContext = {
            functionArn = flatten([
              for function in ["payment-charge", "seats-hold", "desk-open", "print-print"] : [
                for qualifier in ["", ":$LATEST"] : "arn:aws:lambda:eu-central-1:123456789012:function:theatre-test-${function}${qualifier}"
              ]
            ])
          }
        }
      })
    })
    error_message = "log patterns: ${jsonencode(output.log_patterns)}"
  }

  assert {
    condition = jsonencode([for detail_type in ["Held", "Told", "BookingExpired", "CancellationAsked"] : output.events[detail_type]]) == jsonencode([
      { service = "seats", source = "theatre.seats", step = "seats", schema = "Held.v1" },
      { service = "mail", source = "theatre.mail", step = null, schema = "Told.v1" },
      { service = "clock", source = "theatre.clock", step = null, schema = "BookingExpired.v1" },
      { service = "desk", source = "theatre.desk", step = null, schema = "CancellationAsked.v1" },
    ])
    error_message = "events: ${jsonencode(output.events)}"
  }

  assert {
    condition     = output.completed == "Printed" && output.reversed == "Closed"
    error_message = "ends of the saga: ${output.completed}, ${output.reversed}"
  }

  assert {
    condition     = length(output.events) == 15
    error_message = "events: ${jsonencode(keys(output.events))}"
  }

  assert {
    condition     = output.function_names["tell"] == "theatre-test-mail-tell" && length(output.function_names) == 9
    error_message = jsonencode(output.function_names)
  }

  assert {
    condition     = output.mermaid == <<-EOT
      ---
      title: booking
      ---
      flowchart LR
        subgraph service_desk [desk]
          function_close[close]
          function_open[open]
        end
        subgraph service_mail [mail]
          function_tell[tell]
        end
        subgraph service_payment [payment]
          function_charge[charge]
          function_refund[refund]
        end
        subgraph service_print [print]
          function_print[print]
          function_shred[shred]
        end
        subgraph service_seats [seats]
          function_hold[hold]
          function_release[release]
        end
        start([start]) --> function_open
        function_open -- Opened --> function_hold
        function_hold -- Held --> function_charge
        function_charge -- Charged --> function_print
        function_open -. Unopened .-> function_close
        function_open -. technical failure .-> function_close
        function_hold -. Refused .-> function_release
        function_hold -. technical failure .-> function_release
        function_charge -. Declined .-> function_refund
        function_charge -. technical failure .-> function_refund
        function_print -. Jammed .-> function_shred
        function_print -. technical failure .-> function_shred
        control_BookingExpired([clock]) -. BookingExpired .-> function_shred
        control_CancellationAsked([desk]) -. CancellationAsked .-> function_shred
        function_shred -. Shredded .-> function_refund
        function_refund -. Refunded .-> function_release
        function_release -. Released .-> function_close
        function_print -- Printed --> function_tell
        function_close -. Closed .-> function_tell
    EOT
    error_message = output.mermaid
  }
}

run "patterns_with_the_longest_names_fit" {
  command = plan

  variables {
    finalizers = {
      tell = { service = "abcdefghijklmnopqrstuvwxyz_0123m", publishes = [for number in range(10, 40) : "Dbcdefghijklmnopqrstuvwxyz0123456789Abcdefghijklmnopqrstuvwxyz${number}"] }
    }
    context = {
      namespace   = "abcdefghijklmnopqrstuvwxyz012345"
      environment = "abcdefghijklmnopqrstuvwxyz012345"
      account_id  = "123456789012"
      region      = "us-gov-west-1"
      partition   = "aws-us-gov"
    }
    steps = [
      for number in range(10, 30) : {
        name      = "s${number}", service = "abcdefghijklmnopqrstuvwxyz_012${number}", do = "do_${number}", undo = "undo_${number}",
        succeeded = "Abcdefghijklmnopqrstuvwxyz0123456789Abcdefghijklmnopqrstuvwxyz${number}"
        failed    = "Bbcdefghijklmnopqrstuvwxyz0123456789Abcdefghijklmnopqrstuvwxyz${number}"
        reversed  = "Cbcdefghijklmnopqrstuvwxyz0123456789Abcdefghijklmnopqrstuvwxyz${number}"
      }
    ]
  }

  assert {
    condition     = alltrue([for pattern in values(output.log_patterns) : length(pattern) <= 2048])
    error_message = "EventBridge takes patterns of at most 2048 characters: ${jsonencode([for pattern in values(output.log_patterns) : length(pattern)])}"
  }

  assert {
    condition = toset(keys(output.log_patterns)) == setunion(
      [for number in range(1, 24) : "events_${number}"], [for number in range(1, 4) : "technical_failures_${number}"]
    )
    error_message = "one for each service, two for the one that publishes most, as few as that takes: ${jsonencode(keys(output.log_patterns))}"
  }

  assert {
    condition = toset(flatten([for pattern in values(output.log_patterns) : jsondecode(pattern).detail-type])) == setunion(
      keys(output.events), ["Lambda Function Invocation Result - Failure"]
    )
    error_message = "an event of the saga is in none of the log patterns"
  }
}
