resource "aws_iam_role_policy" "pass" {
  role = "worker"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["events:PutEvents"], Resource = "arn:aws:events:eu-central-1:123456789012:event-bus/events", Condition = { "ForAllValues:StringEquals" = { "events:source" = ["shop.order"] }, Null = { "events:source" = "false" } } },
    ]
  })
}

resource "aws_iam_role_policy" "fail_without_source" {
  role = "worker"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["events:PutEvents"], Resource = "arn:aws:events:eu-central-1:123456789012:event-bus/events" },
    ]
  })
}

resource "aws_iam_role_policy" "fail_without_any" {
  role = "worker"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["events:PutEvents"], Resource = "arn:aws:events:eu-central-1:123456789012:event-bus/events", Condition = { "ForAllValues:StringEquals" = { "events:source" = ["shop.order"] } } },
    ]
  })
}

resource "aws_iam_role_policy" "fail_wildcard" {
  role = "worker"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["events:PutEvents"], Resource = "arn:aws:events:eu-central-1:123456789012:event-bus/events", Condition = { StringLike = { "events:source" = "shop.*" } } },
    ]
  })
}

# A permissions boundary allows nothing by itself: the check says nothing of it.
resource "aws_iam_policy" "boundary" {
  name = "shop-dev-boundary"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["events:PutEvents"], Resource = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events" },
    ]
  })
}

resource "aws_iam_policy" "fail_policy" {
  name = "shop-dev-boundary-of-nothing"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["events:PutEvents"], Resource = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events" },
    ]
  })
}
