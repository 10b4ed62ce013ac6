# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How one logs in to what was kept, as far as the template says so in so many words."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.login import Login, read_login
from ansible_collections.golden.ami.plugins.module_utils._packer.sources import selected_sources
from ansible_collections.golden.ami.plugins.module_utils._packer.template import load_template

NATIVE = """
variable "user" {{ default = "debian" }}
source "amazon-ebs" "web" {{
  source_ami = "ami-1"
  {settings}
}}
build {{ sources = ["source.amazon-ebs.web"] }}
"""


def login(path: Path, **values: t.Any) -> Login:
    template = load_template(str(path))
    return read_login(template, selected_sources(template, (), ()), values)


@pytest.mark.parametrize(
    ("settings", "values", "expected"),
    [
        ('ssh_username = "admin"', {}, Login("admin")),
        ("ssh_username = var.user", {}, Login("debian")),
        ("ssh_username = var.user", {"user": "ec2-user"}, Login("ec2-user")),
        ("ssh_username = var.user", {"user": ""}, Login("debian")),
        ("ssh_username = var.unknown", {}, Login()),
        ("ssh_username = local.user", {}, Login()),
        ('ssh_interface = "private_ip"\nssh_port = 2222', {}, Login(None, "2222", "private_ip")),
        ("ssh_port = 2000 + 222", {}, Login()),
    ],
)
def test_native_syntax(tmp_path: Path, settings: str, values: dict[str, t.Any], expected: Login) -> None:
    path = tmp_path / "image.pkr.hcl"
    path.write_text(NATIVE.format(settings=settings))
    assert login(path, **values) == expected


def test_json_form(tmp_path: Path) -> None:
    path = tmp_path / "image.pkr.json"
    content = {
        "variable": {"user": {"default": "debian"}},
        "source": {"amazon-ebs": {"web": {"source_ami": "ami-1", "ssh_username": "${var.user}", "ssh_port": 2222}}},
        "build": {"sources": ["source.amazon-ebs.web"]},
    }
    path.write_text(json.dumps(content))
    assert login(path) == Login("debian", "2222")


def test_legacy(tmp_path: Path) -> None:
    path = tmp_path / "image.json"
    builder = {"type": "amazon-ebs", "source_ami": "ami-1", "ssh_username": "{{user `user`}}", "ssh_port": "{{x}}"}
    path.write_text(json.dumps({"variables": {"user": "debian"}, "builders": [builder]}))
    assert login(path) == Login("debian")
    assert login(path, user="ec2-user") == Login("ec2-user")
