locals {
  region_arn = "${var.context.region}:${var.context.account_id}"
  prefix     = "${var.context.namespace}-${var.context.environment}"

  # What functions of the platform do by way of each service: a bound, beside what each role may. Nobody from another
  # account gets through, and no data gets to another account's table, bus or function.
  services = {
    dynamodb = {
      actions = [
        "dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query",
        "dynamodb:UpdateItem",
      ]
      resources = ["arn:${var.context.partition}:dynamodb:${local.region_arn}:table/${local.prefix}-*"]
    }
    events = {
      actions   = ["events:PutEvents"]
      resources = ["arn:${var.context.partition}:events:${local.region_arn}:event-bus/${local.prefix}-*"]
    }
    ssm = {
      actions   = ["ssm:GetParameter"]
      resources = ["arn:${var.context.partition}:ssm:${local.region_arn}:parameter/*"]
    }
    email = {
      actions   = ["ses:SendEmail"]
      resources = ["arn:${var.context.partition}:ses:${local.region_arn}:identity/*"]
    }
    kms = {
      actions   = ["kms:GenerateMac"]
      resources = ["arn:${var.context.partition}:kms:${local.region_arn}:key/*"]
    }
    lambda = {
      actions   = ["lambda:InvokeFunction"]
      resources = ["arn:${var.context.partition}:lambda:${local.region_arn}:function:${local.prefix}-*"]
    }
  }

  gateways = ["dynamodb"]
}

resource "aws_vpc_endpoint" "this" {
  for_each = var.services

  vpc_id              = var.vpc.id
  service_name        = "com.amazonaws.${var.context.region}.${each.key}"
  vpc_endpoint_type   = contains(local.gateways, each.key) ? "Gateway" : "Interface"
  route_table_ids     = contains(local.gateways, each.key) ? var.vpc.route_table_ids : null
  subnet_ids          = contains(local.gateways, each.key) ? null : var.vpc.subnet_ids
  security_group_ids  = contains(local.gateways, each.key) ? null : var.vpc.security_group_ids
  private_dns_enabled = contains(local.gateways, each.key) ? null : true

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "LetFunctionsOfThePlatformThrough"
      Effect    = "Allow"
      Principal = "*"
      Action    = local.services[each.key].actions
      Resource  = local.services[each.key].resources
      Condition = { StringEquals = { "aws:PrincipalAccount" = var.context.account_id } }
    }]
  })

  tags = merge(var.context.tags, { Name = "${local.prefix}-${each.key}" })
}
