output "ids" {
  description = "The endpoints' ids, by their service."
  value       = module.endpoints.ids
}
