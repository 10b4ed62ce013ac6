# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.golden.ami.plugins.module_utils._packer.environment_reads import environment_reads
from ansible_collections.golden.ami.plugins.module_utils._packer.template import load_template


def test_hcl_reads_it_in_defaults(tmp_path: Path) -> None:
    (tmp_path / "a.pkr.hcl").write_text(
        'variable "release" {\n  default = env("RELEASE")\n}\nvariable "vpc" {\n  default = env( "VPC_ID" )\n}\n'
    )
    (tmp_path / "b.pkr.json").write_text(json.dumps({"variable": {"mirror": {"default": '${env("MIRROR")}'}}}))
    assert environment_reads(load_template(str(tmp_path))) == {"RELEASE", "MIRROR"}


def test_legacy_reads_it_in_variables_only(tmp_path: Path) -> None:
    variables = {"a": "{{env `RELEASE`}}", "b": '{{ env "MIRROR" }}', "c": "{{env `CODEBUILD_BUILD_ID`}}"}
    content = {"variables": variables, "builders": [{"type": "null", "name": "{{env `NOT_HERE`}}"}]}
    (tmp_path / "web.json").write_text(json.dumps(content))
    assert environment_reads(load_template(str(tmp_path / "web.json"))) == {"RELEASE", "MIRROR"}
