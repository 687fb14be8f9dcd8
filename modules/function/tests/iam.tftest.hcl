mock_provider "aws" {}

variables {
  context = {
    namespace   = "shop"
    environment = "dev"
    account_id  = "123456789012"
    region      = "eu-central-1"
    tags        = { Team = "platform" }
  }
  service     = "inventory"
  name        = "reserve"
  description = "Reserves stock for an order."
  handler     = "inventory.handlers.reserve"
  kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  package = {
    path   = "inventory.zip"
    sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
  }
  event_bus = {
    name = "shop-dev-events"
    arn  = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events"
  }
}

run "a_function_that_nothing_was_granted" {
  command = plan

  variables {
    on_failure = "none"
  }

  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy) == jsondecode(jsonencode({
      Version   = "2012-10-17"
      Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }]
    }))
    error_message = "Only Lambda assumes the role."
  }

  assert {
    condition     = keys(aws_iam_role_policy.this) == ["access"]
    error_message = "There is no policy but the one of access."
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.this["access"].policy) == jsondecode(jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid      = "WriteLogs"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = ["arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/shop-dev-inventory-reserve:log-stream:*"]
        },
        {
          Sid      = "WriteTraces"
          Effect   = "Allow"
          Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
          Resource = ["*"]
        },
      ]
    }))
    error_message = "A function writes its logs and traces, and nothing else."
  }
}

