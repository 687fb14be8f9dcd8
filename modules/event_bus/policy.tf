locals {
  sources = sort(setunion(var.sources, ["lambda"]))
}

# A principal of this account needs its own policy as well: what is refused here is refused whatever that says.
#
# A request carries one events:source for each of its events. "ForAnyValue:StringNotEquals" therefore refuses a request
# in which one source is not in the list, and says nothing of a request without any, which the Null statement refuses.
resource "aws_cloudwatch_event_bus_policy" "this" {
  count = var.resource_policy ? 1 : 0

  event_bus_name = aws_cloudwatch_event_bus.this.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AcceptNamedSourcesOfThisAccount"
        Effect    = "Allow"
        Principal = { AWS = "arn:${var.context.partition}:iam::${var.context.account_id}:root" }
        Action    = "events:PutEvents"
        Resource  = local.bus_arn
        Condition = {
          "ForAllValues:StringEquals" = { "events:source" = local.sources }
          Null                        = { "events:source" = "false" }
        }
      },
      {
        Sid       = "RefuseOtherSources"
        Effect    = "Deny"
        Principal = "*"
        Action    = "events:PutEvents"
        Resource  = local.bus_arn
        Condition = { "ForAnyValue:StringNotEquals" = { "events:source" = local.sources } }
      },
      {
        Sid       = "RefuseNoSource"
        Effect    = "Deny"
        Principal = "*"
        Action    = "events:PutEvents"
        Resource  = local.bus_arn
        Condition = { Null = { "events:source" = "true" } }
      },
      {
        Sid       = "RefuseOtherAccounts"
        Effect    = "Deny"
        Principal = "*"
        Action    = "events:PutEvents"
        Resource  = local.bus_arn
        # A service principal has no account; AWS services put nothing here, but a replay must not be refused.
        Condition = {
          StringNotEquals = { "aws:PrincipalAccount" = var.context.account_id }
          Bool            = { "aws:PrincipalIsAWSService" = "false" }
        }
      },
      {
        Sid       = "RefusePlainHttp"
        Effect    = "Deny"
        Principal = "*"
        Action    = "events:PutEvents"
        Resource  = local.bus_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}
