variable "context" {
  description = <<-EOT
    Where the saga runs; the same object goes to every module. Checked by `modules/names`.
    - `namespace`: the platform; starts every name and every event source.
    - `environment`: the deployment of it; unique within an account.
    - `account_id`, `region`, `partition`: AWS account, region and partition that the functions are in.
    - `tags`: unused here, for the saga has no resources of its own.
  EOT
  type = object({
    namespace   = string
    environment = string
    account_id  = string
    region      = string
    partition   = optional(string, "aws")
    tags        = optional(map(string), {})
  })
  nullable = false
}

variable "name" {
  description = "The saga's name, for its diagram."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,31}$", var.name))
    error_message = "name must be 1 to 32 lower case letters, digits or underscores, a letter first."
  }
}

variable "steps" {
  description = <<-EOT
    The saga's steps in their order. The first is started from outside; each of the others by the success of the one before it. The last is the pivot: once it has succeeded nothing is reversed.
    - `name`: the step.
    - `service`: the service whose table holds the step's row. A saga has one row in a table, so a service takes one step.
    - `do`, `undo`: the service's functions that carry the step out and that reverse it.
    - `succeeded`, `failed`, `reversed`: detail types of the events that tell how the step ended.
  EOT
  type = list(object({
    name      = string
    service   = string
    do        = string
    undo      = string
    succeeded = string
    failed    = string
    reversed  = string
  }))
  nullable = false

  validation {
    condition     = length(var.steps) > 0
    error_message = "steps must hold at least one step."
  }

  validation {
    condition     = length(distinct(var.steps[*].name)) == length(var.steps)
    error_message = "steps must have different names."
  }

  validation {
    condition     = length(distinct(var.steps[*].service)) == length(var.steps)
    error_message = "steps must be of different services: a saga has one row in a service's table."
  }

  validation {
    condition     = length(distinct(concat(var.steps[*].do, var.steps[*].undo))) == 2 * length(var.steps)
    error_message = "steps must have different functions: a do or undo is named twice."
  }

  validation {
    condition     = length(distinct(concat(var.steps[*].succeeded, var.steps[*].failed, var.steps[*].reversed))) == 3 * length(var.steps)
    error_message = "steps must publish different events: a detail type is named twice."
  }

  validation {
    condition = alltrue([
      for identifier in concat(var.steps[*].name, var.steps[*].service, var.steps[*].do, var.steps[*].undo) :
      can(regex("^[a-z][a-z0-9_]{0,31}$", identifier))
    ])
    error_message = "steps[*].name, service, do and undo must be 1 to 32 lower case letters, digits or underscores, a letter first."
  }

  validation {
    condition = alltrue([
      for detail_type in concat(var.steps[*].succeeded, var.steps[*].failed, var.steps[*].reversed) :
      can(regex("^[A-Z][A-Za-z0-9]{0,63}$", detail_type))
    ])
    error_message = "steps[*].succeeded, failed and reversed must be 1 to 64 letters or digits, a capital first, such as StockReserved."
  }
}

variable "finalizers" {
  description = <<-EOT
    Functions that run when the saga has ended, by their names.
    - `service`: the service that the function belongs to.
    - `on_completed`, `on_reversed`: whether it runs on the success of the last step, and on the reversal of the first.
    - `publishes`: detail types of the events that it publishes itself, if any.
  EOT
  type = map(object({
    service      = string
    on_completed = optional(bool, true)
    on_reversed  = optional(bool, true)
    publishes    = optional(set(string), [])
  }))
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for identifier in concat(keys(var.finalizers), values(var.finalizers)[*].service) : can(regex("^[a-z][a-z0-9_]{0,31}$", identifier))
    ])
    error_message = "finalizers must have keys and services of 1 to 32 lower case letters, digits or underscores, a letter first."
  }

  validation {
    condition     = length(setintersection(keys(var.finalizers), concat(var.steps[*].do, var.steps[*].undo))) == 0
    error_message = "finalizers must be other functions than those of the steps."
  }

  validation {
    condition     = alltrue([for finalizer in values(var.finalizers) : finalizer.on_completed || finalizer.on_reversed])
    error_message = "finalizers[*] must run on_completed, on_reversed or both."
  }

  validation {
    condition     = alltrue(flatten([for finalizer in values(var.finalizers) : [for detail_type in finalizer.publishes : can(regex("^[A-Z][A-Za-z0-9]{0,63}$", detail_type))]]))
    error_message = "finalizers[*].publishes must be 1 to 64 letters or digits each, a capital first."
  }

  validation {
    condition = length(distinct(flatten([
      var.steps[*].succeeded, var.steps[*].failed, var.steps[*].reversed, [for finalizer in values(var.finalizers) : tolist(finalizer.publishes)],
    ]))) == 3 * length(var.steps) + sum(concat([0], [for finalizer in values(var.finalizers) : length(finalizer.publishes)]))
    error_message = "finalizers[*].publishes must not repeat a detail type, nor name one of the steps'."
  }
}

variable "deadline" {
  description = <<-EOT
    The event that says that a saga has taken too long; the last step is reversed on it unless it has succeeded.
    - `service`: the service that publishes it.
    - `detail_type`: its detail type.
  EOT
  type = object({
    service     = string
    detail_type = string
  })
  nullable = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,31}$", var.deadline.service))
    error_message = "deadline.service must be 1 to 32 lower case letters, digits or underscores, a letter first."
  }

  validation {
    condition     = can(regex("^[A-Z][A-Za-z0-9]{0,63}$", var.deadline.detail_type))
    error_message = "deadline.detail_type must be 1 to 64 letters or digits, a capital first."
  }

  validation {
    condition     = !contains(concat(local.published_by_steps, local.published_by_finalizers), var.deadline.detail_type)
    error_message = "deadline.detail_type must not be an event of a step or a finalizer."
  }
}

variable "cancellation" {
  description = <<-EOT
    The event that asks for the saga to be taken back; the last step is reversed on it unless it has succeeded. Null: a saga cannot be cancelled.
    - `service`: the service that publishes it.
    - `detail_type`: its detail type.
  EOT
  type = object({
    service     = string
    detail_type = string
  })
  default = null

  validation {
    condition     = var.cancellation == null ? true : can(regex("^[a-z][a-z0-9_]{0,31}$", var.cancellation.service))
    error_message = "cancellation.service must be 1 to 32 lower case letters, digits or underscores, a letter first."
  }

  validation {
    condition     = var.cancellation == null ? true : can(regex("^[A-Z][A-Za-z0-9]{0,63}$", var.cancellation.detail_type))
    error_message = "cancellation.detail_type must be 1 to 64 letters or digits, a capital first."
  }

  validation {
    condition = var.cancellation == null ? true : !contains(
      concat(local.published_by_steps, local.published_by_finalizers, [var.deadline.detail_type]), var.cancellation.detail_type
    )
    error_message = "cancellation.detail_type must not be an event of a step or a finalizer, nor the deadline's."
  }
}
