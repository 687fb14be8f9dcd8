resource "aws_lambda_permission" "pass" {
  function_name = "reserve"
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  source_arn    = "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/$default/GET/orders"
}

resource "aws_lambda_permission" "fail_without_arn" {
  function_name  = "reserve"
  action         = "lambda:InvokeFunction"
  principal      = "apigateway.amazonaws.com"
  source_account = "123456789012"
}

resource "aws_lambda_permission" "fail_without_account" {
  function_name = "reserve"
  action        = "lambda:InvokeFunction"
  principal     = "s3.amazonaws.com"
  source_arn    = "arn:aws:s3:::pictures"
}

resource "aws_lambda_permission" "fail_for_everybody" {
  function_name = "reserve"
  action        = "lambda:InvokeFunction"
  principal     = "*"
}
