output "domain_target" {
  description = "What the record of the domain name points to: `name` and hosted `zone_id`."
  value = {
    name    = aws_cloudfront_distribution.this.domain_name
    zone_id = aws_cloudfront_distribution.this.hosted_zone_id
  }
}

output "distribution" {
  description = "The distribution: id and ARN."
  value = {
    id  = aws_cloudfront_distribution.this.id
    arn = aws_cloudfront_distribution.this.arn
  }
}

output "web_acl_arn" {
  description = "ARN of the firewall's web ACL."
  value       = aws_cloudfront_distribution.this.web_acl_id
}

output "log_group" {
  description = "The log group of what the firewall refused: name and ARN. Null with `web_acl_arn`."
  value       = var.web_acl_arn == null ? { name = local.log_group_name, arn = local.log_group_arn } : null
  depends_on  = [aws_cloudwatch_log_group.this]
}

output "key_arn" {
  description = "ARN of the log group's KMS key. Null with `web_acl_arn`."
  value       = one(values(aws_kms_key.this)[*].arn)
}

output "alarm_arns" {
  description = "ARNs of the alarms, by what they watch."
  value       = { for key, alarm in aws_cloudwatch_metric_alarm.this : key => alarm.arn }
}
