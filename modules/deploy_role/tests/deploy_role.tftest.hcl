mock_provider "aws" {
  override_during = plan

  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::123456789012:policy/deploy/shop-dev-policy" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/deploy/shop-dev-deploy" }
  }
}

variables {
  context = {
    namespace   = "shop"
    environment = "dev"
    account_id  = "123456789012"
    region      = "eu-central-1"
    tags        = { Team = "platform" }
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

run "a_role_for_a_workflow" {
  command = plan

  assert {
    condition     = aws_iam_role.this.name == "shop-dev-deploy" && aws_iam_role.this.path == "/deploy/" && aws_iam_role.this.max_session_duration == 3600
    error_message = "The role is under a path of its own."
  }

  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy).Statement == [{
      Sid       = "LetTheWorkflowOfOneRepositoryAndEnvironment"
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = { StringEquals = {
        "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
        "token.actions.githubusercontent.com:sub" = "repo:example/shop:environment:dev"
      } }
    }]
    error_message = "One repository's workflow, in one environment, assumes the role, and nobody else."
  }

  assert {
    condition     = alltrue([for policy in aws_iam_policy.this : length(policy.policy) <= 6144]) && length(aws_iam_policy.boundary.policy) <= 6144
    error_message = "IAM takes at most 6144 characters: ${jsonencode({ for key, policy in aws_iam_policy.this : key => length(policy.policy) })}."
  }

  assert {
    condition = alltrue(flatten([
      for policy in concat(values(aws_iam_policy.this), [aws_iam_policy.boundary]) : [
        for statement in jsondecode(policy.policy).Statement : [
          for action in flatten([statement.Action]) : can(regex("^[a-z0-9-]+:[A-Za-z]+$", action))
        ]
      ]
    ]))
    error_message = "Every action is named whole."
  }

  assert {
    condition = anytrue([
      for statement in jsondecode(aws_iam_policy.this["identity"].policy).Statement :
      statement == {
        Sid       = "MakeBoundedRoles"
        Effect    = "Allow"
        Action    = ["iam:CreateRole", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
        Resource  = "arn:aws:iam::123456789012:role/shop-dev-*"
        Condition = { StringEquals = { "iam:PermissionsBoundary" = "arn:aws:iam::123456789012:policy/deploy/shop-dev-boundary" } }
      }
    ])
    error_message = "A role is made with the boundary or not at all."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_policy.this["identity"].policy).Statement : statement if statement.Effect == "Deny"
      ] == [
      {
        Sid      = "LeaveBoundaryOnRoles"
        Effect   = "Deny"
        Action   = "iam:DeleteRolePermissionsBoundary"
        Resource = "*"
      },
      {
        Sid    = "LeaveItselfAndBoundaryAlone"
        Effect = "Deny"
        Action = [
          "iam:AttachRolePolicy", "iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:DeleteRole",
          "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy",
          "iam:SetDefaultPolicyVersion", "iam:UpdateAssumeRolePolicy",
        ]
        Resource = ["arn:aws:iam::123456789012:policy/deploy/*", "arn:aws:iam::123456789012:role/deploy/*"]
      },
    ]
    error_message = "Boundaries stay on, and the role's own policies are out of its reach."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_policy.this["identity"].policy).Statement : statement if flatten([statement.Action]) == ["iam:PassRole"]
      ] == [{
        Sid       = "PassRolesToServices"
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = "arn:aws:iam::123456789012:role/shop-dev-*"
        Condition = { StringEquals = { "iam:PassedToService" = ["backup.amazonaws.com", "cloudtrail.amazonaws.com", "lambda.amazonaws.com", "s3.amazonaws.com"] } }
    }]
    error_message = "Roles of this environment are passed to the services that they are for, and no others."
  }

  assert {
    condition = anytrue([
      for statement in jsondecode(aws_iam_policy.this["data"].policy).Statement :
      try(statement.Condition.StringEquals, {}) == {
        "aws:ResourceTag/Environment" = "dev"
        "aws:ResourceTag/Platform"    = "shop"
        "kms:ViaService" = [for service in [
          "backup", "cloudtrail", "dynamodb", "elasticache", "events", "lambda", "logs", "memorydb", "s3", "sns", "sqs", "ssm",
        ] : "${service}.eu-central-1.amazonaws.com"]
      } && contains(flatten([statement.Action]), "kms:Decrypt")
    ])
    error_message = "What keys encrypt is decrypted for services alone, with keys of this environment."
  }

  assert {
    condition = aws_iam_policy.boundary.name == "shop-dev-boundary" && aws_iam_policy.boundary.path == "/deploy/" && length([
      for statement in jsondecode(aws_iam_policy.boundary.policy).Statement : statement
      if anytrue([for action in flatten([statement.Action]) : startswith(action, "iam:") || startswith(action, "sts:")])
    ]) == 0
    error_message = "What carries the boundary has nothing to do with IAM."
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_policy.this["data"].policy).Statement : statement.Resource if statement.Sid == "KeepState" || statement.Sid == "LockState"] == [
      "arn:aws:s3:::states/saga/dev/terraform.tfstate", "arn:aws:s3:::states/saga/dev/terraform.tfstate.tflock",
    ]
    error_message = "The role gets at one state and its lock."
  }
}

