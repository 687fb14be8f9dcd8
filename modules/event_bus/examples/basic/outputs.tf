output "arn" {
  description = "The bus's ARN."
  value       = module.bus.arn
}
