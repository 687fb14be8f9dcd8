output "platform" {
  description = "Every output of the platform."
  value       = module.platform
}
