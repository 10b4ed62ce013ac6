# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.errors import PackerError
from ansible_collections.golden.ami.plugins.module_utils._packer.template import hcl_declarations, load_template

HCL = """
# variable "commented" {}
/* variable "too" {} */
packer { required_plugins { amazon = { version = ">= 1", source = "github.com/hashicorp/amazon" } } }
variable "one" { type = string }
  variable "two" {
    default = "http://x # variable"
  }
variables {
  three = "3"
}
locals { url = "https://example.org" }
"""


def test_what_hcl_declares() -> None:
    assert hcl_declarations(HCL) == ({"one", "two", "three"}, {"github.com/hashicorp/amazon"})


def test_directory_of_hcl_and_json(tmp_path: Path) -> None:
    (tmp_path / "a.pkr.hcl").write_text(HCL)
    (tmp_path / "b.pkr.json").write_text(json.dumps({"variable": {"four": {"type": "string"}}}))
    (tmp_path / "values.pkrvars.hcl").write_text('five = "5"')
    template = load_template(str(tmp_path))
    assert template.hcl
    assert template.declared == {"one", "two", "three", "four"}
    assert [file.name for file in template.files] == ["a.pkr.hcl", "b.pkr.json"]


def test_legacy(tmp_path: Path) -> None:
    path = tmp_path / "packer.json"
    path.write_text(json.dumps({"variables": {"a": ""}, "builders": []}))
    template = load_template(str(path))
    assert not template.hcl
    assert template.declared == {"a"}


@pytest.mark.parametrize(("text", "said"), [("{", "is not valid JSON"), ("[]", "expected a JSON object")])
def test_broken_json(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "packer.json"
    path.write_text(text)
    with pytest.raises(PackerError, match=said):
        load_template(str(path))


def test_empty_directory(tmp_path: Path) -> None:
    with pytest.raises(PackerError, match="has no file named"):
        load_template(str(tmp_path))
