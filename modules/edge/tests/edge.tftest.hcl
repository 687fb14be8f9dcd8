mock_provider "aws" {
  override_during = plan

  mock_resource "aws_cloudfront_distribution" {
    defaults = {
      id             = "EDFDVBD6EXAMPLE"
      arn            = "arn:aws:cloudfront::123456789012:distribution/EDFDVBD6EXAMPLE"
      domain_name    = "d111111abcdef8.cloudfront.net"
      hosted_zone_id = "Z2FDTNDATAQYW2"
    }
  }
  mock_resource "aws_cloudfront_response_headers_policy" {
    defaults = { id = "99999999-8888-7777-6666-555555555555" }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
  }
  mock_resource "aws_wafv2_web_acl" {
    defaults = { arn = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/shop-prod-edge/11111111-2222-3333-4444-555555555555" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:us-east-1:123456789012:log-group:aws-waf-logs-shop-prod-edge" }
  }
}

variables {
  context = {
    namespace   = "shop"
    environment = "prod"
    account_id  = "123456789012"
    region      = "us-east-1"
    tags        = { Team = "platform" }
  }
  domain = {
    name            = "api.example.com"
    certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
  }
  origin = { domain_name = "d-0123456789.execute-api.eu-central-1.amazonaws.com" }
  key    = "0123456789abcdef0123456789abcdef"
  routes = [
    "GET /customers/{id}/orders",
    "GET /orders",
    "GET /orders/{id}",
    "GET /orders/{id}/details",
    "POST /orders",
    "POST /orders/{id}/cancellation",
    "GET /stock/{sku}",
    "PUT /stock/{sku}",
  ]
  countries   = ["DE", "AT"]
  access_logs = { bucket = "logs.s3.amazonaws.com" }
}

