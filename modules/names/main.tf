locals {
  whole = {
    for key, name in var.names : key => join("-", concat([var.context.namespace, var.context.environment], name.parts))
  }

  # A name that is too long keeps its readable start and ends with a hash of the whole, so that two long names that
  # start alike stay apart.
  names = {
    for key, name in var.names : key => (
      length(local.whole[key]) <= name.limit
      ? local.whole[key]
      : "${substr(local.whole[key], 0, name.limit - 9)}-${substr(sha256(local.whole[key]), 0, 8)}"
    )
  }
}
