resource "aws_iam_role_policy" "pass" {
  role = "worker"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["events:PutEvents"], Resource = "arn:aws:events:eu-central-1:123456789012:event-bus/events", Condition = { StringEquals = { "events:source" = "shop.order" } } },
    ]
  })
}

resource "aws_iam_role_policy" "fail" {
  role = "worker"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["events:PutEvents"], Resource = "*", Condition = { StringEquals = { "events:source" = "shop.order" } } },
    ]
  })
}

resource "aws_iam_role_policy" "fail_any_bus" {
  role = "worker"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["events:PutEvents"], Resource = "arn:aws:events:eu-central-1:123456789012:event-bus/*", Condition = { StringEquals = { "events:source" = "shop.order" } } },
    ]
  })
}

# A permissions boundary allows nothing by itself: the check says nothing of it.
resource "aws_iam_policy" "boundary" {
  name = "shop-dev-boundary"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["events:PutEvents"], Resource = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-*" },
    ]
  })
}

resource "aws_iam_policy" "fail_policy" {
  name = "shop-dev-boundary-of-nothing"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["events:PutEvents"], Resource = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-*" },
    ]
  })
}
