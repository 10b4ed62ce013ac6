packer {
  required_plugins {
    amazon = {
      version = ">= 1.2.8"
      source  = "github.com/hashicorp/amazon"
    }
  }
}

data "amazon-ami" "debian" {
  filters = {
    name                = "debian-12-amd64-*"
    root-device-type    = "ebs"
    virtualization-type = "hvm"
  }
  most_recent = true
  owners      = ["136693071363"]
}

locals { stamp = regex_replace(timestamp(), "[- TZ:]", "") }

source "amazon-ebs" "quickstart" {
  ami_name                = "quickstart-${local.stamp}"
  communicator            = "ssh"
  instance_type           = "t2.micro"
  source_ami              = data.amazon-ami.debian.id
  ssh_username            = "admin"
  temporary_key_pair_type = "ed25519"
}

build {
  sources = ["source.amazon-ebs.quickstart"]

  provisioner "shell" {
    inline = ["echo quick | sudo tee /etc/foreign"]
  }
}
