# Computed from names where possible, so that they are known before the resources exist; whoever uses them still waits.
output "name" {
  description = "The function's name in AWS."
  value       = local.function_name
}

output "arn" {
  description = "The function's ARN, unqualified."
  value       = local.function_arn
  depends_on  = [aws_lambda_function.this]
}

output "invoke_arn" {
  description = "The ARN by which API Gateway invokes the function."
  value       = "arn:${var.context.partition}:apigateway:${var.context.region}:lambda:path/2015-03-31/functions/${local.function_arn}/invocations"
  depends_on  = [aws_lambda_function.this]
}

output "timeout" {
  description = "Seconds after which an invocation is stopped."
  value       = var.timeout
}

output "role_arn" {
  description = "ARN of the execution role."
  value       = local.role_arn
  depends_on  = [aws_iam_role.this]
}

output "role_name" {
  description = "Name of the execution role."
  value       = local.role_name
  depends_on  = [aws_iam_role.this]
}

output "log_group_name" {
  description = "Name of the log group."
  value       = local.log_group_name
  depends_on  = [aws_cloudwatch_log_group.this]
}

output "log_group_arn" {
  description = "ARN of the log group."
  value       = local.log_group_arn
  depends_on  = [aws_cloudwatch_log_group.this]
}

output "queues" {
  description = "The function's dead-letter queues that exist: `undelivered` (events that reached neither Lambda nor the function's queue) and `failed` (invocations, stream batches and messages that were given up), each with name, ARN and URL."
  value = {
    for key in keys(local.dead_letter_queues) : key => {
      name = local.queue_names[key]
      arn  = local.queue_arns[key]
      url  = aws_sqs_queue.this[key].url
    }
  }
}

output "event_queue" {
  description = "The queue that events wait in for the function: name, ARN and URL; null without `queue`."
  value = var.queue == null ? null : {
    name = local.queue_names.events
    arn  = local.queue_arns.events
    url  = aws_sqs_queue.this["events"].url
  }
}

output "rule_arns" {
  description = "ARNs of the EventBridge rules that invoke the function, by the keys of `rules` and `schedules`."
  value       = local.rule_arns
  depends_on  = [aws_cloudwatch_event_rule.this]
}

output "alarm_arns" {
  description = "ARNs of the alarms, by what they watch."
  value       = { for key in keys(local.alarms) : key => "arn:${var.context.partition}:cloudwatch:${local.region_arn}:alarm:${module.alarm_names.names[key]}" }
  depends_on  = [aws_cloudwatch_metric_alarm.this]
}

output "environment" {
  description = "The environment variables that the function finds."
  value       = var.environment
}

output "policies" {
  description = "The role's policies as JSON, by their names: what the function may do."
  value       = { for name, policy in aws_iam_role_policy.this : name => policy.policy }
}
