# A copy of each state in another region, where the account has a bucket for it.
locals {
  replicas = { for arn in compact([var.state.replica_bucket_arn]) : "this" => {
    bucket_arn  = arn
    kms_key_arn = var.state.replica_kms_key_arn
  } }
}

resource "aws_iam_role" "replication" {
  for_each = local.replicas

  name        = "${var.namespace}-terraform-state-replication"
  path        = "/deploy/"
  description = "Copies the Terraform states of ${var.namespace} to ${each.value.bucket_arn}."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        ArnEquals    = { "aws:SourceArn" = local.bucket_arn }
        StringEquals = { "aws:SourceAccount" = local.account_id }
      }
    }]
  })

  tags = local.tags
}

resource "aws_iam_role_policy" "replication" {
  for_each = local.replicas

  name = "replicate"
  role = aws_iam_role.replication[each.key].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ReadReplicationOfTheBucket"
        Effect   = "Allow"
        Action   = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
        Resource = local.bucket_arn
      },
      {
        Sid      = "ReadStates"
        Effect   = "Allow"
        Action   = ["s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"]
        Resource = "${local.bucket_arn}/*"
      },
      {
        Sid      = "WriteCopies"
        Effect   = "Allow"
        Action   = ["s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"]
        Resource = "${each.value.bucket_arn}/*"
      },
      {
        Sid       = "DecryptStates"
        Effect    = "Allow"
        Action    = "kms:Decrypt"
        Resource  = aws_kms_key.state.arn
        Condition = { StringEquals = { "kms:ViaService" = "s3.${local.region}.amazonaws.com" } }
      },
      {
        Sid       = "EncryptCopies"
        Effect    = "Allow"
        Action    = ["kms:Encrypt", "kms:GenerateDataKey"]
        Resource  = each.value.kms_key_arn
        Condition = { StringLike = { "kms:ViaService" = "s3.*.amazonaws.com" } }
      },
    ]
  })
}

resource "aws_s3_bucket_replication_configuration" "state" {
  for_each = local.replicas

  bucket = aws_s3_bucket.state.id
  role   = aws_iam_role.replication[each.key].arn

  rule {
    id     = "states"
    status = "Enabled"

    filter {}

    delete_marker_replication {
      status = "Disabled"
    }

    source_selection_criteria {
      sse_kms_encrypted_objects {
        status = "Enabled"
      }
    }

    destination {
      bucket = each.value.bucket_arn

      encryption_configuration {
        replica_kms_key_id = each.value.kms_key_arn
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.state]
}
