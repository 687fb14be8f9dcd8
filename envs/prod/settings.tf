# Everything in which this environment differs from the others. The bucket and its region are given to `terraform init`.
# The bucket encrypts what is put into it with its own key; `encrypt` would ask for another.
terraform {
  backend "s3" {
    key          = "saga/prod/terraform.tfstate"
    use_lockfile = true
  }
}

locals {
  environment = "prod"

  settings = {
    sandbox = false
    # { networks = ["<your network>"] } has a page of orders and their sagas, for callers from there alone.
    console = null
    functions = {
      "order/place_order"       = { memory_size = 512, reserved_concurrency = 50 }
      "inventory/chk_inventory" = { memory_size = 512, reserved_concurrency = 50 }
      # At most this many calls of a provider at once: more would only be throttled there.
      "payment/process_pymt" = { memory_size = 512, reserved_concurrency = 50 }
      "shipping/shipping"    = { memory_size = 512, reserved_concurrency = 50 }
    }
    throttling               = { rate_per_second = 500, burst = 1000 }
    deadline_seconds         = 900
    log_level                = "INFO"
    log_retention_days       = 400
    archive_retention_days   = 400
    read_model               = { generations = ["g1"] }
    saga_log_retention_days  = null
    deletion_protection      = true
    key_deletion_window_days = 30
    # Once the days of grace are over, nobody empties the vault before its time, and nobody takes the lock off: 14 days to
    # try it out in. { mode = "governance" } can be taken off again.
    backups = { enabled = true, lock = { mode = "compliance", grace_days = 14 }, monthly = { cold_after_days = 35 } }
    # {} records who read and wrote every table; each record costs.
    audit = null
  }
}
