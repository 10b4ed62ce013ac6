packer {
  required_version = ">= 1.9.0"

  required_plugins {
    amazon = { source = "github.com/hashicorp/amazon", version = "~> 1" }
  }
}
