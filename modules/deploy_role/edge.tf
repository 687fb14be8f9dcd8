# What an edge (`modules/edge`) takes beside the platform: CloudFront, which is global, and what belongs to it in us-east-1.
locals {
  global = { for service in ["cloudwatch", "kms", "logs", "wafv2"] :
  service => "arn:${var.context.partition}:${service}:us-east-1:${var.context.account_id}" }
  cloudfront = "arn:${var.context.partition}:cloudfront::${var.context.account_id}"

  edge = flatten([for edge in var.edge[*] : concat([
    {
      # A distribution has a random id: it is made with the environment's tags, and found by them from then on.
      Sid       = "MakeDistributions"
      Effect    = "Allow"
      Action    = "cloudfront:CreateDistribution"
      Resource  = "*"
      Condition = local.tagging
    },
    {
      # The tags of a distribution that is being made are put on before there are any to find it by.
      Sid       = "TagDistributions"
      Effect    = "Allow"
      Action    = "cloudfront:TagResource"
      Resource  = "${local.cloudfront}:distribution/*"
      Condition = local.tagging
    },
    {
      Sid    = "ManageDistributions"
      Effect = "Allow"
      Action = [
        "cloudfront:DeleteDistribution", "cloudfront:GetDistribution", "cloudfront:ListTagsForResource", "cloudfront:TagResource",
        "cloudfront:UntagResource", "cloudfront:UpdateDistribution",
      ]
      Resource  = "${local.cloudfront}:distribution/*"
      Condition = local.tagged
    },
    {
      # No other resource than all.
      Sid      = "MakeResponseHeadersPolicies"
      Effect   = "Allow"
      Action   = "cloudfront:CreateResponseHeadersPolicy"
      Resource = "*"
    },
    {
      # These have random ids, and no tags.
      Sid      = "ManageResponseHeadersPolicies"
      Effect   = "Allow"
      Action   = ["cloudfront:DeleteResponseHeadersPolicy", "cloudfront:GetResponseHeadersPolicy", "cloudfront:UpdateResponseHeadersPolicy"]
      Resource = "${local.cloudfront}:response-headers-policy/*"
    },
    {
      # CloudFront takes its access logs into a bucket as who deploys.
      Sid      = "DeliverLogsOfTheEdge"
      Effect   = "Allow"
      Action   = ["s3:GetBucketAcl", "s3:PutBucketAcl"]
      Resource = edge.access_logs_bucket_arn
    },
    {
      Sid    = "ManageFirewalls"
      Effect = "Allow"
      Action = [
        "wafv2:CreateWebACL", "wafv2:DeleteLoggingConfiguration", "wafv2:DeleteWebACL", "wafv2:GetLoggingConfiguration", "wafv2:GetWebACL",
        "wafv2:ListTagsForResource", "wafv2:PutLoggingConfiguration", "wafv2:TagResource", "wafv2:UntagResource", "wafv2:UpdateWebACL",
      ]
      Resource = "${local.global.wafv2}:global/webacl/${local.prefix}*"
    },
    {
      Sid      = "UseRulesOfAws"
      Effect   = "Allow"
      Action   = ["wafv2:CreateWebACL", "wafv2:UpdateWebACL"]
      Resource = "${local.global.wafv2}:global/managedruleset/*"
    },
    {
      Sid      = "ManageLogGroupsOfFirewalls"
      Effect   = "Allow"
      Action   = local.actions.log_groups
      Resource = "${local.global.logs}:log-group:aws-waf-logs-${local.prefix}*"
    },
    {
      Sid       = "ManageKeysOfFirewalls"
      Effect    = "Allow"
      Action    = local.actions.keys
      Resource  = "${local.global.kms}:key/*"
      Condition = local.tagged
    },
    {
      Sid      = "NameKeysOfFirewalls"
      Effect   = "Allow"
      Action   = local.actions.key_names
      Resource = "${local.global.kms}:alias/${local.prefix}*"
    },
    {
      Sid      = "ManageAlarmsOfTheEdge"
      Effect   = "Allow"
      Action   = local.actions.alarms
      Resource = "${local.global.cloudwatch}:alarm:${local.prefix}*"
    },
    ], [for arn in compact([edge.web_acl_arn]) : {
      Sid      = "SeeFirewallOfSomebodyElse"
      Effect   = "Allow"
      Action   = "wafv2:GetWebACL"
      Resource = arn
  }])])
}
