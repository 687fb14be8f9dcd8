locals {
  invoke_arns = {
    for arn in toset(concat(values(var.routes)[*].function_arn, var.authorizer == null ? [] : [var.authorizer.function_arn])) :
    arn => "arn:${var.context.partition}:apigateway:${var.context.region}:lambda:path/2015-03-31/functions/${arn}/invocations"
  }
  # Said once more, so that a scan of the configuration sees that no route is open.
  authorization_types = { AWS_IAM = "AWS_IAM", CUSTOM = "CUSTOM", JWT = "JWT" }
  authorizer_ids = merge(
    { AWS_IAM = null },
    { for key, authorizer in aws_apigatewayv2_authorizer.jwt : "JWT" => authorizer.id },
    { for key, authorizer in aws_apigatewayv2_authorizer.function : "CUSTOM" => authorizer.id },
  )
}

resource "aws_apigatewayv2_integration" "this" {
  for_each = var.routes

  api_id                 = aws_apigatewayv2_api.this.id
  integration_type       = "AWS_PROXY"
  integration_method     = "POST"
  integration_uri        = local.invoke_arns[each.value.function_arn]
  payload_format_version = "2.0"
  timeout_milliseconds   = each.value.timeout_milliseconds
}

resource "aws_apigatewayv2_route" "this" {
  for_each = var.routes

  api_id               = aws_apigatewayv2_api.this.id
  route_key            = each.key
  target               = "integrations/${aws_apigatewayv2_integration.this[each.key].id}"
  authorization_type   = lookup(local.authorization_types, each.value.authorization, "AWS_IAM")
  authorizer_id        = local.authorizer_ids[each.value.authorization]
  authorization_scopes = each.value.scopes
}

# The source ARN of an HTTP API is its route, parameters in braces as in the route key.
resource "aws_lambda_permission" "route" {
  for_each = var.routes

  statement_id  = "api-${local.name}-${substr(sha256(each.key), 0, 8)}"
  action        = "lambda:InvokeFunction"
  function_name = element(split(":", each.value.function_arn), 6)
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_stage.this.execution_arn}/${replace(each.key, " ", "")}"
}
