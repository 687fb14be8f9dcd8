output "vault" {
  description = "The vault."
  value       = module.backup.vault
}
