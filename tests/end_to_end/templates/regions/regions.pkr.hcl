packer {
  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = ">= 1.3.0"
    }
  }
}

variable "environment" { type = string }

variable "copy_to" {
  type = list(string)
}

variable "share_with" {
  type    = set(string)
  default = []
}

locals {
  now    = timestamp()
  expiry = timeadd(local.now, "8760h")
}

source "amazon-ebs" "regions" {
  region          = "us-east-1"
  ami_name        = "regions-${var.environment}-${formatdate("YYYYMMDDhhmmss", local.now)}"
  ami_description = "Of ${var.environment}"
  ami_regions     = var.copy_to
  ami_users       = var.share_with
  snapshot_users  = var.share_with
  deprecate_at    = local.expiry
  imds_support    = "v2.0"
  ena_support     = true
  instance_type   = "t3.micro"
  ebs_optimized   = true
  ssh_username    = "admin"
  ssh_timeout     = "5m"

  temporary_key_pair_type = "ed25519"

  source_ami_filter {
    filters = {
      name                = "debian-12-amd64-*"
      virtualization-type = "hvm"
    }
    owners      = ["136693071363"]
    most_recent = true
  }

  launch_block_device_mappings {
    device_name           = "/dev/xvda"
    volume_type           = "gp3"
    volume_size           = 9
    iops                  = 3100
    throughput            = 130
    delete_on_termination = true
  }

  aws_polling {
    delay_seconds = 2
    max_attempts  = 100
  }

  tags = {
    Environment = var.environment
    BaseId      = "{{ .SourceAMI }}"
    BaseName    = "{{ .SourceAMIName }}"
    Region      = "{{ .BuildRegion }}"
  }
  snapshot_tags = {
    Environment = var.environment
    Kept        = "true"
  }
  run_volume_tags = { Name = "building" }
}

build {
  sources = ["source.amazon-ebs.regions"]

  provisioner "shell" {
    inline = ["echo ${var.environment} | sudo tee /etc/foreign"]
  }
}
