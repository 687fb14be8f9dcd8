output "arn" {
  description = "The function's ARN."
  value       = module.book.arn
}
