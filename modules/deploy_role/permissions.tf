# What `terraform plan`, `apply` and `destroy` of the platform ask AWS for, by groups. Resources are named by the
# environment's prefix, keys by their tags. Where AWS knows no resource for an action, or gives it a random id, the
# statement says so.
locals {
  statements = { for group, statements in {
    data     = local.data
    cache    = local.cache
    run      = local.run
    events   = local.events
    observe  = local.observe
    identity = local.identity
    edge     = local.edge
  } : group => statements if group != "edge" || var.edge != null }

  # What is done to resources of these kinds, wherever they are.
  actions = {
    alarms    = ["cloudwatch:DeleteAlarms", "cloudwatch:ListTagsForResource", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:UntagResource"]
    key_names = ["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"]
    keys = [
      "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus",
      "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UpdateAlias",
      "kms:UpdateKeyDescription",
    ]
    log_groups = [
      "logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DeleteRetentionPolicy", "logs:DisassociateKmsKey",
      "logs:ListTagsForResource", "logs:PutRetentionPolicy", "logs:TagResource", "logs:UntagResource",
    ]
  }

  data = [
    {
      Sid      = "FindState"
      Effect   = "Allow"
      Action   = "s3:ListBucket"
      Resource = var.state.bucket_arn
      # Terraform looks whether there are workspaces, too.
      Condition = { StringEquals = { "s3:prefix" = ["env:/", var.state.key, "${var.state.key}.tflock"] } }
    },
    {
      Sid      = "KeepState"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject"]
      Resource = "${var.state.bucket_arn}/${var.state.key}"
    },
    {
      Sid      = "LockState"
      Effect   = "Allow"
      Action   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
      Resource = "${var.state.bucket_arn}/${var.state.key}.tflock"
    },
    {
      Sid       = "UseStateKey"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = var.state.kms_key_arn
      Condition = { StringEquals = { "kms:ViaService" = "s3.${var.context.region}.amazonaws.com" } }
    },
    {
      Sid    = "ManageTables"
      Effect = "Allow"
      Action = [
        "dynamodb:CreateTable", "dynamodb:DeleteTable", "dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable",
        "dynamodb:DescribeTimeToLive", "dynamodb:ListTagsOfResource", "dynamodb:TagResource", "dynamodb:UntagResource",
        "dynamodb:UpdateContinuousBackups", "dynamodb:UpdateTable", "dynamodb:UpdateTimeToLive",
      ]
      Resource = "${local.in.dynamodb}:table/${local.prefix}*"
    },
    {
      # A key has no name: it is made with the environment's tags, and found by them from then on.
      Sid       = "MakeKeys"
      Effect    = "Allow"
      Action    = ["kms:CreateKey", "kms:TagResource"]
      Resource  = "*"
      Condition = local.tagging
    },
    {
      Sid       = "ManageKeys"
      Effect    = "Allow"
      Action    = local.actions.keys
      Resource  = "${local.in.kms}:key/*"
      Condition = local.tagged
    },
    {
      # A service asks for the key that it is given with the rights of who gives it; the role itself reads nothing with it.
      Sid    = "GiveKeysToServices"
      Effect = "Allow"
      Action = [
        "kms:CreateGrant", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom",
        "kms:ReEncryptTo", "kms:RetireGrant",
      ]
      Resource = "${local.in.kms}:key/*"
      Condition = { StringEquals = merge(local.tagged.StringEquals, {
        "kms:ViaService" = [for service in [
          "backup", "cloudtrail", "dynamodb", "elasticache", "events", "lambda", "logs", "memorydb", "s3", "sns", "sqs", "ssm",
        ] : "${service}.${var.context.region}.amazonaws.com"]
      }) }
    },
    {
      Sid      = "NameKeys"
      Effect   = "Allow"
      Action   = local.actions.key_names
      Resource = "${local.in.kms}:alias/${local.prefix}*"
    },
    {
      # No other resource than all.
      Sid      = "ListKeyNames"
      Effect   = "Allow"
      Action   = "kms:ListAliases"
      Resource = "*"
    },
    {
      Sid    = "ManageParameters"
      Effect = "Allow"
      Action = [
        "ssm:AddTagsToResource", "ssm:DeleteParameter", "ssm:GetParameter", "ssm:GetParameters", "ssm:ListTagsForResource",
        "ssm:PutParameter", "ssm:RemoveTagsFromResource",
      ]
      Resource = "${local.in.ssm}:parameter/${var.context.namespace}/${local.environment}/*"
    },
    {
      # No other resource than all.
      Sid      = "ListParametersAndMakeSecrets"
      Effect   = "Allow"
      Action   = ["secretsmanager:GetRandomPassword", "ssm:DescribeParameters"]
      Resource = "*"
    },
    {
      Sid    = "ManageBackups"
      Effect = "Allow"
      Action = [
        "backup:CreateBackupPlan", "backup:CreateBackupSelection", "backup:CreateBackupVault", "backup:DeleteBackupPlan",
        "backup:DeleteBackupSelection", "backup:DeleteBackupVault", "backup:DeleteBackupVaultAccessPolicy",
        "backup:DescribeBackupVault", "backup:GetBackupPlan", "backup:GetBackupSelection", "backup:GetBackupVaultAccessPolicy",
        "backup:ListBackupSelections", "backup:ListTags", "backup:PutBackupVaultAccessPolicy",
        "backup:PutBackupVaultLockConfiguration", "backup:TagResource", "backup:UntagResource", "backup:UpdateBackupPlan",
      ]
      # A plan has a random id.
      Resource = ["${local.in.backup}:backup-vault:${local.prefix}*", "${local.in.backup}:backup-plan:*"]
    },
    {
      # Backup keeps what it stores under the vault's key; no other resource than all.
      Sid      = "MakeVaults"
      Effect   = "Allow"
      Action   = "backup-storage:MountCapsule"
      Resource = "*"
    },
  ]

  cache = [
    {
      Sid    = "ManageCaches"
      Effect = "Allow"
      Action = [
        "elasticache:AddTagsToResource", "elasticache:CreateServerlessCache", "elasticache:CreateUser", "elasticache:CreateUserGroup",
        "elasticache:DeleteServerlessCache", "elasticache:DeleteUser", "elasticache:DeleteUserGroup",
        "elasticache:DescribeServerlessCaches", "elasticache:DescribeUserGroups", "elasticache:DescribeUsers",
        "elasticache:ListTagsForResource", "elasticache:ModifyServerlessCache", "elasticache:ModifyUser",
        "elasticache:ModifyUserGroup", "elasticache:RemoveTagsFromResource",
      ]
      Resource = [for kind in ["serverlesscache", "user", "usergroup"] : "${local.in.elasticache}:${kind}:${local.prefix}*"]
    },
    {
      Sid    = "ManageMemoryDb"
      Effect = "Allow"
      Action = [
        "memorydb:CreateACL", "memorydb:CreateCluster", "memorydb:DeleteACL", "memorydb:DeleteCluster", "memorydb:DeleteSubnetGroup",
        "memorydb:DeleteUser", "memorydb:DescribeACLs", "memorydb:DescribeClusters", "memorydb:DescribeSubnetGroups",
        "memorydb:DescribeUsers", "memorydb:ListTags", "memorydb:TagResource", "memorydb:UntagResource", "memorydb:UpdateACL",
        "memorydb:UpdateCluster", "memorydb:UpdateSubnetGroup", "memorydb:UpdateUser",
      ]
      Resource = concat(
        [for kind in ["acl", "cluster", "subnetgroup", "user"] : "${local.in.memorydb}:${kind}/${local.prefix}*"],
        ["${local.in.memorydb}:parametergroup/default.*"], # AWS's own
      )
    },
    {
      # No other resource than all.
      Sid      = "MakeMemoryDbUsersAndSubnetGroups"
      Effect   = "Allow"
      Action   = ["memorydb:CreateSubnetGroup", "memorydb:CreateUser"]
      Resource = "*"
    },
    {
      # The roles with which AWS's own services work in the account: made once, by whoever needs one first.
      Sid       = "MakeServiceLinkedRoles"
      Effect    = "Allow"
      Action    = "iam:CreateServiceLinkedRole"
      Resource  = "${local.iam}:role/aws-service-role/*"
      Condition = { StringEquals = { "iam:AWSServiceName" = ["elasticache.amazonaws.com", "memorydb.amazonaws.com", "ops.apigateway.amazonaws.com"] } }
    },
  ]

  run = concat([
    {
      Sid    = "ManageFunctions"
      Effect = "Allow"
      Action = [
        "lambda:AddPermission", "lambda:CreateFunction", "lambda:DeleteFunction", "lambda:DeleteFunctionCodeSigningConfig",
        "lambda:DeleteFunctionConcurrency", "lambda:DeleteFunctionEventInvokeConfig", "lambda:GetFunction",
        "lambda:GetFunctionCodeSigningConfig", "lambda:GetFunctionConcurrency", "lambda:GetFunctionConfiguration",
        "lambda:GetFunctionEventInvokeConfig", "lambda:GetPolicy", "lambda:ListTags", "lambda:ListVersionsByFunction",
        "lambda:PutFunctionCodeSigningConfig", "lambda:PutFunctionConcurrency", "lambda:PutFunctionEventInvokeConfig",
        "lambda:RemovePermission", "lambda:TagResource", "lambda:UntagResource", "lambda:UpdateFunctionCode",
        "lambda:UpdateFunctionConfiguration", "lambda:UpdateFunctionEventInvokeConfig",
      ]
      Resource = "${local.in.lambda}:function:${local.prefix}*"
    },
    {
      # A mapping has a random id; it is bound to the function instead.
      Sid      = "ManageStreamMappings"
      Effect   = "Allow"
      Action   = ["lambda:CreateEventSourceMapping", "lambda:DeleteEventSourceMapping", "lambda:UpdateEventSourceMapping"]
      Resource = "*"
      Condition = { ArnLike = {
        "lambda:FunctionArn" = "${local.in.lambda}:function:${local.prefix}*"
      } }
    },
    {
      Sid    = "SeeStreamMappings"
      Effect = "Allow"
      Action = ["lambda:GetEventSourceMapping", "lambda:ListTags", "lambda:TagResource"]
      # Lambda takes no function as a condition of these.
      Resource = "${local.in.lambda}:event-source-mapping:*"
    },
    {
      # No other resource than all.
      Sid      = "MakeCodeSigning"
      Effect   = "Allow"
      Action   = "lambda:CreateCodeSigningConfig"
      Resource = "*"
    },
    {
      # A code signing configuration has a random id. To put it on a function takes permission for both.
      Sid    = "ManageCodeSigning"
      Effect = "Allow"
      Action = [
        "lambda:DeleteCodeSigningConfig", "lambda:GetCodeSigningConfig", "lambda:ListTags", "lambda:PutFunctionCodeSigningConfig",
        "lambda:TagResource", "lambda:UpdateCodeSigningConfig",
      ]
      Resource = "${local.in.lambda}:code-signing-config:*"
    },
    {
      # Lambda looks at the VPC that a function is put into as who puts it there; EC2 takes no other value.
      Sid      = "SeeNetwork"
      Effect   = "Allow"
      Action   = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"]
      Resource = "*"
    },
    {
      Sid    = "ManageApis"
      Effect = "Allow"
      Action = ["apigateway:DELETE", "apigateway:GET", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT"]
      # An API has a random id, and API Gateway's ARNs have no account: an account of its own keeps another platform's APIs apart.
      Resource = [for path in ["/apis", "/apis/*", "/domainnames", "/domainnames/*", "/tags/*"] :
      "arn:${var.context.partition}:apigateway:${var.context.region}::${path}"]
    },
    {
      # The API's access logs; no other resource than all.
      Sid    = "DeliverAccessLogs"
      Effect = "Allow"
      Action = [
        "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeResourcePolicies", "logs:GetLogDelivery",
        "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
      ]
      Resource = "*"
    },
    ], [for packages in var.packages == null ? [] : [var.packages] : {
      # Lambda takes a package out of its bucket as who deploys.
      Sid      = "ReadPackages"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:GetObjectVersion"]
      Resource = "${packages.bucket_arn}/${packages.prefix}*"
      }], [for key in compact([try(var.packages.kms_key_arn, null)]) : {
      Sid       = "ReadEncryptedPackages"
      Effect    = "Allow"
      Action    = "kms:Decrypt"
      Resource  = key
      Condition = { StringEquals = { "kms:ViaService" = "s3.${var.context.region}.amazonaws.com" } }
  }])

  events = concat([
    {
      Sid    = "ManageEvents"
      Effect = "Allow"
      Action = [
        "events:CreateArchive", "events:CreateEventBus", "events:DeleteArchive", "events:DeleteEventBus", "events:DeleteRule",
        "events:DescribeArchive", "events:DescribeEventBus", "events:DescribeRule", "events:ListTagsForResource",
        "events:ListTargetsByRule", "events:PutRule", "events:PutTargets", "events:RemoveTargets", "events:TagResource",
        "events:UntagResource", "events:UpdateArchive", "events:UpdateEventBus",
      ]
      Resource = [
        "${local.in.events}:archive/${local.prefix}*",
        "${local.in.events}:event-bus/${local.prefix}*",
        "${local.in.events}:rule/${local.prefix}*",
      ]
    },
    {
      # The bus's policy; no other resource than all.
      Sid      = "SayWhoMayPutEvents"
      Effect   = "Allow"
      Action   = ["events:PutPermission", "events:RemovePermission"]
      Resource = "*"
    },
    {
      Sid    = "ManageQueues"
      Effect = "Allow"
      Action = [
        "sqs:CreateQueue", "sqs:DeleteQueue", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags",
        "sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue",
      ]
      Resource = "${local.in.sqs}:${local.prefix}*"
    },
    {
      Sid    = "ManageTopics"
      Effect = "Allow"
      Action = [
        "sns:CreateTopic", "sns:DeleteTopic", "sns:GetTopicAttributes", "sns:ListTagsForResource", "sns:SetTopicAttributes",
        "sns:TagResource", "sns:UntagResource",
      ]
      Resource = "${local.in.sns}:${local.prefix}*"
    },
    ], [for arns in [local.mail_identity_arns] : {
      Sid    = "ManageMailIdentities"
      Effect = "Allow"
      Action = [
        "ses:CreateEmailIdentity", "ses:DeleteEmailIdentity", "ses:GetEmailIdentity", "ses:ListTagsForResource", "ses:TagResource",
        "ses:UntagResource",
      ]
      Resource = arns
  } if length(arns) > 0])

  observe = [
    {
      Sid      = "ManageLogGroups"
      Effect   = "Allow"
      Action   = local.actions.log_groups
      Resource = [for group in ["lambda", "vendedlogs/apigateway", "cloudtrail"] : "${local.in.logs}:log-group:/aws/${group}/${local.prefix}*"]
    },
    {
      # No other resource than all.
      Sid      = "FindLogGroupsAndAlarms"
      Effect   = "Allow"
      Action   = ["cloudwatch:DescribeAlarms", "logs:DescribeLogGroups"]
      Resource = "*"
    },
    {
      Sid      = "ManageAlarms"
      Effect   = "Allow"
      Action   = local.actions.alarms
      Resource = "${local.in.cloudwatch}:alarm:${local.prefix}*"
    },
    {
      Sid      = "ManageDashboards"
      Effect   = "Allow"
      Action   = ["cloudwatch:DeleteDashboards", "cloudwatch:GetDashboard", "cloudwatch:PutDashboard"]
      Resource = "arn:${var.context.partition}:cloudwatch::${var.context.account_id}:dashboard/${local.prefix}*"
    },
    {
      Sid    = "ManageTrail"
      Effect = "Allow"
      Action = [
        "cloudtrail:AddTags", "cloudtrail:CreateTrail", "cloudtrail:DeleteTrail", "cloudtrail:GetEventSelectors", "cloudtrail:GetTrail",
        "cloudtrail:GetTrailStatus", "cloudtrail:ListTags", "cloudtrail:PutEventSelectors", "cloudtrail:RemoveTags",
        "cloudtrail:StartLogging", "cloudtrail:UpdateTrail",
      ]
      Resource = "${local.in.cloudtrail}:trail/${local.prefix}*"
    },
    {
      # No other resource than all.
      Sid      = "FindTrail"
      Effect   = "Allow"
      Action   = ["cloudtrail:DescribeTrails", "cloudtrail:ListTrails"]
      Resource = "*"
    },
    {
      Sid    = "ManageTrailBucket"
      Effect = "Allow"
      Action = [
        "s3:CreateBucket", "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:GetAccelerateConfiguration", "s3:GetBucketAcl",
        "s3:GetBucketCORS", "s3:GetBucketLocation", "s3:GetBucketLogging", "s3:GetBucketNotification",
        "s3:GetBucketObjectLockConfiguration", "s3:GetBucketOwnershipControls", "s3:GetBucketPolicy",
        "s3:GetBucketPublicAccessBlock", "s3:GetBucketRequestPayment", "s3:GetBucketTagging", "s3:GetBucketVersioning",
        "s3:GetBucketWebsite", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration",
        "s3:GetReplicationConfiguration", "s3:ListBucket", "s3:ListTagsForResource", "s3:PutBucketLogging",
        "s3:PutBucketNotification", "s3:PutBucketObjectLockConfiguration", "s3:PutBucketOwnershipControls", "s3:PutBucketPolicy",
        "s3:PutBucketPublicAccessBlock", "s3:PutBucketTagging", "s3:PutBucketVersioning", "s3:PutEncryptionConfiguration",
        "s3:PutLifecycleConfiguration", "s3:PutReplicationConfiguration", "s3:TagResource", "s3:UntagResource",
      ]
      Resource = local.audit_bucket_arn
    },
  ]

  # Roles of the platform carry the boundary: without it they are not made, not given policies, and it is not taken off.
  identity = [
    {
      Sid       = "MakeBoundedRoles"
      Effect    = "Allow"
      Action    = ["iam:CreateRole", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
      Resource  = "${local.iam}:role/${local.prefix}*"
      Condition = { StringEquals = { "iam:PermissionsBoundary" = local.boundary } }
    },
    {
      Sid    = "ManageRoles"
      Effect = "Allow"
      Action = [
        "iam:DeleteRole", "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole",
        "iam:ListRolePolicies", "iam:ListRoleTags", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole",
        "iam:UpdateRoleDescription",
      ]
      Resource = "${local.iam}:role/${local.prefix}*"
    },
    {
      Sid       = "PassRolesToServices"
      Effect    = "Allow"
      Action    = "iam:PassRole"
      Resource  = "${local.iam}:role/${local.prefix}*"
      Condition = { StringEquals = { "iam:PassedToService" = ["backup.amazonaws.com", "cloudtrail.amazonaws.com", "lambda.amazonaws.com", "s3.amazonaws.com"] } }
    },
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
      Resource = ["${local.iam}:policy${local.path}*", "${local.iam}:role${local.path}*"]
    },
  ]
}
