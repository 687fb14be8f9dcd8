# Everything in which this environment differs from the others. The bucket and its region are given to `terraform init`.
# The bucket encrypts what is put into it with its own key; `encrypt` would ask for another.
terraform {
  backend "s3" {
    key          = "saga/staging/terraform.tfstate"
    use_lockfile = true
  }
}

locals {
  environment = "staging"

  settings = {
    sandbox = true
    # { networks = ["<your network>"] } has a page of orders and their sagas, for callers from there alone.
    console                  = null
    functions                = {}
    throttling               = { rate_per_second = 100, burst = 200 }
    deadline_seconds         = 900
    log_level                = "INFO"
    log_retention_days       = 365
    archive_retention_days   = 90
    read_model               = { generations = ["g1"] }
    saga_log_retention_days  = 90
    deletion_protection      = true
    key_deletion_window_days = 14
    backups                  = { enabled = false }
    audit                    = null
  }
}
