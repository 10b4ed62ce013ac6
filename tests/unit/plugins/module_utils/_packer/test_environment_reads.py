# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.golden.ami.plugins.module_utils._packer.environment_reads import (
    content_reads,
    environment_reads,
    sensitive_reads,
)
from ansible_collections.golden.ami.plugins.module_utils._packer.template import load_template


def test_hcl_reads_it_in_defaults(tmp_path: Path) -> None:
    (tmp_path / "a.pkr.hcl").write_text(
        'variable "release" {\n  default = env("RELEASE")\n}\nvariable "vpc" {\n  default = env( "VPC_ID" )\n}\n'
    )
    (tmp_path / "b.pkr.json").write_text(json.dumps({"variable": {"mirror": {"default": '${env("MIRROR")}'}}}))
    assert content_reads(load_template(str(tmp_path))) == {"RELEASE", "MIRROR"}


def test_legacy_reads_it_in_variables_only(tmp_path: Path) -> None:
    variables = {"a": "{{env `RELEASE`}}", "b": '{{ env "MIRROR" }}', "c": "{{env `CODEBUILD_BUILD_ID`}}"}
    content = {"variables": variables, "builders": [{"type": "null", "name": "{{env `NOT_HERE`}}"}]}
    (tmp_path / "web.json").write_text(json.dumps(content))
    assert content_reads(load_template(str(tmp_path / "web.json"))) == {"RELEASE", "MIRROR"}


def test_hcl_says_for_which_variable(tmp_path: Path) -> None:
    (tmp_path / "a.pkr.hcl").write_text(
        'variable "lic" {\n  default = env("LICENSE_CODE")\n  sensitive = true\n}\n'
        'variable "release" {\n  default = "${env("RELEASE")}-${env("HOST")}"\n}\n'
        'variables {\n  mirror = env("MIRROR")\n}\n'
    )
    hidden = {"pin": [{"default": '${env("CI_PIN")}'}, {"sensitive": True}], "plain": {"default": '${env("HOST")}'}}
    (tmp_path / "b.pkr.json").write_text(json.dumps({"variable": hidden}))
    template = load_template(str(tmp_path))
    assert environment_reads(template) == {
        "LICENSE_CODE": {"lic"},
        "RELEASE": {"release"},
        "HOST": {"release", "plain"},
        "MIRROR": set(),
        "CI_PIN": {"pin"},
    }
    assert sensitive_reads(template) == {"LICENSE_CODE", "CI_PIN"}


def test_legacy_says_for_which_variable(tmp_path: Path) -> None:
    variables = {"lic": "{{env `LICENSE_CODE`}}", "release": "{{env `RELEASE`}}"}
    content = {"variables": variables, "sensitive-variables": ["lic"], "builders": []}
    (tmp_path / "web.json").write_text(json.dumps(content))
    template = load_template(str(tmp_path / "web.json"))
    assert environment_reads(template) == {"LICENSE_CODE": {"lic"}, "RELEASE": {"release"}}
    assert sensitive_reads(template) == {"LICENSE_CODE"}