run "a_role_for_people_and_a_branch" {
  command = plan

  variables {
    github = {
      provider_arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
      repository   = "example/shop"
      subject      = "ref:refs/heads/main"
    }
    principal_arns  = ["arn:aws:iam::123456789012:role/operator"]
    mail_identities = ["orders@example.com"]
    provider_secrets = {
      payment = { parameter_name = "/psp/secret", kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000001" }
      carrier = { parameter_name = "carrier" }
    }
    audit_replica = {
      bucket_arn  = "arn:aws:s3:::copies"
      kms_key_arn = "arn:aws:kms:eu-west-3:123456789012:key/00000000-0000-0000-0000-000000000003"
    }
    packages = {
      bucket_arn  = "arn:aws:s3:::releases"
      prefix      = "saga/"
      kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000002"
    }
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_policy.boundary.policy).Statement : statement.Resource if can(regex("AuditRecords$", statement.Sid))] == [
      "arn:aws:s3:::shop-dev-audit-*",
      "arn:aws:s3:::shop-dev-audit-*/*",
      "arn:aws:s3:::copies/*",
      "arn:aws:kms:eu-west-3:123456789012:key/00000000-0000-0000-0000-000000000003",
    ]
    error_message = "The trail's records may be copied, and to one bucket."
  }

  assert {
    condition     = length(aws_iam_policy.boundary.policy) <= 6144
    error_message = "IAM takes at most 6144 characters."
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_policy.this["run"].policy).Statement : statement if contains(["ReadPackages", "ReadEncryptedPackages"], statement.Sid)] == [
      {
        Sid      = "ReadPackages"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:GetObjectVersion"]
        Resource = "arn:aws:s3:::releases/saga/*"
      },
      {
        Sid       = "ReadEncryptedPackages"
        Effect    = "Allow"
        Action    = "kms:Decrypt"
        Resource  = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000002"
        Condition = { StringEquals = { "kms:ViaService" = "s3.eu-central-1.amazonaws.com" } }
      },
    ]
    error_message = "The packages of the releases can be read, and nothing else of their bucket."
  }

  assert {
    condition = (
      jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == "repo:example/shop:ref:refs/heads/main"
      && jsondecode(aws_iam_role.this.assume_role_policy).Statement[1].Principal.AWS == ["arn:aws:iam::123456789012:role/operator"]
    )
    error_message = "A branch and people are named."
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_policy.boundary.policy).Statement : statement.Resource if contains(["ReadParameters", "ReadProvidersSecrets", "SendMail"], statement.Sid)] == [
      [
        "arn:aws:ssm:eu-central-1:123456789012:parameter/shop/dev/*",
        "arn:aws:ssm:eu-central-1:123456789012:parameter/carrier",
        "arn:aws:ssm:eu-central-1:123456789012:parameter/psp/secret",
      ],
      ["arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000001"],
      ["arn:aws:ses:eu-central-1:123456789012:identity/orders@example.com"],
    ]
    error_message = "Functions may read the providers' secrets and send mail as the shop."
  }

  assert {
    condition     = alltrue([for policy in aws_iam_policy.this : length(policy.policy) <= 6144])
    error_message = "IAM takes at most 6144 characters."
  }
}

