mock_provider "aws" {
  override_during = plan

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/shop-prod-backups" }
  }
}

variables {
  context = {
    namespace   = "shop"
    environment = "prod"
    account_id  = "123456789012"
    region      = "eu-central-1"
    tags        = { Team = "platform" }
  }
  tables = {
    order   = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-prod-order"
    payment = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-prod-payment"
  }
}

run "backups_of_defaults" {
  command = plan

  assert {
    condition = (
      aws_backup_vault.this.name == "shop-prod-backups"
      && aws_backup_vault.this.kms_key_arn == aws_kms_key.this.arn
      && aws_kms_key.this.enable_key_rotation == true
      && aws_kms_key.this.deletion_window_in_days == 30
      && output.vault.arn == "arn:aws:backup:eu-central-1:123456789012:backup-vault:shop-prod-backups"
    )
    error_message = "The vault has a key of its own, which rotates."
  }

  assert {
    condition     = length(aws_backup_vault_lock_configuration.this) == 0
    error_message = "There is no lock that nobody asked for: it may be for ever."
  }

  assert {
    # Without cold storage the provider has 0.
    condition = { for rule in aws_backup_plan.this.rule : rule.rule_name => "${rule.schedule} ${rule.lifecycle[0].delete_after} ${coalesce(rule.lifecycle[0].cold_storage_after, 0)}" } == {
      daily   = "cron(0 3 * * ? *) 35 0"
      monthly = "cron(0 4 1 * ? *) 400 0"
    }
    error_message = "A backup of every day is kept for five weeks, one of every month for more than a year."
  }

  assert {
    condition = (
      aws_backup_selection.this.iam_role_arn == aws_iam_role.this.arn
      && toset(aws_backup_selection.this.resources) == toset(values(var.tables))
      && length(aws_backup_selection.this.selection_tag) == 0
    )
    error_message = "Exactly the named tables are backed up."
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.this.policy).Statement == [
      {
        Sid      = "BackUpTables"
        Effect   = "Allow"
        Action   = ["dynamodb:CreateBackup", "dynamodb:DescribeTable", "dynamodb:ListTagsOfResource", "dynamodb:StartAwsBackupJob"]
        Resource = ["arn:aws:dynamodb:eu-central-1:123456789012:table/shop-prod-order", "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-prod-payment"]
      },
      {
        Sid      = "EndBackups"
        Effect   = "Allow"
        Action   = ["dynamodb:DeleteBackup", "dynamodb:DescribeBackup"]
        Resource = ["arn:aws:dynamodb:eu-central-1:123456789012:table/shop-prod-order/backup/*", "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-prod-payment/backup/*"]
      },
    ]
    error_message = "The role backs these tables up and does nothing else."
  }

  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Principal = { Service = "backup.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } }
    }]
    error_message = "AWS Backup assumes the role, for this account."
  }

  assert {
    condition = jsondecode(aws_backup_vault_policy.this.policy).Statement == [
      {
        Sid       = "KeepBackups"
        Effect    = "Deny"
        Principal = "*"
        Action    = ["backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"]
        Resource  = "*"
      },
      {
        Sid       = "RefuseOtherAccounts"
        Effect    = "Deny"
        Principal = "*"
        Action    = ["backup:CopyFromBackupVault", "backup:CopyIntoBackupVault", "backup:StartRestoreJob"]
        Resource  = "*"
        Condition = {
          StringNotEquals = { "aws:PrincipalAccount" = "123456789012" }
          Bool            = { "aws:PrincipalIsAWSService" = "false" }
        }
      },
    ]
    error_message = "The vault refuses deletion, and other accounts."
  }

  assert {
    condition = { for key, alarm in aws_cloudwatch_metric_alarm.this : key => [alarm.alarm_name, alarm.metric_name, alarm.threshold, alarm.treat_missing_data] } == {
      failed  = ["shop-prod-backups-failed", "NumberOfBackupJobsFailed", 0, "notBreaching"]
      expired = ["shop-prod-backups-expired", "NumberOfBackupJobsExpired", 0, "notBreaching"]
      missing = ["shop-prod-backups-missing", "NumberOfBackupJobsCompleted", 2, "breaching"]
    }
    error_message = "There are alarms on failed, expired and missing backups."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.dimensions == tomap({ BackupVaultName = "shop-prod-backups" })])
    error_message = "Alarms watch this vault."
  }
}

run "a_vault_that_nobody_opens" {
  command = plan

  variables {
    lock                     = { mode = "compliance", grace_days = 5, min_retention_days = 30, max_retention_days = 500 }
    daily                    = { schedule = "cron(0 1 * * ? *)", retention_days = 30 }
    monthly                  = { retention_days = 500, cold_after_days = 60 }
    permissions_boundary_arn = "arn:aws:iam::123456789012:policy/deploy/shop-prod-boundary"
    alarms                   = { actions = ["arn:aws:sns:eu-central-1:123456789012:alarms"] }
  }

  assert {
    condition = (
      aws_backup_vault_lock_configuration.this["this"].backup_vault_name == "shop-prod-backups"
      && aws_backup_vault_lock_configuration.this["this"].changeable_for_days == 5
      && aws_backup_vault_lock_configuration.this["this"].min_retention_days == 30
      && aws_backup_vault_lock_configuration.this["this"].max_retention_days == 500
    )
    error_message = "After the days of grace the lock is for ever."
  }

  assert {
    condition     = toset([for rule in aws_backup_plan.this.rule : coalesce(rule.lifecycle[0].cold_storage_after, 0)]) == toset([0, 60])
    error_message = "A monthly backup moves to cold storage."
  }

  assert {
    condition     = aws_iam_role.this.permissions_boundary == "arn:aws:iam::123456789012:policy/deploy/shop-prod-boundary"
    error_message = "The role is bounded."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_actions == toset(["arn:aws:sns:eu-central-1:123456789012:alarms"])])
    error_message = "Alarms tell the topic."
  }
}

run "a_lock_that_can_be_taken_off" {
  command = plan

  variables {
    lock   = { mode = "governance" }
    alarms = { enabled = false }
  }

  assert {
    condition     = aws_backup_vault_lock_configuration.this["this"].changeable_for_days == null
    error_message = "A governance lock has no days of grace."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) == 0 && output.alarm_arns == {}
    error_message = "Alarms can be left out."
  }
}
