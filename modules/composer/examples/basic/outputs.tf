output "functions" {
  description = "The functions' ARNs, by name."
  value       = { for name, function in module.composer.functions : name => function.arn }
}
