output "server" {
  description = "Where the cache is, and how to sign in."
  value       = module.cache.server
}
