output "api" {
  description = "The API for callers who sign with IAM: id, ARN, URL that the paths of its routes follow, ARNs of its routes for callers' IAM policies, name of its access log group."
  value = {
    id         = module.api.id
    arn        = module.api.arn
    endpoint   = var.execute_api_base == null ? module.api.endpoint : format(var.execute_api_base, module.api.id)
    route_arns = module.api.route_arns
    log_group  = module.api.log_group.name
  }
}

output "customer_api" {
  description = "The API for customers: id, ARN, URL that the paths of its routes follow, its route keys, what its domain name stands for, name of its access log group. Null without `jwt`."
  value = one([for api in module.customer_api : {
    id            = api.id
    arn           = api.arn
    endpoint      = var.execute_api_base == null ? api.endpoint : format(var.execute_api_base, api.id)
    routes        = keys(api.route_arns)
    domain_target = api.domain_target
    log_group     = api.log_group.name
  }])
}

output "console" {
  description = "The console: URL of its page. Null without one."
  value = var.console == null ? null : {
    url = "${var.execute_api_base == null ? module.api.endpoint : format(var.execute_api_base, module.api.id)}/console"
  }
}

output "sandbox" {
  description = "The sandbox: URL and the name of the SSM parameter with its secret. Null without one."
  value = !var.sandbox ? null : {
    endpoint       = local.sandbox_endpoint
    parameter_name = local.sandbox_parameter_name
  }
}

output "event_bus" {
  description = "The event bus: name, ARN, ARN of its archive."
  value = {
    name        = module.event_bus.name
    arn         = module.event_bus.arn
    archive_arn = module.event_bus.archive_arn
  }
}

output "functions" {
  description = "Every function by `<service>/<function>`, relays among them: service, logical name, name in AWS, ARN, role, log group, timeout in seconds, and the queue that its events wait in, if there is one."
  value = {
    for function in local.deployed_functions : "${function.service}/${function.function}" => {
      service        = function.service
      function       = function.function
      name           = function.deployed.name
      arn            = function.deployed.arn
      role_arn       = function.deployed.role_arn
      role_name      = function.deployed.role_name
      log_group_name = function.deployed.log_group_name
      timeout        = function.deployed.timeout
      event_queue    = function.deployed.event_queue
    }
  }
}

output "tables" {
  description = "The table of each service: name, ARN, ARN of its stream. That of the read model keeps the events."
  value       = { for service, deployed in local.deployed_services : service => deployed.table }
}

output "read_model" {
  description = "The generations of the read model's projection, by name: table, function that fills it, queue that its events wait in, ARNs of the rules that fill that."
  value       = module.read_model.generations
}

output "keys" {
  description = "The KMS key of each service, of the event bus (`event_bus`), of the backups (`backups`) and the audit trail (`audit`) where there are any, and of what belongs to no service (`platform`): ARN."
  value = merge(
    { for service, deployed in local.deployed_services : service => deployed.key.arn },
    { for key in aws_kms_key.console : "console" => key.arn },
    { for backup in module.backup : "backups" => backup.key_arn },
    { for audit in module.audit : "audit" => audit.key_arn },
    { event_bus = module.event_bus.key_arn, platform = aws_kms_key.platform.arn },
  )
}

output "queues" {
  description = "Every queue where a message can end, by `<service>/<function>/<undelivered or failed>`, and `event_bus`: name, ARN, URL."
  value = merge(
    merge([
      for service, deployed in local.deployed_services : { for key, queue in deployed.queues : "${service}/${key}" => queue }
    ]...),
    { event_bus = module.event_bus.dead_letter_queue },
  )
}

output "saga" {
  description = "The saga: name, steps, Mermaid diagram, event patterns by service, function and rule, events, sources of each service, seconds to its deadline."
  value = {
    name             = module.saga.name
    mermaid          = module.saga.mermaid
    rules            = module.saga.rules
    events           = module.saga.events
    sources          = module.saga.sources
    deadline_seconds = var.deadline_seconds
  }
}

output "alarms" {
  description = "ARN of the topic that alarms tell (null without alarms), and ARNs of the alarms by what they watch."
  value = {
    topic_arn = var.alarms.enabled ? local.alarm_topic_arn : null
    arns = merge(
      merge([
        for service, deployed in local.deployed_services : { for key, arn in deployed.alarm_arns : "${service}/${key}" => arn }
      ]...),
      merge([
        for name, deployed in module.console : { for kind, arn in deployed.alarm_arns : "console/${name}/${kind}" => arn }
      ]...),
      { for key, alarm in aws_cloudwatch_metric_alarm.saga_log : "saga_log/${key}" => alarm.arn },
      merge([for cache in module.cache : { for key, arn in cache.alarm_arns : "cache/${key}" => arn }]...),
      { for key, arn in module.event_bus.alarm_arns : "event_bus/${key}" => arn },
      { for key, arn in module.api.alarm_arns : "api/${key}" => arn },
      merge([for backup in module.backup : { for key, arn in backup.alarm_arns : "backups/${key}" => arn }]...),
      merge([for api in module.customer_api : { for key, arn in api.alarm_arns : "customer_api/${key}" => arn }]...),
    )
  }
}

output "backups" {
  description = "The vault of the tables' backups: name and ARN. Null without backups."
  value       = one(module.backup[*].vault)
}

output "audit" {
  description = "The audit trail: its ARN, bucket (name, ARN) and log group. Null without one."
  value = one([for audit in module.audit : {
    trail_arn      = audit.trail_arn
    bucket         = audit.bucket
    log_group_name = audit.log_group_name
  }])
}

output "dashboard" {
  description = "Name of the CloudWatch dashboard."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}

output "mail_from" {
  description = "What customers' mail is sent as."
  value       = var.mail.from
}

locals {
  deployed_services = merge(
    { for service, deployed in module.service : service => deployed },
    { for deployed in module.sandbox : "sandbox" => deployed },
    { composer = module.composer },
    {
      read_model = {
        functions  = module.read_model.functions
        queues     = module.read_model.queues
        alarm_arns = module.read_model.alarm_arns
        key        = module.read_model.key
        table      = merge(module.read_model.event_store, { stream_arn = null })
      }
    },
  )
  publishing_services = sort([
    for service, definition in merge(local.services, { composer = local.composer }) : service if definition.publishes
  ])
  deployed_functions = concat(
    flatten([
      for service, deployed in local.deployed_services : [
        for name, function in deployed.functions : { service = service, function = name, deployed = function }
      ]
    ]),
    [
      for service in local.publishing_services :
      { service = service, function = "relay", deployed = local.deployed_services[service].relay }
    ],
    [for name, deployed in module.console : { service = "console", function = name, deployed = deployed }],
  )
}
