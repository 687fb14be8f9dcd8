mock_provider "aws" {
  override_during = plan

  mock_resource "aws_cloudfront_distribution" {
    defaults = { domain_name = "d111111abcdef8.cloudfront.net", hosted_zone_id = "Z2FDTNDATAQYW2" }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
  }
  mock_resource "aws_wafv2_web_acl" {
    defaults = { arn = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/theatre-prod-edge/11111111-2222-3333-4444-555555555555" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:us-east-1:123456789012:log-group:aws-waf-logs-theatre-prod-edge" }
  }
}

run "the_example_of_the_readme" {
  command = plan

  module {
    source = "./examples/basic"
  }

  variables {
    key = "0123456789abcdef0123456789abcdef"
  }

  assert {
    condition     = output.domain_target == { name = "d111111abcdef8.cloudfront.net", zone_id = "Z2FDTNDATAQYW2" }
    error_message = "The record points to CloudFront: ${jsonencode(output.domain_target)}."
  }

  assert {
    condition     = module.edge.log_group.name == "aws-waf-logs-theatre-prod-edge"
    error_message = "The example has a firewall of its own: ${jsonencode(module.edge.log_group)}."
  }
}
