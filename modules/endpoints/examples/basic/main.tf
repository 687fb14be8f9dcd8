# Endpoints for a platform whose functions run in two subnets.
module "endpoints" {
  source = "../.."

  context = var.context
  vpc = {
    id                 = "vpc-0a1b2c3d"
    subnet_ids         = ["subnet-0a1b2c3d", "subnet-1a2b3c4d"]
    security_group_ids = ["sg-0a1b2c3d"]
    route_table_ids    = ["rtb-0a1b2c3d"]
  }
}
