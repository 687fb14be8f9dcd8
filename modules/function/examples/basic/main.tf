# A function that an event invokes, with the key that it needs. A service of several functions is modules/microservice.
module "bus" {
  source = "../../../event_bus"

  context = var.context
  sources = ["shop.order", "shop.parcel"]
}

resource "aws_kms_key" "parcel" {
  description         = "Encrypts what the parcel service stores."
  enable_key_rotation = true

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "LeaveItToIam"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${var.context.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "LetLogsEncryptTheLogGroup"
        Effect    = "Allow"
        Principal = { Service = "logs.${var.context.region}.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
        Resource  = "*"
        Condition = { ArnEquals = {
          "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:${var.context.region}:${var.context.account_id}:log-group:/aws/lambda/shop-dev-parcel-book"
        } }
      },
      {
        Sid       = "LetEventBridgeFillTheQueue"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = "*"
        Condition = {
          ArnEquals    = { "kms:EncryptionContext:aws:sqs:arn" = "arn:aws:sqs:${var.context.region}:${var.context.account_id}:shop-dev-parcel-book-undelivered" }
          StringEquals = { "aws:SourceAccount" = var.context.account_id }
        }
      },
    ]
  })
}

module "book" {
  source = "../.."

  context     = var.context
  service     = "parcel"
  name        = "book"
  description = "Books a parcel for every order that is placed."
  handler     = "parcel.handlers.book"
  package     = var.package
  kms_key_arn = aws_kms_key.parcel.arn

  event_bus = { name = module.bus.name, arn = module.bus.arn }
  rules = {
    placed = { event_pattern = jsonencode({ source = ["shop.order"], "detail-type" = ["OrderPlaced"] }) }
  }
}
