locals {
  # Identifiers are prefixed, for a function called end or style would be a word of Mermaid's. Solid arrows go on, dotted ones turn the saga back.
  mermaid_services = flatten([
    for service, functions in local.rules : length(functions) == 0 ? [] : concat(
      ["subgraph service_${service} [${service}]"],
      [for function in keys(functions) : "  function_${function}[${function}]"],
      ["end"],
    )
  ])
  mermaid_arrows = concat(
    ["start([start]) --> function_${var.steps[0].do}"],
    [
      for index in range(local.last) :
      "function_${var.steps[index].do} -- ${var.steps[index].succeeded} --> function_${var.steps[index + 1].do}"
    ],
    flatten([
      for step in var.steps : [
        for reason in [step.failed, "technical failure"] : "function_${step.do} -. ${reason} .-> function_${step.undo}"
      ]
    ]),
    [
      for control in [var.deadline, var.cancellation] :
      "control_${control.detail_type}([${control.service}]) -. ${control.detail_type} .-> function_${var.steps[local.last].undo}"
      if control != null
    ],
    [
      for index in reverse(range(local.last)) :
      "function_${var.steps[index + 1].undo} -. ${var.steps[index + 1].reversed} .-> function_${var.steps[index].undo}"
    ],
    flatten([
      for name, finalizer in var.finalizers : concat(
        finalizer.on_completed ? ["function_${var.steps[local.last].do} -- ${var.steps[local.last].succeeded} --> function_${name}"] : [],
        finalizer.on_reversed ? ["function_${var.steps[0].undo} -. ${var.steps[0].reversed} .-> function_${name}"] : [],
      )
    ]),
  )

  mermaid = join("\n", concat(
    ["---", "title: ${var.name}", "---", "flowchart LR"],
    [for line in concat(local.mermaid_services, local.mermaid_arrows) : "  ${line}"],
    [""],
  ))
}
