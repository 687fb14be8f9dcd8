locals {
  # AWS's own policies: nothing is cached, and everything that a caller sent is passed on. Host is part of that: it is what
  # API Gateway knows the API by, and what a signature is over.
  # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
  # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
  caching_disabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
  all_viewer       = "216adef6-5c7f-47e4-b989-5492eafa07d3"

  origins = {
    api = var.origin.domain_name
    # Who is asked where the API did not answer: the API again, or a standby.
    standby = coalesce(var.origin.standby_domain_name, var.origin.domain_name)
  }
}

resource "aws_cloudfront_distribution" "this" {
  enabled             = true
  comment             = local.name
  aliases             = [var.domain.name]
  web_acl_id          = coalesce(var.web_acl_arn, one(values(aws_wafv2_web_acl.this)[*].arn))
  price_class         = var.price_class
  http_version        = "http2and3"
  is_ipv6_enabled     = true
  default_root_object = "index.html" # an API has none: `/` is answered as what is not there
  tags                = var.context.tags

  dynamic "origin" {
    for_each = local.origins

    content {
      origin_id   = origin.key
      domain_name = origin.value

      # What a caller sends under this name is replaced.
      custom_header {
        name  = "x-origin-verify"
        value = var.key
      }

      custom_origin_config {
        http_port                = 80
        https_port               = 443
        origin_protocol_policy   = "https-only"
        origin_ssl_protocols     = ["TLSv1.2"]
        origin_read_timeout      = 35 # longer than the 30 seconds after which the API gives up
        origin_keepalive_timeout = 60
      }
    }
  }

  origin_group {
    origin_id = "reads"

    failover_criteria {
      status_codes = [502, 503, 504]
    }

    member {
      origin_id = "api"
    }

    member {
      origin_id = "standby"
    }
  }

  default_cache_behavior {
    target_origin_id           = "api"
    viewer_protocol_policy     = "https-only"
    allowed_methods            = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    cached_methods             = ["GET", "HEAD"]
    cache_policy_id            = local.caching_disabled
    origin_request_policy_id   = local.all_viewer
    response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
  }

  dynamic "ordered_cache_behavior" {
    for_each = local.read_patterns

    content {
      path_pattern               = ordered_cache_behavior.value
      target_origin_id           = "reads"
      viewer_protocol_policy     = "https-only"
      allowed_methods            = ["GET", "HEAD", "OPTIONS"]
      cached_methods             = ["GET", "HEAD"]
      cache_policy_id            = local.caching_disabled
      origin_request_policy_id   = local.all_viewer
      response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
    }
  }

  viewer_certificate {
    acm_certificate_arn      = var.domain.certificate_arn
    minimum_protocol_version = "TLSv1.2_2021"
    ssl_support_method       = "sni-only"
  }

  restrictions {
    geo_restriction {
      restriction_type = "whitelist"
      locations        = var.countries
    }
  }

  logging_config {
    bucket          = var.access_logs.bucket
    prefix          = var.access_logs.prefix
    include_cookies = false
  }
}
