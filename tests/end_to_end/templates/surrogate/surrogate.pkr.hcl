packer {
  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = ">= 1.2"
    }
  }
}

source "amazon-ebssurrogate" "root" {
  region                  = "us-east-1"
  ami_name                = "surrogate-${formatdate("YYYYMMDDhhmmss", timestamp())}"
  instance_type           = "t3.micro"
  ssh_username            = "admin"
  temporary_key_pair_type = "ed25519"
  ami_virtualization_type = "hvm"

  source_ami_filter {
    filters     = { name = "debian-12-amd64-*" }
    owners      = ["136693071363"]
    most_recent = true
  }

  launch_block_device_mappings {
    device_name           = "/dev/xvdf"
    volume_size           = 8
    volume_type           = "gp3"
    delete_on_termination = true
  }

  ami_root_device {
    source_device_name    = "/dev/xvdf"
    device_name           = "/dev/xvda"
    volume_size           = 8
    volume_type           = "gp3"
    delete_on_termination = true
  }
}

build {
  sources = ["source.amazon-ebssurrogate.root"]

  provisioner "shell" {
    inline = ["sudo mkfs.ext4 /dev/xvdf"]
  }
}
