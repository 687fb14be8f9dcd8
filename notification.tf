# Tells the customer how the order ended, by one mail.
locals {
  notification = {
    range_key = null
    publishes = true
    functions = {
      notify_customer = {
        description   = "Sends the mail."
        handler       = "notification.handlers.notify_customer"
        timeout       = 10
        environment   = { MAIL_FROM = var.mail.from }
        table_actions = ["UpdateItem"]
        rules         = local.rules.notification.notify_customer
        sends_mail    = { identity_arn = local.mail_identity_arn, from_address = var.mail.from }
      }
      get_notices = {
        description   = "Reads what a customer was told."
        handler       = "notification.handlers.get_notices"
        timeout       = 10
        table_actions = ["GetItem"]
        on_failure    = "none"
      }
    }
  }

  mail_identity_arn = (
    var.mail.identity_arn == null
    ? "arn:${var.partition}:ses:${var.region}:${var.account_id}:identity/${var.mail.from}"
    : var.mail.identity_arn
  )
}

# SES sends nothing until the owner of the address has followed the link that SES mails there.
resource "aws_sesv2_email_identity" "this" {
  count = var.mail.identity_arn == null ? 1 : 0

  email_identity = var.mail.from
  tags           = local.context.tags
}
