output "ids" {
  description = "The endpoints' ids, by their service."
  value       = { for service, endpoint in aws_vpc_endpoint.this : service => endpoint.id }
}
