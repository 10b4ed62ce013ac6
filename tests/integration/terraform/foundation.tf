# What a pipeline stands on, but for the network, which is there.
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {}

variable "name" { type = string }
variable "vpc_id" { type = string }
variable "subnets" { type = list(string) }
variable "security_group_ids" { type = list(string) }

data "aws_iam_policy_document" "builds" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["codebuild.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "pipeline" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["codepipeline.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "builds" {
  name               = "${var.name}-builds"
  path               = "/golden/"
  assume_role_policy = data.aws_iam_policy_document.builds.json
}

# CodeBuild looks whether it may see the network, as this role.
resource "aws_iam_role_policy" "builds" {
  name = "builds"
  role = aws_iam_role.builds.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["ec2:Describe*", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "*"
    }]
  })
}

resource "aws_iam_role" "pipeline" {
  name               = "${var.name}-pipeline"
  assume_role_policy = data.aws_iam_policy_document.pipeline.json
}

resource "aws_iam_role_policy" "pipeline" {
  name = "artifacts"
  role = aws_iam_role.pipeline.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject", "s3:GetBucketVersioning"]
      Resource = [aws_s3_bucket.artifacts.arn, "${aws_s3_bucket.artifacts.arn}/*"]
    }]
  })
}

resource "aws_s3_bucket" "artifacts" {
  bucket        = "${var.name}-artifacts"
  force_destroy = true
}

resource "aws_s3_bucket_versioning" "artifacts" {
  bucket = aws_s3_bucket.artifacts.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_codecommit_repository" "images" {
  repository_name = var.name
}

output "builds_role" { value = aws_iam_role.builds.arn }
output "pipeline_role" { value = aws_iam_role.pipeline.arn }
output "bucket" { value = aws_s3_bucket.artifacts.id }
output "repository" { value = aws_codecommit_repository.images.repository_name }
output "clone_url" { value = aws_codecommit_repository.images.clone_url_http }
