output "server" {
  description = "Where it is and how to sign in, as `cache` of `modules/composer` takes it: host, port, user, and `iam` with the service, the cache's name, and the ARNs that a role has to be let connect to."
  value = {
    host = var.durable ? aws_memorydb_cluster.this[0].cluster_endpoint[0].address : aws_elasticache_serverless_cache.this[0].endpoint[0].address
    port = local.port
    tls  = true
    user = local.user
    iam = {
      service = local.service
      name    = local.name
      arns    = ["${local.arn}:${var.durable ? "cluster/" : "serverlesscache:"}${local.name}", "${local.arn}:${var.durable ? "user/" : "user:"}${local.user}"]
    }
  }
}

output "key_arn" {
  description = "ARN of its KMS key."
  value       = aws_kms_key.this.arn
}

output "alarm_arns" {
  description = "ARNs of the alarms, by what they watch."
  value       = { for key, alarm in aws_cloudwatch_metric_alarm.this : key => alarm.arn }
}
