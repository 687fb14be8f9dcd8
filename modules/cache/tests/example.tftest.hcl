mock_provider "aws" {
  override_during = plan

  mock_resource "aws_elasticache_serverless_cache" {
    defaults = { endpoint = [{ address = "shop-dev-cache.serverless.euc1.cache.amazonaws.com", port = 6379 }] }
  }

  mock_resource "aws_memorydb_cluster" {
    defaults = { cluster_endpoint = [{ address = "clustercfg.shop-dev-cache.memorydb.eu-central-1.amazonaws.com", port = 6379 }] }
  }
}

run "the_example_of_the_readme" {
  command = plan

  module {
    source = "./examples/basic"
  }

  assert {
    condition = output.server == {
      host = "shop-dev-cache.serverless.euc1.cache.amazonaws.com", port = 6379, tls = true, user = "shop-dev-cache-user"
      iam = {
        service = "elasticache", name = "shop-dev-cache"
        arns    = ["arn:aws:elasticache:eu-central-1:123456789012:serverlesscache:shop-dev-cache", "arn:aws:elasticache:eu-central-1:123456789012:user:shop-dev-cache-user"]
      }
    }
    error_message = jsonencode(output.server)
  }
}

run "the_durable_one_has_the_same_interface" {
  command = plan

  module {
    source = "./examples/basic"
  }

  variables {
    durable = true
  }

  assert {
    condition = output.server == {
      host = "clustercfg.shop-dev-cache.memorydb.eu-central-1.amazonaws.com", port = 6379, tls = true, user = "shop-dev-cache-user"
      iam = {
        service = "memorydb", name = "shop-dev-cache"
        arns    = ["arn:aws:memorydb:eu-central-1:123456789012:cluster/shop-dev-cache", "arn:aws:memorydb:eu-central-1:123456789012:user/shop-dev-cache-user"]
      }
    }
    error_message = jsonencode(output.server)
  }
}
