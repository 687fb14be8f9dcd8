locals {
  alarm_topic_arn = (
    var.alarms.topic == null
    ? "arn:${var.partition}:sns:${var.region}:${var.account_id}:${module.names.names.alarms}"
    : var.alarms.topic.arn
  )
  alarms = { enabled = var.alarms.enabled, actions = var.alarms.enabled ? [local.alarm_topic_arn] : [] }

  owns_alarm_topic = var.alarms.enabled && var.alarms.topic == null
}

resource "aws_sns_topic" "alarms" {
  count = local.owns_alarm_topic ? 1 : 0

  name              = module.names.names.alarms
  kms_master_key_id = aws_kms_key.platform.arn
  tags              = local.context.tags
}

resource "aws_sns_topic_policy" "alarms" {
  count = local.owns_alarm_topic ? 1 : 0

  arn = aws_sns_topic.alarms[0].arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AcceptAlarmsOfTheEnvironment"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = local.alarm_topic_arn
        Condition = {
          ArnLike      = { "aws:SourceArn" = "arn:${var.partition}:cloudwatch:${var.region}:${var.account_id}:alarm:${var.namespace}-${var.environment}-*" }
          StringEquals = { "aws:SourceAccount" = var.account_id }
        }
      },
      {
        Sid       = "RefusePlainHttp"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = local.alarm_topic_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}
