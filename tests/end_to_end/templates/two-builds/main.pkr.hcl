packer {
  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = "~> 1.8.0"
    }
  }
}

variable "extra_tags" {
  type = list(object({
    key   = string
    value = optional(string, "yes")
  }))
  default = [
    { key = "team", value = "web" },
    { key = "patched" },
  ]
}

variables {
  root_gb  = 8
  hostname = "foreign"
}

locals {
  disks = { "/dev/xvda" = var.root_gb }
}

local "suffix" {
  expression = substr(uuidv4(), 0, 8)
}

data "amazon-parameterstore" "base" {
  name = "/aws/service/debian/release/12/latest/amd64"
}

source "amazon-ebs" "base" {
  source_ami              = data.amazon-parameterstore.base.value
  instance_type           = "t3.micro"
  ssh_username            = "admin"
  temporary_key_pair_type = "ed25519"

  dynamic "tag" {
    for_each = { for one in var.extra_tags : one.key => one.value }
    content {
      key   = tag.key
      value = tag.value
    }
  }

  dynamic "launch_block_device_mappings" {
    for_each = local.disks
    iterator = disk
    content {
      device_name           = disk.key
      volume_size           = disk.value
      volume_type           = "gp3"
      delete_on_termination = true
    }
  }

  run_tag {
    key   = "made-for"
    value = "a build"
  }
}

build {
  name = "web"

  source "source.amazon-ebs.base" {
    ami_name = "two-builds-web-${local.suffix}"
  }

  dynamic "provisioner" {
    labels   = ["shell"]
    for_each = ["one", "two"]
    content {
      inline = ["echo ${provisioner.value} | sudo tee -a /etc/foreign"]
    }
  }
}

build {
  name = "never"

  source "source.amazon-ebs.base" {
    ami_name = "two-builds-never-${local.suffix}"
  }

  provisioner "shell" {
    inline = ["echo this build is not asked for; exit 1"]
  }
}
