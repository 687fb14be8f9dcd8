output "bucket" {
  description = "The bucket of records."
  value       = module.audit.bucket
}
