# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A template that finds its own base is built again when there is a newer one, and only then; the base is named."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import pytest
from harness.cloud import Cloud

HCL = """\
packer {
  required_plugins {
    amazon = {
      version = ">= 1.2.0"
      source  = "github.com/hashicorp/amazon"
    }
  }
}
variable "family" {
  type = string
}
locals {
  pattern = "${var.family}-*"
}
source "amazon-ebs" "child" {
  region        = "us-east-1"
  ami_name      = "child-of-${var.family}-${formatdate("YYYYMMDDhhmmss", timestamp())}"
  instance_type = "t3.micro"
  ssh_username  = "admin"
  source_ami_filter {
    filters = {
      name                = local.pattern
      virtualization-type = "hvm"
    }
    owners      = ["self"]
    most_recent = true
  }
}
build {
  sources = ["source.amazon-ebs.child"]
  provisioner "shell" {
    script = "${path.root}/greet.sh"
  }
}
"""
LEGACY = {
    "variables": {"family": None, "owner": "self"},
    "builders": [
        {
            "type": "amazon-ebs",
            "region": "us-east-1",
            "ami_name": "child-of-{{user `family`}}-{{timestamp}}",
            "instance_type": "t3.micro",
            "ssh_username": "admin",
            "source_ami_filter": {
                "filters": {"name": "{{user `family`}}-*", "virtualization-type": "hvm"},
                "owners": "{{user `owner`}}",
                "most_recent": True,
            },
        }
    ],
    "provisioners": [{"type": "shell", "script": "{{template_dir}}/greet.sh"}],
}
STYLES = {"hcl": ("child.pkr.hcl", HCL), "legacy": ("child.json", json.dumps(LEGACY))}


def publish(cloud: Cloud, family: str, number: int) -> str:
    """An AMI of one's own, as another team would publish its base: it gives its id."""
    ec2 = cloud.client("ec2")
    debian = ec2.describe_images(Filters=[{"Name": "name", "Values": ["debian-12-amd64-*"]}])["Images"][0]["ImageId"]
    name = f"{family}-{number}"
    image: str = ec2.copy_image(SourceRegion="us-east-1", SourceImageId=debian, Name=name)["ImageId"]
    ec2.get_waiter("image_available").wait(ImageIds=[image], WaiterConfig={"Delay": 1})
    return image


def tags_of(cloud: Cloud, ami: str) -> dict[str, str]:
    (image,) = cloud.client("ec2").describe_images(ImageIds=[ami])["Images"]
    return {tag["Key"]: tag["Value"] for tag in image["Tags"]}


@pytest.mark.parametrize("style", STYLES)
def test_a_newer_base_is_seen_and_named(cloud: Cloud, tmp_path: Path, style: str) -> None:
    family = f"base-{style}-{secrets.token_hex(3)}"
    first = publish(cloud, family, 1)
    name, text = STYLES[style]
    directory = tmp_path / "images" / f"child-{style}"
    directory.mkdir(parents=True)
    (directory / name).write_text(text)
    (directory / "greet.sh").write_text("echo hello | sudo tee /etc/greeting\n")
    (directory / "image.yml").write_text(f"---\ntemplate: {name}\nvariables:\n  family: {family}\n")
    play = ("build_ami.yml", "-e", f"image={directory.name}")

    built = cloud.play(*play, cwd=tmp_path)
    assert built.rc == 0, built.output
    tags = tags_of(cloud, built.ami())
    assert tags["golden:source-ami"] == first
    assert tags["golden:complete"] == "yes"

    # What has nothing to do but ask leaves nothing either.
    before = cloud.inventory()
    for arguments in ((), ("--check",)):
        again = cloud.play(*play, *arguments, cwd=tmp_path)
        assert again.recap("changed") == 0, again.output
        assert again.ami() == built.ami()
    assert cloud.inventory() == before

    second = publish(cloud, family, 2)
    newer = cloud.play(*play, "--check", cwd=tmp_path)
    assert newer.rc == 0, newer.output
    assert newer.recap("changed") >= 1
    assert f"base changed ({first} → {second})" in " ".join(newer.output.split())