run "a_function_that_everything_was_granted" {
  command = plan

  variables {
    on_failure        = "bus"
    dead_letter_queue = true
    table = {
      arn     = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-inventory"
      actions = ["UpdateItem", "GetItem"]
      indexes = ["by_sku"]
    }
    publishes = {
      bus_arn = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events"
      sources = ["shop.stock", "shop.inventory"]
    }
    calls = {
      provider = "arn:aws:lambda:eu-central-1:123456789012:function:shop-dev-sandbox-provider"
    }
    parameters = {
      secret = {
        arn         = "arn:aws:ssm:eu-central-1:123456789012:parameter/shop/dev/secret"
        kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/99999999-2222-3333-4444-555555555555"
      }
      plain = { arn = "arn:aws:ssm:eu-central-1:123456789012:parameter/shop/dev/plain" }
    }
    sends_mail = {
      identity_arn = "arn:aws:ses:eu-central-1:123456789012:identity/example.com"
      from_address = "orders@example.com"
    }
    stream = {
      arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-stock/stream/2025-01-01T00:00:00.000"
    }
    vpc = {
      subnet_ids         = ["subnet-2", "subnet-1"]
      security_group_ids = ["sg-1"]
      owner_account_id   = "111122223333"
    }
    statements = {
      SendParcels = {
        actions    = ["sqs:SendMessage"]
        resources  = ["arn:aws:sqs:eu-central-1:123456789012:parcels"]
        conditions = { Bool = { "aws:SecureTransport" = ["true"] } }
      }
      ReadParcels = {
        actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage"]
        resources = ["arn:aws:sqs:eu-central-1:123456789012:parcels"]
      }
    }
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.this["access"].policy).Statement == jsondecode(jsonencode([
      {
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/shop-dev-inventory-reserve:log-stream:*"]
      },
      {
        Sid      = "WriteTraces"
        Effect   = "Allow"
        Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
        Resource = ["*"]
      },
      {
        Sid      = "UseTable"
        Effect   = "Allow"
        Action   = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
        Resource = ["arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-inventory"]
      },
      {
        Sid      = "QueryIndexes"
        Effect   = "Allow"
        Action   = ["dynamodb:Query"]
        Resource = ["arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-inventory/index/by_sku"]
      },
      {
        Sid      = "PublishEvents"
        Effect   = "Allow"
        Action   = ["events:PutEvents"]
        Resource = ["arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events"]
        Condition = {
          "ForAllValues:StringEquals" = { "events:source" = ["shop.inventory", "shop.stock"] }
          Null                        = { "events:source" = "false" }
        }
      },
      {
        Sid      = "PublishFailures"
        Effect   = "Allow"
        Action   = ["events:PutEvents"]
        Resource = ["arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events"]
        Condition = {
          "ForAllValues:StringEquals" = { "events:source" = ["lambda"] }
          Null                        = { "events:source" = "false" }
        }
      },
      {
        Sid      = "SendFailures"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = ["arn:aws:sqs:eu-central-1:123456789012:shop-dev-inventory-reserve-failed"]
      },
      {
        Sid      = "InvokeFunctions"
        Effect   = "Allow"
        Action   = ["lambda:InvokeFunction"]
        Resource = ["arn:aws:lambda:eu-central-1:123456789012:function:shop-dev-sandbox-provider"]
      },
      {
        Sid    = "ReadParameters"
        Effect = "Allow"
        Action = ["ssm:GetParameter"]
        Resource = [
          "arn:aws:ssm:eu-central-1:123456789012:parameter/shop/dev/plain",
          "arn:aws:ssm:eu-central-1:123456789012:parameter/shop/dev/secret",
        ]
      },
      {
        Sid       = "SendMail"
        Effect    = "Allow"
        Action    = ["ses:SendEmail"]
        Resource  = ["arn:aws:ses:eu-central-1:123456789012:identity/example.com"]
        Condition = { StringEquals = { "ses:FromAddress" = "orders@example.com" } }
      },
    ]))
    error_message = "Access is exactly what was declared: ${aws_iam_role_policy.this["access"].policy}"
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.this["keys"].policy).Statement == jsondecode(jsonencode([
      {
        Sid      = "UseTableKey"
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = ["arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"]
        Condition = { StringEquals = {
          "kms:ViaService"                                  = "dynamodb.eu-central-1.amazonaws.com"
          "kms:EncryptionContext:aws:dynamodb:tableName"    = "shop-dev-inventory"
          "kms:EncryptionContext:aws:dynamodb:subscriberId" = "123456789012"
        } }
      },
      {
        Sid      = "UseQueueKey"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = ["arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"]
        Condition = { StringEquals = {
          "kms:ViaService"                    = "sqs.eu-central-1.amazonaws.com"
          "kms:EncryptionContext:aws:sqs:arn" = "arn:aws:sqs:eu-central-1:123456789012:shop-dev-inventory-reserve-failed"
        } }
      },
      {
        Sid      = "UseParameterKeys"
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = ["arn:aws:kms:eu-central-1:123456789012:key/99999999-2222-3333-4444-555555555555"]
        Condition = { StringEquals = {
          "kms:ViaService"                      = "ssm.eu-central-1.amazonaws.com"
          "kms:EncryptionContext:PARAMETER_ARN" = ["arn:aws:ssm:eu-central-1:123456789012:parameter/shop/dev/secret"]
        } }
      },
    ]))
    error_message = "Keys are used through one service for one resource: ${aws_iam_role_policy.this["keys"].policy}"
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.this["stream"].policy).Statement == jsondecode(jsonencode([
      {
        Sid      = "ReadStream"
        Effect   = "Allow"
        Action   = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]
        Resource = ["arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-stock/stream/2025-01-01T00:00:00.000"]
      },
      {
        Sid      = "UseStreamKey"
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = ["arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"]
        Condition = { StringEquals = {
          "kms:ViaService"                                  = "dynamodb.eu-central-1.amazonaws.com"
          "kms:EncryptionContext:aws:dynamodb:tableName"    = "shop-dev-stock"
          "kms:EncryptionContext:aws:dynamodb:subscriberId" = "123456789012"
        } }
      },
    ]))
    error_message = "The stream is read, and decrypted for its own table: ${aws_iam_role_policy.this["stream"].policy}"
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.this["vpc"].policy).Statement == jsondecode(jsonencode([
      {
        Sid    = "MakeNetworkInterfaces"
        Effect = "Allow"
        Action = ["ec2:CreateNetworkInterface"]
        Resource = [
          "arn:aws:ec2:eu-central-1:123456789012:network-interface/*",
          "arn:aws:ec2:eu-central-1:111122223333:security-group/sg-1",
          "arn:aws:ec2:eu-central-1:111122223333:subnet/subnet-1",
          "arn:aws:ec2:eu-central-1:111122223333:subnet/subnet-2",
        ]
      },
      {
        Sid      = "ManageNetworkInterfaces"
        Effect   = "Allow"
        Action   = ["ec2:AssignPrivateIpAddresses", "ec2:DeleteNetworkInterface", "ec2:UnassignPrivateIpAddresses"]
        Resource = ["arn:aws:ec2:eu-central-1:123456789012:network-interface/*"]
      },
      {
        Sid      = "SeeNetworkInterfaces"
        Effect   = "Allow"
        Action   = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"]
        Resource = ["*"]
      },
      {
        Sid    = "RefuseNetworkInterfacesToCode"
        Effect = "Deny"
        Action = [
          "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
        ]
        Resource  = ["*"]
        Condition = { ArnEquals = { "lambda:SourceFunctionArn" = "arn:aws:lambda:eu-central-1:123456789012:function:shop-dev-inventory-reserve" } }
      },
    ]))
    error_message = "Lambda manages the network interfaces, the function's code does not: ${aws_iam_role_policy.this["vpc"].policy}"
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.this["statements"].policy).Statement == jsondecode(jsonencode([
      {
        Sid      = "ReadParcels"
        Effect   = "Allow"
        Action   = ["sqs:DeleteMessage", "sqs:ReceiveMessage"]
        Resource = ["arn:aws:sqs:eu-central-1:123456789012:parcels"]
      },
      {
        Sid       = "SendParcels"
        Effect    = "Allow"
        Action    = ["sqs:SendMessage"]
        Resource  = ["arn:aws:sqs:eu-central-1:123456789012:parcels"]
        Condition = { Bool = { "aws:SecureTransport" = ["true"] } }
      },
    ]))
    error_message = "The caller's statements are taken as they are: ${aws_iam_role_policy.this["statements"].policy}"
  }

  # Whatever is granted: no action with a wildcard; every resource without one, but for the three that AWS leaves no other
  # choice for: log streams, X-Ray, and network interfaces.
  assert {
    condition = alltrue(flatten([
      for policy in values(aws_iam_role_policy.this) : [
        for statement in jsondecode(policy.policy).Statement : [for action in statement.Action : !strcontains(action, "*")]
      ]
    ]))
    error_message = "No action has a wildcard."
  }

  assert {
    condition = toset(flatten([
      for policy in values(aws_iam_role_policy.this) : [
        for statement in jsondecode(policy.policy).Statement : statement.Sid if statement.Effect == "Allow" && anytrue([
          for resource in statement.Resource : strcontains(resource, "*")
        ])
      ]
    ])) == toset(["WriteLogs", "WriteTraces", "MakeNetworkInterfaces", "ManageNetworkInterfaces", "SeeNetworkInterfaces"])
    error_message = "No resource has a wildcard but where AWS takes no other."
  }
}

run "a_function_that_only_queries_an_index" {
  command = plan

  variables {
    table = {
      arn     = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-dev-inventory"
      indexes = ["by_sku"]
    }
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.this["access"].policy).Statement : statement.Sid] == ["WriteLogs", "WriteTraces", "QueryIndexes", "SendFailures"]
    error_message = "The index is open, the table itself is not."
  }
}

run "the_partition_is_in_every_arn" {
  command = plan

  variables {
    context = {
      namespace   = "shop"
      environment = "dev"
      account_id  = "123456789012"
      region      = "us-gov-west-1"
      partition   = "aws-us-gov"
    }
  }

  assert {
    condition     = alltrue([for arn in [output.arn, output.role_arn, output.log_group_arn, output.queues.failed.arn] : startswith(arn, "arn:aws-us-gov:")])
    error_message = "ARNs carry the context's partition."
  }
}
