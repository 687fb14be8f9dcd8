mock_provider "aws" {}

variables {
  environment = "test"
  account_id  = "123456789012"
  region      = "eu-central-1"
  packages = {
    s3 = {
      bucket = "packages"
      sha256 = { for name in ["composer", "console", "inventory", "notification", "order", "payment", "read_model", "relay", "saga_log", "sandbox", "shipping"] : name => "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
    }
  }
  mail             = { from = "orders@example.com" }
  payment_provider = { url = "https://psp.example.com", parameter_name = "/psp" }
  carrier          = { url = "https://carrier.example.com", parameter_name = "/carrier" }
  vpc              = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
  code_signing     = { profile_version_arns = ["arn:aws:signer:eu-central-1:123456789012:/signing-profiles/releases/a1b2c3d4e5"] }
}

run "refuses_a_malformed_namespace" {
  command = plan

  variables {
    namespace = "Shop"
  }

  expect_failures = [var.namespace]
}

run "refuses_a_malformed_environment" {
  command = plan

  variables {
    environment = "dev one"
  }

  expect_failures = [var.environment]
}

run "refuses_a_short_account" {
  command = plan

  variables {
    account_id = "12345678901"
  }

  expect_failures = [var.account_id]
}

run "refuses_a_region_that_is_none" {
  command = plan

  variables {
    region = "Frankfurt"
  }

  expect_failures = [var.region]
}

run "refuses_a_partition_that_is_none" {
  command = plan

  variables {
    partition = "azure"
  }

  expect_failures = [var.partition]
}

run "refuses_no_packages" {
  command = plan

  variables {
    packages = {}
  }

  expect_failures = [var.packages]
}

run "refuses_packages_in_two_places" {
  command = plan

  variables {
    packages = { directory = "dist", s3 = { bucket = "packages", sha256 = {} } }
  }

  expect_failures = [var.packages]
}

run "refuses_packages_without_a_hash" {
  command = plan

  variables {
    packages = { s3 = { bucket = "packages", sha256 = { order = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" } } }
  }

  expect_failures = [var.packages]
}

run "refuses_an_old_runtime" {
  command = plan

  variables {
    runtime = "python3.10"
  }

  expect_failures = [var.runtime]
}

run "refuses_an_architecture_that_is_none" {
  command = plan

  variables {
    architecture = "arm"
  }

  expect_failures = [var.architecture]
}

run "refuses_a_function_that_is_none" {
  command = plan

  variables {
    functions = { "order/place_ordr" = { memory_size = 512 } }
  }

  expect_failures = [var.functions]
}

run "refuses_a_relay_of_a_service_without" {
  command = plan

  variables {
    functions = { "sandbox/relay" = { memory_size = 512 } }
  }

  expect_failures = [var.functions]
}

run "refuses_a_log_level_that_is_none" {
  command = plan

  variables {
    log_level = "WARNING"
  }

  expect_failures = [var.log_level]
}

run "refuses_a_deadline_too_near" {
  command = plan

  variables {
    deadline_seconds = 59
  }

  expect_failures = [var.deadline_seconds]
}

run "refuses_a_deadline_too_far" {
  command = plan

  variables {
    deadline_seconds = 604801
  }

  expect_failures = [var.deadline_seconds]
}

run "refuses_half_a_second" {
  command = plan

  variables {
    deadline_seconds = 60.5
  }

  expect_failures = [var.deadline_seconds]
}

run "refuses_to_call_a_saga_stuck_too_soon" {
  command = plan

  variables {
    stuck_after_seconds = 59
  }

  expect_failures = [var.stuck_after_seconds]
}

run "refuses_to_call_a_saga_stuck_too_late" {
  command = plan

  variables {
    stuck_after_seconds = 604801
  }

  expect_failures = [var.stuck_after_seconds]
}

run "refuses_to_call_a_saga_stuck_after_half_a_second" {
  command = plan

  variables {
    stuck_after_seconds = 600.5
  }

  expect_failures = [var.stuck_after_seconds]
}

run "refuses_limits_of_a_route_that_is_none" {
  command = plan

  variables {
    throttling = { routes = { "GET /nothing" = { rate_per_second = 1, burst = 1 } } }
  }

  expect_failures = [var.throttling]
}

run "refuses_a_console_for_nobody" {
  command = plan

  variables {
    console = { networks = [] }
  }

  expect_failures = [var.console]
}

run "refuses_an_address_for_a_network" {
  command = plan

  variables {
    console = { networks = ["203.0.113.7"] }
  }

  expect_failures = [var.console]
}

run "refuses_a_network_with_bits_after_its_prefix" {
  command = plan

  variables {
    console = { networks = ["203.0.113.7/24"] }
  }

  expect_failures = [var.console]
}

run "refuses_a_console_for_everybody" {
  command = plan

  variables {
    console = { networks = ["0.0.0.0/0"] }
  }

  expect_failures = [var.console]
}

run "refuses_a_console_for_every_long_address" {
  command = plan

  variables {
    console = { networks = ["203.0.113.0/24", "::/0"] }
  }

  expect_failures = [var.console]
}

run "refuses_a_sandbox_in_production" {
  command = plan

  variables {
    environment    = "prod"
    sandbox        = true
    sandbox_secret = "0123456789abcdef0123456789abcdef"
  }

  expect_failures = [var.sandbox]
}

run "refuses_a_sandbox_in_a_second_production" {
  command = plan

  variables {
    environment    = "production-eu"
    sandbox        = true
    sandbox_secret = "0123456789abcdef0123456789abcdef"
  }

  expect_failures = [var.sandbox]
}

run "refuses_no_payment_provider" {
  command = plan

  variables {
    payment_provider = null
  }

  expect_failures = [var.payment_provider]
}

run "refuses_a_payment_provider_without_tls" {
  command = plan

  variables {
    payment_provider = { url = "http://psp.example.com", parameter_name = "/psp" }
  }

  expect_failures = [var.payment_provider]
}

run "refuses_an_arn_for_the_payment_provider_s_parameter" {
  command = plan

  variables {
    payment_provider = { url = "https://psp.example.com", parameter_name = "arn:aws:ssm:eu-central-1:123456789012:parameter/psp" }
  }

  expect_failures = [var.payment_provider]
}

run "refuses_a_claim_that_is_none" {
  command = plan

  variables {
    jwt = { issuer = "https://login.example.com", audience = ["shop"], claim = "customer id" }
  }

  expect_failures = [var.jwt]
}

run "refuses_an_edge_without_keys" {
  command = plan

  variables {
    jwt    = { issuer = "https://login.example.com", audience = ["shop"] }
    domain = { name = "api.example.com", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/11111111-2222-3333-4444-555555555555" }
    edge   = { key_digests = [] }
  }

  expect_failures = [var.edge]
}

run "refuses_a_key_of_the_edge_in_the_place_of_its_digest" {
  command = plan

  variables {
    jwt    = { issuer = "https://login.example.com", audience = ["shop"] }
    domain = { name = "api.example.com", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/11111111-2222-3333-4444-555555555555" }
    edge   = { key_digests = ["0123456789abcdef0123456789abcdef"] }
  }

  expect_failures = [var.edge]
}

run "refuses_an_edge_without_customers" {
  command = plan

  variables {
    domain = { name = "api.example.com", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/11111111-2222-3333-4444-555555555555" }
    edge   = { key_digests = ["0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"] }
  }

  expect_failures = [var.edge]
}

run "refuses_an_edge_without_a_domain" {
  command = plan

  variables {
    jwt  = { issuer = "https://login.example.com", audience = ["shop"] }
    edge = { key_digests = ["0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"] }
  }

  expect_failures = [var.edge]
}

run "refuses_an_edge_with_a_way_around" {
  command = plan

  variables {
    jwt    = { issuer = "https://login.example.com", audience = ["shop"] }
    domain = { name = "api.example.com", only = false, certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/11111111-2222-3333-4444-555555555555" }
    edge   = { key_digests = ["0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"] }
  }

  expect_failures = [var.edge]
}

run "refuses_no_carrier" {
  command = plan

  variables {
    carrier = null
  }

  expect_failures = [var.carrier]
}

run "refuses_a_carrier_without_tls" {
  command = plan

  variables {
    carrier = { url = "http://carrier.example.com", parameter_name = "/carrier" }
  }

  expect_failures = [var.carrier]
}

run "refuses_an_arn_for_the_carrier_s_parameter" {
  command = plan

  variables {
    carrier = { url = "https://carrier.example.com", parameter_name = "arn:aws:ssm:eu-central-1:123456789012:parameter/carrier" }
  }

  expect_failures = [var.carrier]
}

run "refuses_a_malformed_address" {
  command = plan

  variables {
    mail = { from = "orders" }
  }

  expect_failures = [var.mail]
}

run "refuses_a_malformed_identity" {
  command = plan

  variables {
    mail = { from = "orders@example.com", identity_arn = "example.com" }
  }

  expect_failures = [var.mail]
}

run "refuses_a_retention_that_is_not_offered" {
  command = plan

  variables {
    log_retention_days = 100
  }

  expect_failures = [var.log_retention_days]
}

run "refuses_an_archive_kept_for_less_than_nothing" {
  command = plan

  variables {
    archive_retention_days = -1
  }

  expect_failures = [var.archive_retention_days]
}

run "refuses_a_key_deleted_too_soon" {
  command = plan

  variables {
    key_deletion_window_days = 6
  }

  expect_failures = [var.key_deletion_window_days]
}

run "refuses_an_address_for_a_topic" {
  command = plan

  variables {
    alarms = { topic = { arn = "someone@example.com" } }
  }

  expect_failures = [var.alarms]
}

run "refuses_a_malformed_boundary" {
  command = plan

  variables {
    permissions_boundary_arn = "boundary"
  }

  expect_failures = [var.permissions_boundary_arn]
}

run "refuses_unsigned_packages_in_production" {
  command = plan

  variables {
    environment  = "prod"
    code_signing = null
  }

  expect_failures = [var.code_signing]
}

run "refuses_code_signing_by_nobody" {
  command = plan

  variables {
    code_signing = { profile_version_arns = [] }
  }

  expect_failures = [var.code_signing]
}

run "refuses_a_malformed_signing_profile" {
  command = plan

  variables {
    code_signing = { profile_version_arns = ["arn:aws:signer:eu-central-1:123456789012:/signing-profiles/releases"] }
  }

  expect_failures = [var.code_signing]
}

run "refuses_an_unknown_answer_to_unsigned_packages" {
  command = plan

  variables {
    code_signing = { profile_version_arns = ["arn:aws:signer:eu-central-1:123456789012:/signing-profiles/releases/a1b2c3d4e5"], untrusted = "Ignore" }
  }

  expect_failures = [var.code_signing]
}

run "refuses_a_mere_warning_in_production" {
  command = plan

  variables {
    environment  = "prod"
    code_signing = { profile_version_arns = ["arn:aws:signer:eu-central-1:123456789012:/signing-profiles/releases/a1b2c3d4e5"], untrusted = "Warn" }
  }

  expect_failures = [var.code_signing]
}

run "refuses_production_outside_a_vpc" {
  command = plan

  variables {
    environment = "prod"
    vpc         = null
  }

  expect_failures = [var.vpc]
}

run "refuses_a_vpc_without_subnets" {
  command = plan

  variables {
    vpc = { subnet_ids = [], security_group_ids = ["sg-1"] }
  }

  expect_failures = [var.vpc]
}

run "refuses_a_reserved_concurrency_of_none" {
  command = plan

  variables {
    reserved_concurrency = 0
  }

  expect_failures = [var.reserved_concurrency]
}

run "refuses_short_lived_logs_in_production" {
  command = plan

  variables {
    environment        = "prod"
    log_retention_days = 180
  }

  expect_failures = [var.log_retention_days]
}

run "refuses_an_api_base_elsewhere" {
  command = plan

  variables {
    execute_api_base = "http://api.example.com/%s"
  }

  expect_failures = [var.execute_api_base]
}

run "refuses_an_api_base_without_an_id" {
  command = plan

  variables {
    execute_api_base = "http://127.0.0.1:4566/api"
  }

  expect_failures = [var.execute_api_base]
}

run "refuses_unprotected_tables_in_production" {
  command = plan

  variables {
    environment         = "prod"
    deletion_protection = false
  }

  expect_failures = [var.deletion_protection]
}

run "refuses_no_alarms_in_production" {
  command = plan

  variables {
    environment = "prod"
    alarms      = { enabled = false }
  }

  expect_failures = [var.alarms]
}

run "refuses_an_open_bus_in_production" {
  command = plan

  variables {
    environment      = "prod"
    event_bus_policy = false
  }

  expect_failures = [var.event_bus_policy]
}

run "refuses_a_sandbox_without_secret" {
  command = plan

  variables {
    sandbox = true
  }

  expect_failures = [var.sandbox_secret]
}

run "refuses_a_secret_that_can_be_guessed" {
  command = plan

  variables {
    sandbox        = true
    sandbox_secret = "secret"
  }

  expect_failures = [var.sandbox_secret]
}

run "refuses_a_version_of_the_secret_that_is_none" {
  command = plan

  variables {
    sandbox_secret_version = 0
  }

  expect_failures = [var.sandbox_secret_version]
}

run "refuses_a_log_that_keeps_nothing" {
  command = plan

  variables {
    saga_log_retention_days = 0
  }

  expect_failures = [var.saga_log_retention_days]
}

run "refuses_a_composer_that_waits_longer_than_the_api" {
  command = plan

  variables {
    composer = { call_seconds = 2, total_seconds = 26 }
  }

  expect_failures = [var.composer]
}

run "refuses_a_cache_that_is_there_and_made" {
  command = plan

  variables {
    vpc = { subnet_ids = ["subnet-0a1b2c3d"], security_group_ids = ["sg-0a1b2c3d"] }
    cache = {
      server = { host = "cache.example.com", user = "composer", password = { parameter_name = "/cache" } }
      create = { subnet_ids = ["subnet-0a1b2c3d"], security_group_ids = ["sg-0a1b2c3d"] }
    }
  }

  expect_failures = [var.cache]
}

run "refuses_a_cache_of_its_own_outside_a_vpc" {
  command = plan

  variables {
    cache = { create = { subnet_ids = ["subnet-0a1b2c3d"], security_group_ids = ["sg-0a1b2c3d"] } }
    vpc   = null
  }

  expect_failures = [var.cache]
}

run "refuses_production_without_backups" {
  command = plan

  variables {
    environment = "prod"
    backups     = { enabled = false }
  }

  expect_failures = [var.backups]
}

run "refuses_a_read_model_without_a_generation" {
  command = plan

  variables {
    read_model = { generations = [] }
  }

  expect_failures = [var.read_model]
}

run "refuses_a_generation_without_a_number" {
  command = plan

  variables {
    read_model = { generations = ["green"] }
  }

  expect_failures = [var.read_model]
}

run "refuses_to_unprotect_a_generation_that_is_not_there" {
  command = plan

  variables {
    read_model = { unprotected_generations = ["g2"] }
  }

  expect_failures = [var.read_model]
}
