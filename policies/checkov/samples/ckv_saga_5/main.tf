resource "aws_cloudwatch_event_bus_policy" "pass" {
  event_bus_name = "events"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Principal = { AWS = "arn:aws:iam::123456789012:root" }, Action = "events:PutEvents", Resource = "arn:aws:events:eu-central-1:123456789012:event-bus/events" },
      { Effect = "Allow", Principal = "*", Action = "events:PutEvents", Resource = "arn:aws:events:eu-central-1:123456789012:event-bus/events", Condition = { StringEquals = { "aws:PrincipalOrgID" = "o-a1b2c3d4e5" } } },
      { Effect = "Deny", Principal = "*", Action = "events:*", Resource = "arn:aws:events:eu-central-1:123456789012:event-bus/events", Condition = { Bool = { "aws:SecureTransport" = "false" } } },
    ]
  })
}

resource "aws_cloudwatch_event_bus_policy" "fail_for_everybody" {
  event_bus_name = "events"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Principal = "*", Action = "events:PutEvents", Resource = "arn:aws:events:eu-central-1:123456789012:event-bus/events" },
    ]
  })
}

resource "aws_cloudwatch_event_bus_policy" "fail_for_everything" {
  event_bus_name = "events"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Principal = { AWS = "arn:aws:iam::210987654321:root" }, Action = "events:*", Resource = "arn:aws:events:eu-central-1:123456789012:event-bus/events" },
    ]
  })
}

resource "aws_cloudwatch_event_permission" "pass" {
  principal    = "210987654321"
  statement_id = "neighbour"
}

resource "aws_cloudwatch_event_permission" "fail" {
  principal    = "*"
  statement_id = "everybody"
}
