# Who the customers are: a user pool, whose tokens the API takes.
resource "aws_cognito_user_pool" "customers" {
  name = "shop-local-customers"
}

resource "aws_cognito_user_pool_client" "shop" {
  name                = "shop"
  user_pool_id        = aws_cognito_user_pool.customers.id
  explicit_auth_flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
}
