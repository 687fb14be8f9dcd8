resource "aws_apigatewayv2_authorizer" "jwt" {
  count = var.jwt == null ? 0 : 1

  api_id           = aws_apigatewayv2_api.this.id
  name             = "jwt"
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]

  jwt_configuration {
    issuer   = var.jwt.issuer
    audience = var.jwt.audience
  }
}

resource "aws_apigatewayv2_authorizer" "function" {
  count = var.authorizer == null ? 0 : 1

  api_id                            = aws_apigatewayv2_api.this.id
  name                              = "function"
  authorizer_type                   = "REQUEST"
  authorizer_uri                    = local.invoke_arns[var.authorizer.function_arn]
  authorizer_payload_format_version = "2.0"
  enable_simple_responses           = true
  identity_sources                  = var.authorizer.identity_sources
  authorizer_result_ttl_in_seconds  = var.authorizer.cache_seconds
}

resource "aws_lambda_permission" "authorizer" {
  count = var.authorizer == null ? 0 : 1

  statement_id  = "api-${local.name}-authorizer"
  action        = "lambda:InvokeFunction"
  function_name = element(split(":", var.authorizer.function_arn), 6)
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.this.execution_arn}/authorizers/${aws_apigatewayv2_authorizer.function[0].id}"
}
