locals {
  # Every function of the saga, by its name.
  services_of_functions = merge(
    { for step in var.steps : step.do => step.service },
    { for step in var.steps : step.undo => step.service },
    { for name, finalizer in var.finalizers : name => finalizer.service },
  )
  function_names = module.names.names
  function_arns = {
    for function, name in local.function_names :
    function => "arn:${var.context.partition}:lambda:${var.context.region}:${var.context.account_id}:function:${name}"
  }
}

module "names" {
  source = "../names"

  context = var.context
  names   = { for function, service in local.services_of_functions : function => { parts = [service, function], limit = 64 } }
}
