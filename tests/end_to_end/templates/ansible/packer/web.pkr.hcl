packer {
  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = "~> 1"
    }
    ansible = {
      source  = "github.com/hashicorp/ansible"
      version = "~> 1"
    }
  }
}

variable "greeting" {
  type    = string
  default = "from extra arguments"
}

data "amazon-ami" "debian" {
  filters     = { name = "debian-12-amd64-*" }
  owners      = ["136693071363"]
  most_recent = true
  region      = "us-east-1"
}

source "amazon-ebs" "web" {
  region                  = "us-east-1"
  ami_name                = "ansible-${uuidv4()}"
  source_ami              = data.amazon-ami.debian.id
  instance_type           = "t3.micro"
  ssh_username            = "admin"
  temporary_key_pair_type = "ed25519"
}

build {
  sources = ["amazon-ebs.web"]

  provisioner "file" {
    source      = "${path.root}/../files/beside"
    destination = "/tmp/beside"
  }

  provisioner "file" {
    source      = "${path.cwd}/files/below"
    destination = "/tmp/below"
  }

  provisioner "file" {
    content     = "as text"
    destination = "/tmp/text"
  }

  provisioner "file" {
    sources     = ["files/below"]
    destination = "/tmp/"
  }

  provisioner "ansible" {
    playbook_file = "${path.root}/../ansible/site.yml"
    roles_path    = "${path.root}/../ansible/roles"
    groups        = ["web"]
    host_alias    = "builder"
    user          = "admin"
    use_proxy     = false
    extra_arguments = [
      "--extra-vars", "greeting='${var.greeting}'",
      "--scp-extra-args", "'-O'",
    ]
    ansible_env_vars = [
      "ANSIBLE_ROLES_PATH=${path.root}/../ansible/roles",
      "ANSIBLE_HOST_KEY_CHECKING=False",
      "ANSIBLE_PIPELINING=True",
    ]
  }
}