run "an_edge_of_defaults" {
  command = plan

  assert {
    condition = (
      aws_cloudfront_distribution.this.enabled
      && aws_cloudfront_distribution.this.aliases == toset(["api.example.com"])
      && aws_cloudfront_distribution.this.web_acl_id == aws_wafv2_web_acl.this["this"].arn
      && output.web_acl_arn == aws_wafv2_web_acl.this["this"].arn
      && aws_wafv2_web_acl.this["this"].scope == "CLOUDFRONT"
    )
    error_message = "The firewall of the module stands in front of the domain name."
  }

  assert {
    condition = { for origin in aws_cloudfront_distribution.this.origin : origin.origin_id => origin.domain_name } == {
      api     = "d-0123456789.execute-api.eu-central-1.amazonaws.com"
      standby = "d-0123456789.execute-api.eu-central-1.amazonaws.com"
    }
    error_message = "Without a standby the API is asked again."
  }

  assert {
    condition = alltrue([for origin in aws_cloudfront_distribution.this.origin : (
      [for header in origin.custom_header : "${header.name}=${nonsensitive(header.value)}"] == ["x-origin-verify=0123456789abcdef0123456789abcdef"]
      && origin.custom_origin_config[0].origin_protocol_policy == "https-only"
      && origin.custom_origin_config[0].origin_ssl_protocols == toset(["TLSv1.2"])
    )])
    error_message = "Whichever origin is asked, it is asked with the key and over TLS."
  }

  assert {
    condition = (
      aws_cloudfront_distribution.this.default_cache_behavior[0].target_origin_id == "api"
      && contains(aws_cloudfront_distribution.this.default_cache_behavior[0].allowed_methods, "POST")
      && [for behavior in aws_cloudfront_distribution.this.ordered_cache_behavior : behavior.path_pattern] == ["/customers/*/orders", "/orders/*/details"]
      && alltrue([for behavior in aws_cloudfront_distribution.this.ordered_cache_behavior :
      behavior.target_origin_id == "reads" && behavior.allowed_methods == toset(["GET", "HEAD", "OPTIONS"])])
    )
    error_message = "What is only read is asked again where it failed; what a pattern shares with a write is not."
  }

  assert {
    condition = alltrue([for behavior in concat(aws_cloudfront_distribution.this.default_cache_behavior, aws_cloudfront_distribution.this.ordered_cache_behavior) : (
      behavior.viewer_protocol_policy == "https-only"
      && behavior.cache_policy_id == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
      && behavior.origin_request_policy_id == "216adef6-5c7f-47e4-b989-5492eafa07d3"
      && behavior.response_headers_policy_id == aws_cloudfront_response_headers_policy.this.id
    )])
    error_message = "Nothing is cached, the name that was asked for is passed on, and no answer is without its headers."
  }

  assert {
    condition = (
      aws_cloudfront_distribution.this.viewer_certificate[0].acm_certificate_arn == "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
      && aws_cloudfront_distribution.this.viewer_certificate[0].minimum_protocol_version == "TLSv1.2_2021"
      && aws_cloudfront_distribution.this.viewer_certificate[0].ssl_support_method == "sni-only"
    )
    error_message = "Callers need TLS 1.2."
  }

  assert {
    condition = (
      aws_cloudfront_distribution.this.restrictions[0].geo_restriction[0].restriction_type == "whitelist"
      && aws_cloudfront_distribution.this.restrictions[0].geo_restriction[0].locations == toset(["AT", "DE"])
      && aws_cloudfront_distribution.this.logging_config[0].bucket == "logs.s3.amazonaws.com"
      && aws_cloudfront_distribution.this.logging_config[0].prefix == "edge/"
      && aws_cloudfront_distribution.this.logging_config[0].include_cookies == false
    )
    error_message = "Only the named countries get through, and requests are logged without cookies."
  }

  assert {
    condition = join(" ", [for rule in sort([for rule in aws_wafv2_web_acl.this["this"].rule : "${rule.priority}:${rule.name}"]) : rule]) == join(" ", [
      "0:OneAddressAtOnce", "1:AWSManagedRulesAmazonIpReputationList", "2:AWSManagedRulesAnonymousIpList", "3:AWSManagedRulesCommonRuleSet", "4:AWSManagedRulesKnownBadInputsRuleSet",
    ])
    error_message = "The firewall has AWS's rules, and one for floods in front of them."
  }

  assert {
    condition = { for rule in aws_wafv2_web_acl.this["this"].rule : rule.name => join(",", rule.statement[0].managed_rule_group_statement[0].rule_action_override[*].name) if rule.priority > 0 } == {
      AWSManagedRulesAmazonIpReputationList = ""
      AWSManagedRulesAnonymousIpList        = "HostingProviderIPList"
      AWSManagedRulesCommonRuleSet          = "SizeRestrictions_BODY"
      AWSManagedRulesKnownBadInputsRuleSet  = ""
    }
    error_message = "Two rules only count: callers may be machines, and a body's size is the API's."
  }

  assert {
    condition = alltrue([for config in concat(aws_wafv2_web_acl.this["this"].visibility_config, flatten([for rule in aws_wafv2_web_acl.this["this"].rule : rule.visibility_config])) :
    config.cloudwatch_metrics_enabled && !config.sampled_requests_enabled])
    error_message = "Every rule is seen in the metrics, and no request is kept whole."
  }

  assert {
    condition = one([for rule in aws_wafv2_web_acl.this["this"].rule : rule if rule.priority == 0]).statement[0].rate_based_statement[0].limit == 2000 && alltrue([
      for rule in aws_wafv2_web_acl.this["this"].rule : rule.priority == 0 ? length(rule.action[0].block) == 1 : length(rule.override_action[0].none) == 1
    ])
    error_message = "An address with too many requests is refused, and AWS's rules do what they say."
  }

  assert {
    condition = (
      aws_cloudwatch_log_group.this["this"].name == "aws-waf-logs-shop-prod-edge"
      && aws_cloudwatch_log_group.this["this"].retention_in_days == 365
      && aws_cloudwatch_log_group.this["this"].kms_key_id == aws_kms_key.this["this"].arn
      && aws_kms_key.this["this"].enable_key_rotation
    )
    error_message = "What was refused is encrypted and kept a year."
  }

  assert {
    condition = (
      toset([for field in aws_wafv2_web_acl_logging_configuration.this["this"].redacted_fields : field.single_header[0].name]) == toset(["authorization", "cookie"])
      && aws_wafv2_web_acl_logging_configuration.this["this"].logging_filter[0].default_behavior == "DROP"
      && one([for filter in aws_wafv2_web_acl_logging_configuration.this["this"].logging_filter[0].filter : one([for condition in filter.condition : condition.action_condition[0].action])]) == "BLOCK"
    )
    error_message = "The log holds what was refused, and no token."
  }

  assert {
    condition = jsondecode(aws_kms_key.this["this"].policy).Statement[1].Condition.ArnEquals == {
      "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:us-east-1:123456789012:log-group:aws-waf-logs-shop-prod-edge"
    }
    error_message = "CloudWatch Logs uses the key for this log group alone."
  }

  assert {
    condition = (
      one(aws_cloudfront_response_headers_policy.this.security_headers_config).strict_transport_security[0].access_control_max_age_sec == 63072000
      && one(aws_cloudfront_response_headers_policy.this.security_headers_config).content_security_policy[0].content_security_policy == "default-src 'none'; frame-ancestors 'none'"
      && one(aws_cloudfront_response_headers_policy.this.security_headers_config).frame_options[0].frame_option == "DENY"
      && one(aws_cloudfront_response_headers_policy.this.security_headers_config).referrer_policy[0].referrer_policy == "no-referrer"
      && one(aws_cloudfront_response_headers_policy.this.security_headers_config).content_type_options[0].override
    )
    error_message = "Answers have the headers that keep them off pages."
  }

  assert {
    condition = { for key, alarm in aws_cloudwatch_metric_alarm.this : key => "${alarm.alarm_name} ${alarm.namespace} ${alarm.metric_name} ${jsonencode(alarm.dimensions)} ${alarm.threshold}" } == {
      errors  = "shop-prod-edge-errors AWS/CloudFront 5xxErrorRate {\"DistributionId\":\"EDFDVBD6EXAMPLE\",\"Region\":\"Global\"} 1"
      blocked = "shop-prod-edge-blocked AWS/WAFV2 BlockedRequests {\"Rule\":\"ALL\",\"WebACL\":\"shop-prod-edge\"} 1000"
    }
    error_message = "Errors and refusals raise alarms."
  }

  assert {
    condition     = output.domain_target == { name = "d111111abcdef8.cloudfront.net", zone_id = "Z2FDTNDATAQYW2" }
    error_message = "The record points to CloudFront."
  }
}

