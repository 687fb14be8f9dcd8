output "trail_arn" {
  description = "ARN of the trail."
  value       = local.trail_arn
  depends_on  = [aws_cloudtrail.this]
}

output "bucket" {
  description = "The bucket of records: name and ARN."
  value       = { name = local.bucket_name, arn = local.bucket_arn }
  depends_on  = [aws_s3_bucket.this]
}

output "log_group_name" {
  description = "The log group of records."
  value       = aws_cloudwatch_log_group.this.name
}

output "key_arn" {
  description = "ARN of the KMS key that records are encrypted with."
  value       = aws_kms_key.this.arn
}
