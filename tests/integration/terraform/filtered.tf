# A pipeline with filters of its own.
resource "aws_codepipeline" "filtered" {
  name           = "${var.name}-filtered"
  role_arn       = aws_iam_role.pipeline.arn
  pipeline_type  = "V2"
  execution_mode = "PARALLEL"

  artifact_store {
    type     = "S3"
    location = aws_s3_bucket.artifacts.id
  }

  variable {
    name = "REASON"
  }

  trigger {
    provider_type = "CodeStarSourceConnection"

    git_configuration {
      source_action_name = "repository"

      push {
        branches {
          includes = ["main", "release/*"]
        }
        file_paths {
          includes = ["images/**"]
          excludes = ["**/*.md"]
        }
      }

      pull_request {
        events = ["OPEN", "UPDATED"]
        branches {
          includes = ["main"]
        }
      }
    }
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
        DetectChanges    = true
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