run "a_role_for_an_edge" {
  command = plan

  variables {
    edge = { access_logs_bucket_arn = "arn:aws:s3:::logs" }
  }

  assert {
    condition     = alltrue([for policy in aws_iam_policy.this : length(policy.policy) <= 6144])
    error_message = "IAM takes at most 6144 characters: ${jsonencode({ for key, policy in aws_iam_policy.this : key => length(policy.policy) })}."
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_policy.this["edge"].policy).Statement : "${statement.Sid} ${statement.Resource}"] == [
      "MakeDistributions *",
      "TagDistributions arn:aws:cloudfront::123456789012:distribution/*",
      "ManageDistributions arn:aws:cloudfront::123456789012:distribution/*",
      "MakeResponseHeadersPolicies *",
      "ManageResponseHeadersPolicies arn:aws:cloudfront::123456789012:response-headers-policy/*",
      "DeliverLogsOfTheEdge arn:aws:s3:::logs",
      "ManageFirewalls arn:aws:wafv2:us-east-1:123456789012:global/webacl/shop-dev-*",
      "UseRulesOfAws arn:aws:wafv2:us-east-1:123456789012:global/managedruleset/*",
      "ManageLogGroupsOfFirewalls arn:aws:logs:us-east-1:123456789012:log-group:aws-waf-logs-shop-dev-*",
      "ManageKeysOfFirewalls arn:aws:kms:us-east-1:123456789012:key/*",
      "NameKeysOfFirewalls arn:aws:kms:us-east-1:123456789012:alias/shop-dev-*",
      "ManageAlarmsOfTheEdge arn:aws:cloudwatch:us-east-1:123456789012:alarm:shop-dev-*",
    ]
    error_message = "What has a name is the environment's: ${jsonencode(aws_iam_policy.this["edge"].policy)}."
  }

  assert {
    condition = { for statement in jsondecode(aws_iam_policy.this["edge"].policy).Statement : statement.Sid => jsonencode(statement.Condition) if can(statement.Condition) } == {
      MakeDistributions     = jsonencode({ StringEquals = { "aws:RequestTag/Environment" = "dev", "aws:RequestTag/Platform" = "shop" } })
      TagDistributions      = jsonencode({ StringEquals = { "aws:RequestTag/Environment" = "dev", "aws:RequestTag/Platform" = "shop" } })
      ManageDistributions   = jsonencode({ StringEquals = { "aws:ResourceTag/Environment" = "dev", "aws:ResourceTag/Platform" = "shop" } })
      ManageKeysOfFirewalls = jsonencode({ StringEquals = { "aws:ResourceTag/Environment" = "dev", "aws:ResourceTag/Platform" = "shop" } })
    }
    error_message = "What has a random id is known by its tags."
  }
}

run "a_role_for_an_edge_with_a_firewall_of_somebody_else" {
  command = plan

  variables {
    edge = {
      access_logs_bucket_arn = "arn:aws:s3:::logs"
      web_acl_arn            = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/everybodys/99999999-2222-3333-4444-555555555555"
    }
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_policy.this["edge"].policy).Statement : statement.Resource if statement.Sid == "SeeFirewallOfSomebodyElse"] == [
      "arn:aws:wafv2:us-east-1:123456789012:global/webacl/everybodys/99999999-2222-3333-4444-555555555555",
    ]
    error_message = "It is seen, and it alone."
  }
}
