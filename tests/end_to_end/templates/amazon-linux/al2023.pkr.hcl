packer {
  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = ">= 1.2"
    }
  }
}

data "amazon-ami" "al2023" {
  filters = {
    name         = "al2023-ami-2023.*-x86_64"
    architecture = "x86_64"
  }
  owners      = ["amazon"]
  most_recent = true
}

source "amazon-ebs" "al2023" {
  ami_name      = "al2023-${formatdate("YYYYMMDDhhmmss", timestamp())}"
  source_ami    = data.amazon-ami.al2023.id
  instance_type = "t3.micro"
  ssh_username  = "ec2-user"
}

build {
  sources = ["source.amazon-ebs.al2023"]

  provisioner "shell" {
    inline = ["sudo dnf install -y nginx"]
  }
}
