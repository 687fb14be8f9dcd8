output "names" {
  description = "The computed names."
  value       = module.names.names
}
