output "id" {
  description = "The API's id."
  value       = aws_apigatewayv2_api.this.id
}

output "arn" {
  description = "The API's ARN."
  value       = aws_apigatewayv2_api.this.arn
}

output "execution_arn" {
  description = "ARN that starts the ARNs of its routes: `<execution ARN>/<stage>/<method>/<path>`."
  value       = aws_apigatewayv2_api.this.execution_arn
}

output "stage" {
  description = "Name of the stage."
  value       = aws_apigatewayv2_stage.this.name
}

output "endpoint" {
  description = "URL that the paths of the routes follow."
  value       = var.domain == null ? aws_apigatewayv2_api.this.api_endpoint : "https://${var.domain.name}"
  depends_on  = [aws_apigatewayv2_api_mapping.this, aws_apigatewayv2_stage.this, aws_lambda_permission.route, aws_lambda_permission.authorizer]
}

output "route_arns" {
  description = "By route key, the ARN that a caller's IAM policy has to allow `execute-api:Invoke` on; a path parameter is `*` in it."
  value       = { for key in keys(var.routes) : key => "${aws_apigatewayv2_stage.this.execution_arn}/${replace(replace(key, " ", ""), "/\\{[^}]*\\}/", "*")}" }
}

output "log_group" {
  description = "The log group of the access logs: name and ARN."
  value = {
    name = local.log_group_name
    arn  = local.log_group_arn
  }
  depends_on = [aws_cloudwatch_log_group.this]
}

output "key_arn" {
  description = "ARN of the access logs' KMS key."
  value       = local.key_arn
}

output "domain_target" {
  description = "What the record of the domain name points to: `name` and hosted `zone_id`. Null without a domain."
  value = var.domain == null ? null : {
    name    = aws_apigatewayv2_domain_name.this[0].domain_name_configuration[0].target_domain_name
    zone_id = aws_apigatewayv2_domain_name.this[0].domain_name_configuration[0].hosted_zone_id
  }
}

output "alarm_arns" {
  description = "ARNs of the alarms, by what they watch."
  value       = { for key, alarm in aws_cloudwatch_metric_alarm.this : key => alarm.arn }
}