run "an_edge_with_everything" {
  command = plan

  variables {
    name                   = "customers"
    origin                 = { domain_name = "d-0123456789.execute-api.eu-central-1.amazonaws.com", standby_domain_name = "d-9876543210.execute-api.eu-west-1.amazonaws.com" }
    price_class            = "PriceClass_100"
    requests_per_5_minutes = 100
    log_retention_days     = 30
    access_logs            = { bucket = "logs.s3.eu-central-1.amazonaws.com", prefix = "customers/" }
    alarms                 = { actions = ["arn:aws:sns:us-east-1:123456789012:alarms"], period_seconds = 60, error_percent = 5, blocked_requests = 10 }
  }

  assert {
    condition = { for origin in aws_cloudfront_distribution.this.origin : origin.origin_id => origin.domain_name } == {
      api     = "d-0123456789.execute-api.eu-central-1.amazonaws.com"
      standby = "d-9876543210.execute-api.eu-west-1.amazonaws.com"
    }
    error_message = "A standby answers reads that the API does not."
  }

  assert {
    condition = (
      aws_cloudfront_distribution.this.price_class == "PriceClass_100"
      && aws_cloudfront_distribution.this.logging_config[0].prefix == "customers/"
      && one([for rule in aws_wafv2_web_acl.this["this"].rule : rule if rule.priority == 0]).statement[0].rate_based_statement[0].limit == 100
      && aws_cloudwatch_log_group.this["this"].retention_in_days == 30
    )
    error_message = "Places, limits and times are the caller's."
  }

  assert {
    condition = alltrue([for key, alarm in aws_cloudwatch_metric_alarm.this :
      alarm.alarm_actions == toset(["arn:aws:sns:us-east-1:123456789012:alarms"]) && alarm.period == 60
    && alarm.threshold == { errors = 5, blocked = 10 }[key]])
    error_message = "Alarms are the caller's."
  }
}

run "an_edge_with_a_firewall_of_somebody_else" {
  command = plan

  variables {
    web_acl_arn = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/everybodys/99999999-2222-3333-4444-555555555555"
  }

  assert {
    condition     = aws_cloudfront_distribution.this.web_acl_id == "arn:aws:wafv2:us-east-1:123456789012:global/webacl/everybodys/99999999-2222-3333-4444-555555555555"
    error_message = "It stands in front."
  }

  assert {
    condition = (
      length(aws_wafv2_web_acl.this) + length(aws_kms_key.this) + length(aws_kms_alias.this) + length(aws_cloudwatch_log_group.this) + length(aws_wafv2_web_acl_logging_configuration.this) == 0
      && output.log_group == null && output.key_arn == null
      && keys(aws_cloudwatch_metric_alarm.this) == ["errors"]
    )
    error_message = "Its rules, its log and its alarms are somebody else's."
  }
}

run "an_edge_without_alarms" {
  command = plan

  variables {
    alarms = { enabled = false }
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) == 0
    error_message = "There is none."
  }
}

run "an_edge_of_paths_that_are_written_by_a_longer_way" {
  command = plan

  variables {
    routes = [
      "GET /seats",
      "GET /seats/{id}",
      "POST /seats/{id}/holds",
      "GET /shows/{id}/plan",
      "PUT /shows/{proxy+}",
      "GET /{place}/info",
      "ANY /halls/{id}/info",
      "GET /halls/{id}/rows",
      "GET /bookings/{id}",
      "POST /bookings",
    ]
  }

  assert {
    condition     = [for behavior in aws_cloudfront_distribution.this.ordered_cache_behavior : behavior.path_pattern] == ["/bookings/*", "/halls/*/rows", "/seats"]
    error_message = "A pattern is no read's where a path that is written can match it: ${jsonencode(local.read_patterns)}."
  }
}
