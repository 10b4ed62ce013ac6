# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer import hcl
from ansible_collections.golden.ami.plugins.module_utils._packer.declarations import hcl_declarations
from ansible_collections.golden.ami.plugins.module_utils._packer.errors import PackerError
from ansible_collections.golden.ami.plugins.module_utils._packer.template import load_template

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
    found = hcl_declarations(hcl.parse(HCL))
    assert found.variables == {"one", "two", "three"}
    assert found.plugins == {"github.com/hashicorp/amazon": ">= 1"}
    assert not found.sensitive
    assert found.required == {"one": 5}, "one without a default, and its line"


def test_sensitive_variables_and_constraints(tmp_path: Path) -> None:
    (tmp_path / "a.pkr.hcl").write_text("""
        variable "plain" {
          description = "sensitive = true } {"
          validation {
            condition     = length("${var.plain}") > 0
            error_message = "Not empty."
          }
        }
        variable "hidden" {
          type = object({ a = string })
          validation {
            condition = true
            error_message = "}"
          }
          sensitive = true
        }
        variable "one_line" { sensitive = true }
        variable "after" { type = string }
        packer {
          required_plugins {
            amazon = {
              source  = "github.com/hashicorp/amazon" # } version = "9"
              version = ">= 1.2, < 2"
            }
            ansible = { source : "github.com/hashicorp/ansible" }
          }
        }
    """)
    plugins = [{"amazon": {"source": "github.com/hashicorp/amazon", "version": "!= 1.3"}}]
    declared = {"variable": {"token": {"sensitive": True}, "size": {}}, "packer": {"required_plugins": plugins}}
    (tmp_path / "b.pkr.json").write_text(json.dumps(declared))
    template = load_template(str(tmp_path))
    assert template.declared == {"plain", "hidden", "one_line", "after", "token", "size"}
    assert template.sensitive == {"hidden", "one_line", "token"}
    assert template.constraints == {
        "github.com/hashicorp/amazon": ">= 1.2, < 2, != 1.3",
        "github.com/hashicorp/ansible": "",
    }
    assert template.plugins == tuple(template.constraints)
    assert template.required["hidden"] == f"{tmp_path}/a.pkr.hcl:9"
    assert template.required["size"] == f"{tmp_path}/b.pkr.json"
    assert not template.broken


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
    path.write_text(json.dumps({"variables": {"a": "", "b": None}, "builders": []}))
    template = load_template(str(path))
    assert not template.hcl
    assert template.declared == {"a", "b"}
    assert template.required == {"b": str(path)}


def test_a_name_that_comes_again_in_hcl_json_counts_each_time(tmp_path: Path) -> None:
    path = tmp_path / "a.pkr.json"
    path.write_text('{"variable": {"a": {"default": 1}}, "variable": {"b": {}}}')
    template = load_template(str(path))
    assert template.declared == {"a", "b"}
    assert set(template.required) == {"b"}


def test_what_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.pkr.hcl").write_bytes(b"a = \xff")
    with pytest.raises(PackerError, match="a.pkr.hcl is not UTF-8"):
        load_template(str(tmp_path))


def test_a_template_that_cannot_be_understood_is_known_to_be_broken(tmp_path: Path) -> None:
    (tmp_path / "a.pkr.hcl").write_text('variable "x" {\n')
    assert load_template(str(tmp_path)).broken


@pytest.mark.parametrize(("text", "said"), [("{", "is not valid JSON"), ("[]", "expected a JSON object")])
def test_broken_json(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "packer.json"
    path.write_text(text)
    with pytest.raises(PackerError, match=said):
        load_template(str(path))


def test_empty_directory(tmp_path: Path) -> None:
    with pytest.raises(PackerError, match="has no file named"):
        load_template(str(tmp_path))
