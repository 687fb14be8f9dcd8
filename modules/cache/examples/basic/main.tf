# A cache in two private subnets.
module "cache" {
  source = "../.."

  context            = var.context
  durable            = var.durable
  subnet_ids         = ["subnet-0a1b2c3d", "subnet-1a2b3c4d"]
  security_group_ids = ["sg-0a1b2c3d"]
}
