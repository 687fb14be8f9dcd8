# The ports to the outside: where the payment service provider and the carrier are, and which parameter holds the secret.
locals {
  sandbox_endpoint = var.sandbox ? (
    var.execute_api_base == null ? module.sandbox_api[0].endpoint : format(var.execute_api_base, module.sandbox_api[0].id)
  ) : null

  sandbox_port = { url = local.sandbox_endpoint, parameter_name = local.sandbox_parameter_name, kms_key_arn = local.platform_key_arn }
  ports = {
    payment = var.payment_provider == null ? local.sandbox_port : var.payment_provider
    carrier = var.carrier == null ? local.sandbox_port : var.carrier
  }
  port_environments = {
    for name, port in local.ports : name => { PROVIDER_URL = port.url, PROVIDER_SECRET_PARAMETER = port.parameter_name }
  }
  port_parameters = {
    for name, port in local.ports : name => {
      secret = {
        arn         = "arn:${var.partition}:ssm:${var.region}:${var.account_id}:parameter/${trimprefix(port.parameter_name, "/")}"
        kms_key_arn = port.kms_key_arn
      }
    }
  }
}
