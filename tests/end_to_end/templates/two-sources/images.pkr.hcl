packer {
  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = ">= 1.1, < 2"
    }
  }
}

variable "region" {
  type    = string
  default = env("AWS_REGION")
}

locals {
  owner = "136693071363"
  date  = formatdate("YYYYMMDD-hhmmss", timestamp())
}

source "amazon-ebs" "debian" {
  region                  = var.region
  instance_type           = "t3.micro"
  ssh_username            = "admin"
  temporary_key_pair_type = "ed25519"
}

build {
  source "amazon-ebs.debian" {
    name     = "bookworm"
    ami_name = "two-bookworm-${local.date}"
    source_ami_filter {
      filters     = { name = "debian-12-amd64-*" }
      owners      = [local.owner]
      most_recent = true
    }
  }

  source "amazon-ebs.debian" {
    name     = "trixie"
    ami_name = "two-trixie-${local.date}"
    source_ami_filter {
      filters     = { name = "debian-13-amd64-*" }
      owners      = [local.owner]
      most_recent = true
    }
  }

  provisioner "shell" {
    except = ["amazon-ebs.trixie"]
    inline = [". /etc/os-release && test $VERSION_ID = 12"]
  }

  provisioner "shell" {
    only         = ["amazon-ebs.trixie"]
    pause_before = "1s"
    inline       = [". /etc/os-release && test $VERSION_ID = 13"]
  }

  provisioner "shell" {
    inline = ["echo common | sudo tee /etc/foreign"]
    override = {
      bookworm = {
        inline = ["echo bookworm | sudo tee /etc/foreign"]
      }
    }
  }
}
