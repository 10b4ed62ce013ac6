packer {
  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = "!= 1.0.0, >= 1.0"
    }
  }
}

variable "app" {
  type = object({
    name  = string
    port  = number
    users = optional(list(string), ["www-data"])
  })

  validation {
    condition     = var.app.port > 1024 && can(regex("^[a-z]+$", var.app.name))
    error_message = "An app has a short name, and a port above 1024."
  }
}

variable "api_token" {
  type      = string
  default   = "hunter2-of-the-template"
  sensitive = true
}

source "amazon-ebs" "app" {
  ami_name                = "${var.app.name}-{{timestamp}}"
  instance_type           = "t3.micro"
  ssh_username            = "admin"
  temporary_key_pair_type = "ed25519"
  force_deregister        = true
  force_delete_snapshot   = true

  source_ami_filter {
    filters     = { name = "debian-12-amd64-*" }
    owners      = ["136693071363"]
    most_recent = true
  }
}

build {
  name        = "app"
  description = <<EOF
Text with a brace { and "quotes",
and an end.
EOF

  sources = ["source.amazon-ebs.app"]

  provisioner "shell" {
    environment_vars = ["TOKEN=${var.api_token}"]
    inline = [
      "echo the token is $TOKEN",
      "echo ${var.app.name}:${var.app.port} by ${build.User} | sudo tee /etc/foreign",
    ]
  }

  error-cleanup-provisioner "shell" {
    inline = ["echo this is only seen when something failed"]
  }

  post-processor "manifest" {
    output     = "${path.root}/made.json"
    strip_path = true
    custom_data = {
      app = var.app.name
    }
  }

  post-processors {
    post-processor "shell-local" {
      environment_vars = ["APP=${var.app.name}"]
      inline           = ["mkdir -p out", "echo $APP ${build.ID} $PACKER_BUILD_NAME > out/ids"]
    }

    post-processor "manifest" {
      output = "out/second.json"
    }
  }
}
