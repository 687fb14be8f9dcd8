output "platform" {
  description = "Every output of the platform."
  value       = module.platform
}

output "customers" {
  description = "The user pool of the customers: its id, and the client that they sign in through."
  value = {
    user_pool_id = aws_cognito_user_pool.customers.id
    client_id    = aws_cognito_user_pool_client.shop.id
  }
}
