# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# An instance of what a channel names, in the account that consumes the image. When the channel has moved, the next apply
# replaces it.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

variable "image" {
  type    = string
  default = "wordpress"
}

variable "channel" {
  type    = string
  default = "prod"
}

variable "instance_type" {
  type    = string
  default = "t3.small"
}

data "aws_ssm_parameter" "channel" {
  name = "/golden/${var.image}/${var.channel}"
}

# Its tags are those of this account, which ami_consume writes.
data "aws_ami" "channel" {
  owners = [data.aws_caller_identity.own.account_id, local.publisher]

  # What the publisher has deprecated already works until it is disabled, and the channel still names it.
  include_deprecated = true

  filter {
    name   = "image-id"
    values = [data.aws_ssm_parameter.channel.insecure_value]
  }
}

data "aws_caller_identity" "own" {}

variable "publisher" {
  type        = string
  default     = ""
  description = "The account that publishes the image, when the channel names its AMI and no copy of it."
}

locals {
  publisher = coalesce(var.publisher, data.aws_caller_identity.own.account_id)
  tags = {
    Name             = "${var.image}-${var.channel}"
    "golden:image"   = var.image
    "golden:channel" = var.channel
    "golden:version" = lookup(data.aws_ami.channel.tags, "golden:version", "unknown")
  }
}

resource "aws_launch_template" "web" {
  name          = "${var.image}-${var.channel}-terraform"
  image_id      = data.aws_ssm_parameter.channel.insecure_value
  instance_type = var.instance_type

  metadata_options {
    http_tokens = "required"
  }
}

resource "aws_instance" "web" {
  # Said here as well, so that another AMI is another instance.
  ami  = data.aws_ssm_parameter.channel.insecure_value
  tags = local.tags

  launch_template {
    id      = aws_launch_template.web.id
    version = aws_launch_template.web.latest_version
  }
}

output "instance_id" {
  value = aws_instance.web.id
}

output "image_id" {
  value = aws_instance.web.ami
}
