locals {
  published_by_steps      = concat(var.steps[*].succeeded, var.steps[*].failed, var.steps[*].reversed)
  published_by_finalizers = flatten([for finalizer in values(var.finalizers) : tolist(finalizer.publishes)])

  services = toset(concat(
    var.steps[*].service,
    values(var.finalizers)[*].service,
    [var.deadline.service],
    var.cancellation == null ? [] : [var.cancellation.service],
  ))
  sources = { for service in local.services : service => "${var.context.namespace}.${service}" }

  step_events = merge([
    for step in var.steps : {
      for outcome in ["succeeded", "failed", "reversed"] : step[outcome] => { service = step.service, step = step.name }
    }
  ]...)
  finalizer_events = merge([
    for finalizer in values(var.finalizers) : { for detail_type in finalizer.publishes : detail_type => { service = finalizer.service, step = null } }
  ]...)
  control_events = {
    for control in [var.deadline, var.cancellation] : control.detail_type => { service = control.service, step = null } if control != null
  }

  events = {
    for detail_type, event in merge(local.step_events, local.finalizer_events, local.control_events) : detail_type => {
      service = event.service
      source  = local.sources[event.service]
      step    = event.step
      schema  = "${detail_type}.v1"
    }
  }
}
