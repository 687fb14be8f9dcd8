locals {
  # What a pattern is made of, by what it is for. An event: source and detail type. A technical failure: the report that
  # Lambda's on-failure destination makes of an asynchronous invocation whose retries are used up.
  event_patterns = {
    for detail_type, event in local.events : detail_type => jsonencode({ source = [event.source], detail-type = [detail_type] })
  }
  technical_failure_patterns = {
    for step in var.steps : step.do => jsonencode(merge(local.technical_failure, {
      detail = { requestContext = { functionArn = local.reported_arns[step.do] } }
    }))
  }
  technical_failure = {
    source      = ["lambda"]
    detail-type = ["Lambda Function Invocation Result - Failure"]
  }
  # Lambda reports the qualifier that was invoked, and $LATEST where a rule's target names none.
  reported_arns = { for function, arn in local.function_arns : function => [arn, "${arn}:$LATEST"] }

  last = length(var.steps) - 1

  do_rules = {
    for index, step in var.steps : step.do => {
      for key, detail_type in { previous_succeeded = index == 0 ? null : var.steps[max(index - 1, 0)].succeeded } :
      key => local.event_patterns[detail_type] if detail_type != null
    }
  }
  undo_rules = {
    for index, step in var.steps : step.undo => merge(
      { failed = local.event_patterns[step.failed], technical_failure = local.technical_failure_patterns[step.do] },
      {
        for key, detail_type in {
          next_reversed = index == local.last ? null : var.steps[min(index + 1, local.last)].reversed
          deadline      = index == local.last ? var.deadline.detail_type : null
          cancelled     = index == local.last && var.cancellation != null ? var.cancellation.detail_type : null
        } : key => local.event_patterns[detail_type] if detail_type != null
      },
    )
  }
  finalizer_rules = {
    for name, finalizer in var.finalizers : name => {
      for key, detail_type in {
        completed = finalizer.on_completed ? var.steps[local.last].succeeded : null
        reversed  = finalizer.on_reversed ? var.steps[0].reversed : null
      } : key => local.event_patterns[detail_type] if detail_type != null
    }
  }

  rules_of_functions = merge(local.do_rules, local.undo_rules, local.finalizer_rules)
  rules = {
    for service in local.services : service => {
      for function, owner in local.services_of_functions : function => local.rules_of_functions[function] if owner == service
    }
  }
}

locals {
  # A pattern has at most 2048 characters: as many detail types or functions in one as surely fit, with what is around them.
  # Each service has patterns of its own. Sources and detail types in one pattern would match every pair of them, also an
  # event that another service publishes than the one whose it is.
  longest_detail_type    = max([for detail_type in keys(local.events) : length(detail_type)]...)
  longest_arn            = max([for arn in values(local.function_arns) : length("${arn}:$LATEST")]...)
  detail_types_a_pattern = floor((2048 - 112) / (local.longest_detail_type + 3))
  functions_a_pattern    = floor((2048 - 160) / (2 * local.longest_arn + 6))

  detail_types_by_service = { for detail_type, event in local.events : event.service => detail_type... }
  published_event_patterns = flatten([
    for service, detail_types in local.detail_types_by_service : [
      for chunk in chunklist(sort(detail_types), local.detail_types_a_pattern) : jsonencode({ source = [local.sources[service]], detail-type = chunk })
    ]
  ])

  log_patterns = merge(
    { for index, pattern in local.published_event_patterns : "events_${index + 1}" => pattern },
    {
      for index, functions in chunklist(sort(var.steps[*].do), local.functions_a_pattern) : "technical_failures_${index + 1}" => jsonencode(merge(
        local.technical_failure,
        { detail = { requestContext = { functionArn = flatten([for function in functions : local.reported_arns[function]]) } } },
      ))
    },
  )
}
