output "platform" {
  description = "Every output of the platform."
  value       = module.platform
}

output "edge" {
  description = "Every output of the edge. Null without one."
  value       = one(module.edge)
}
