output "names" {
  description = "The computed names, by the caller's keys: `<namespace>-<environment>-<part>-<part>`, cut to the limit with a hyphen and eight hexadecimal digits of the whole name's SHA-256."
  value       = local.names
}
