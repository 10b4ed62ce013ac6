# Projects and pipelines as people write them: what is left out is what Terraform leaves out, or fills in.
resource "aws_codebuild_project" "branch" {
  name                   = "${var.name}-branch"
  description            = "Builds a branch"
  service_role           = aws_iam_role.builds.arn
  build_timeout          = 90
  queued_timeout         = 30
  concurrent_build_limit = 2
  source_version         = "refs/heads/main"

  source {
    type      = "CODECOMMIT"
    location  = aws_codecommit_repository.images.clone_url_http
    buildspec = "ci/buildspec.yml"
  }

  artifacts {
    type     = "S3"
    location = aws_s3_bucket.artifacts.id
    path     = "manifests"
  }

  cache {
    type  = "LOCAL"
    modes = ["LOCAL_SOURCE_CACHE", "LOCAL_CUSTOM_CACHE"]
  }

  environment {
    type            = "LINUX_CONTAINER"
    compute_type    = "BUILD_GENERAL1_SMALL"
    image           = "aws/codebuild/standard:7.0"
    privileged_mode = true

    environment_variable {
      name  = "PACKER_SCRIPT"
      value = "packer-wordpress"
    }
    environment_variable {
      name  = "DB_NAME"
      type  = "PARAMETER_STORE"
      value = "/web/db-name"
    }
    environment_variable {
      name  = "DB_PASSWORD"
      type  = "SECRETS_MANAGER"
      value = "web:password"
    }
  }

  logs_config {
    cloudwatch_logs {
      group_name  = "/golden/${var.name}"
      stream_name = "builds"
    }
    s3_logs {
      status   = "ENABLED"
      location = "${aws_s3_bucket.artifacts.id}/logs"
    }
  }

  vpc_config {
    vpc_id             = var.vpc_id
    subnets            = var.subnets
    security_group_ids = var.security_group_ids
  }

  tags = {
    team = "web"
  }
}

resource "aws_codebuild_project" "pipeline" {
  name         = var.name
  service_role = aws_iam_role.builds.arn

  source {
    type = "CODEPIPELINE"
  }

  artifacts {
    type = "CODEPIPELINE"
  }

  cache {
    type     = "S3"
    location = "${aws_s3_bucket.artifacts.id}/cache"
  }

  environment {
    type         = "LINUX_CONTAINER"
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = "aws/codebuild/standard:7.0"
  }
}

resource "aws_codebuild_project" "hosted" {
  name          = "${var.name}-hosted"
  service_role  = aws_iam_role.builds.arn
  badge_enabled = true

  source {
    type                = "GITHUB"
    location            = "https://github.com/web/images.git"
    git_clone_depth     = 1
    report_build_status = true

    git_submodules_config {
      fetch_submodules = true
    }
  }

  secondary_sources {
    source_identifier = "roles"
    type              = "CODECOMMIT"
    location          = aws_codecommit_repository.images.clone_url_http
  }

  secondary_source_version {
    source_identifier = "roles"
    source_version    = "main"
  }

  artifacts {
    type = "NO_ARTIFACTS"
  }

  secondary_artifacts {
    artifact_identifier = "manifest"
    type                = "S3"
    location            = aws_s3_bucket.artifacts.id
    name                = "manifest.zip"
    packaging           = "ZIP"
    namespace_type      = "BUILD_ID"
  }

  environment {
    type                        = "LINUX_CONTAINER"
    compute_type                = "BUILD_GENERAL1_SMALL"
    image                       = "123456789012.dkr.ecr.us-east-1.amazonaws.com/toolkit:1"
    image_pull_credentials_type = "SERVICE_ROLE"
  }

  logs_config {
    cloudwatch_logs {
      status = "DISABLED"
    }
  }
}

resource "aws_codepipeline" "images" {
  name           = var.name
  role_arn       = aws_iam_role.pipeline.arn
  pipeline_type  = "V2"
  execution_mode = "QUEUED"

  artifact_store {
    type     = "S3"
    location = aws_s3_bucket.artifacts.id
  }

  # Without a default, so that CodePipeline does not start it by itself.
  variable {
    name        = "REASON"
    description = "Why it runs"
  }

  variable {
    name          = "IMAGE"
    default_value = "wordpress"
  }

  stage {
    name = "Source"

    action {
      name             = "repository"
      category         = "Source"
      owner            = "AWS"
      provider         = "CodeCommit"
      version          = "1"
      namespace        = "Source"
      output_artifacts = ["source"]

      configuration = {
        RepositoryName       = aws_codecommit_repository.images.repository_name
        BranchName           = "main"
        PollForSourceChanges = false
      }
    }
  }

  stage {
    name = "Build"

    action {
      name             = "packer"
      category         = "Build"
      owner            = "AWS"
      provider         = "CodeBuild"
      version          = "1"
      namespace        = "Build"
      input_artifacts  = ["source"]
      output_artifacts = ["built"]

      configuration = {
        ProjectName = aws_codebuild_project.pipeline.name
        EnvironmentVariables = jsonencode([
          { name = "PACKER_SCRIPT", value = "#{variables.IMAGE}", type = "PLAINTEXT" },
        ])
      }
    }

    on_failure {
      result = "RETRY"

      retry_configuration {
        retry_mode = "ALL_ACTIONS"
      }
    }
  }

  stage {
    name = "Approve"

    action {
      name               = "look"
      category           = "Approval"
      owner              = "AWS"
      provider           = "Manual"
      version            = "1"
      timeout_in_minutes = 600

      configuration = {
        CustomData = "Built from #{Source.CommitId}"
      }
    }
  }

  tags = {
    team = "web"
  }
}

# Its source says nothing of changes, so that CodePipeline adds a trigger for the branch.
resource "aws_codepipeline" "elsewhere" {
  name          = "${var.name}-elsewhere"
  role_arn      = aws_iam_role.pipeline.arn
  pipeline_type = "V2"

  artifact_store {
    type     = "S3"
    location = aws_s3_bucket.artifacts.id
  }

  variable {
    name = "REASON"
  }

  stage {
    name = "Source"

    action {
      name             = "repository"
      category         = "Source"
      owner            = "AWS"
      provider         = "CodeStarSourceConnection"
      version          = "1"
      output_artifacts = ["source"]

      configuration = {
        ConnectionArn    = "arn:aws:codeconnections:us-east-1:123456789012:connection/8a6e3a4e-0000-4000-8000-000000000000"
        FullRepositoryId = "web/images"
        BranchName       = "main"
      }
    }
  }

  stage {
    name = "Approve"

    action {
      name     = "look"
      category = "Approval"
      owner    = "AWS"
      provider = "Manual"
      version  = "1"
    }
  }
}
