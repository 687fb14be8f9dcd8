mock_provider "aws" {}

# A role that is right; each run spoils one input.
variables {
  context = {
    namespace   = "shop"
    environment = "dev"
    account_id  = "123456789012"
    region      = "eu-central-1"
  }
  github = {
    provider_arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    repository   = "example/shop"
  }
  state = {
    bucket_arn  = "arn:aws:s3:::states"
    key         = "saga/dev/terraform.tfstate"
    kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }
}

run "refuses_a_provider_that_is_a_role" {
  command = plan

  variables {
    github = { provider_arn = "arn:aws:iam::123456789012:role/x", repository = "example/shop" }
  }

  expect_failures = [var.github]
}

run "refuses_any_repository" {
  command = plan

  variables {
    github = { provider_arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com", repository = "example/*" }
  }

  expect_failures = [var.github]
}

run "refuses_any_environment_of_the_repository" {
  command = plan

  variables {
    github = { provider_arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com", repository = "example/shop", subject = "environment:*" }
  }

  expect_failures = [var.github]
}

run "refuses_pull_requests" {
  command = plan

  variables {
    github = { provider_arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com", repository = "example/shop", subject = "pull_request" }
  }

  expect_failures = [var.github]
}

run "refuses_any_principal" {
  command = plan

  variables {
    principal_arns = ["arn:aws:iam::123456789012:role/*"]
  }

  expect_failures = [var.principal_arns]
}

run "refuses_a_bucket_that_is_a_name" {
  command = plan

  variables {
    state = { bucket_arn = "states", key = "saga/dev/terraform.tfstate", kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/1" }
  }

  expect_failures = [var.state]
}

run "refuses_any_state" {
  command = plan

  variables {
    state = { bucket_arn = "arn:aws:s3:::states", key = "saga/*", kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/1" }
  }

  expect_failures = [var.state]
}

run "refuses_any_mail_identity" {
  command = plan

  variables {
    mail_identities = ["*"]
  }

  expect_failures = [var.mail_identities]
}

run "refuses_any_parameter" {
  command = plan

  variables {
    provider_secrets = { payment = { parameter_name = "*" } }
  }

  expect_failures = [var.provider_secrets]
}

run "refuses_any_key_of_a_provider" {
  command = plan

  variables {
    provider_secrets = { payment = { parameter_name = "psp", kms_key_arn = "*" } }
  }

  expect_failures = [var.provider_secrets]
}

run "refuses_a_session_that_is_too_short" {
  command = plan

  variables {
    session_seconds = 900
  }

  expect_failures = [var.session_seconds]
}

run "refuses_a_session_that_is_too_long" {
  command = plan

  variables {
    session_seconds = 43201
  }

  expect_failures = [var.session_seconds]
}

run "refuses_half_a_second" {
  command = plan

  variables {
    session_seconds = 3600.5
  }

  expect_failures = [var.session_seconds]
}

run "refuses_a_role_that_nobody_may_assume" {
  command = plan

  variables {
    github = null
  }

  expect_failures = [var.principal_arns]
}

run "refuses_a_bucket_of_packages_that_is_a_name" {
  command = plan

  variables {
    packages = { bucket_arn = "releases" }
  }

  expect_failures = [var.packages]
}

run "refuses_any_package" {
  command = plan

  variables {
    packages = { bucket_arn = "arn:aws:s3:::releases", prefix = "saga/*" }
  }

  expect_failures = [var.packages]
}

run "refuses_any_key_of_packages" {
  command = plan

  variables {
    packages = { bucket_arn = "arn:aws:s3:::releases", kms_key_arn = "*" }
  }

  expect_failures = [var.packages]
}

run "refuses_a_replica_that_is_a_name" {
  command = plan

  variables {
    audit_replica = { bucket_arn = "copies", kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/1" }
  }

  expect_failures = [var.audit_replica]
}

run "refuses_any_key_of_the_replica" {
  command = plan

  variables {
    audit_replica = { bucket_arn = "arn:aws:s3:::copies", kms_key_arn = "*" }
  }

  expect_failures = [var.audit_replica]
}

run "refuses_a_bucket_of_the_edge_that_is_a_name" {
  command = plan

  variables {
    edge = { access_logs_bucket_arn = "logs" }
  }

  expect_failures = [var.edge]
}

run "refuses_any_firewall" {
  command = plan

  variables {
    edge = { access_logs_bucket_arn = "arn:aws:s3:::logs", web_acl_arn = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/*" }
  }

  expect_failures = [var.edge]
}
