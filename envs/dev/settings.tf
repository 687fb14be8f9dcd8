# Everything in which this environment differs from the others. The bucket and its region are given to `terraform init`.
# The bucket encrypts what is put into it with its own key; `encrypt` would ask for another.
terraform {
  backend "s3" {
    key          = "saga/dev/terraform.tfstate"
    use_lockfile = true
  }
}

locals {
  environment = "dev"

  settings = {
    sandbox = true
    # { networks = ["<your network>"] } has a page of orders and their sagas, for callers from there alone.
    console                  = null
    functions                = {}
    throttling               = { rate_per_second = 20, burst = 40 }
    deadline_seconds         = 300
    log_level                = "DEBUG"
    log_retention_days       = 365
    archive_retention_days   = 14
    read_model               = { generations = ["g1"] }
    saga_log_retention_days  = 14
    deletion_protection      = false
    key_deletion_window_days = 7
    backups                  = { enabled = false }
    audit                    = null
  }
}
