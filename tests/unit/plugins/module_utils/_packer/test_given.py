# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import types
import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.errors import PackerError
from ansible_collections.golden.ami.plugins.module_utils._packer.given import missing_variables, refuse_missing
from ansible_collections.golden.ami.plugins.module_utils._packer.template import load_template

HCL = """
variable "a" {}
variable "b" { type = string }
variable "with_default" { default = null }
variable "golden_tags" {}
variable "region" {}
"""


def options(**given: t.Any) -> t.Any:
    defaults = {"variable_names": [], "placements": ({},), "source_ami": None, "var_files": (), "environment": {}}
    return types.SimpleNamespace(**{**defaults, **given})


@pytest.fixture
def template(tmp_path: Path) -> Path:
    (tmp_path / "a.pkr.hcl").write_text(HCL)
    return tmp_path


def missing(template: Path, environment: dict[str, str] | None = None, **given: t.Any) -> list[str]:
    return missing_variables(load_template(str(template)), options(**given), environment or {})


def test_what_has_no_default_has_to_be_given(template: Path) -> None:
    assert missing(template) == ["a", "b"]
    assert missing(template, variable_names=["a"]) == ["b"]
    assert missing(template, placements=({"a": 1}, {"b": 1})) == []
    assert missing(template, {"PKR_VAR_a": "", "b": ""}) == ["b"]


@pytest.mark.parametrize(
    ("name", "text"), [("x.pkrvars.hcl", "a = {\n  b = 1\n}\n"), ("x.json", '{"a": 1}'), ("x.pkrvars.json", '{"a": 1}')]
)
def test_variable_files(template: Path, name: str, text: str) -> None:
    (template / name).write_text(text)
    assert missing(template) == ["a", "b"]
    assert missing(template, var_files=(str(template / name),)) == ["b"]


@pytest.mark.parametrize(("name", "text"), [("x.auto.pkrvars.hcl", "a = 1"), ("x.auto.pkrvars.json", '{"a": 1}')])
def test_files_that_packer_finds_by_itself_only_in_a_directory(template: Path, name: str, text: str) -> None:
    (template / name).write_text(text)
    assert missing(template) == ["b"]
    assert missing(template / "a.pkr.hcl") == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "text"), [("x.hcl", "a = [1"), ("x.json", "{"), ("x.txt", "a = 1"), ("x.yml", "a: 1")]
)
def test_a_file_that_is_none_is_left_to_packer(template: Path, name: str, text: str) -> None:
    (template / name).write_text(text)
    assert missing(template, var_files=(str(template / name),)) == []
    assert missing(template, var_files=(str(template / "none.hcl"),)) == []


def test_a_broken_template_is_left_to_packer(template: Path) -> None:
    (template / "b.pkr.hcl").write_text("build {")
    assert missing(template) == []


def test_a_base_that_is_given_is_a_value(template: Path) -> None:
    (template / "b.pkr.hcl").write_text('variable "source_ami" {}\n')
    assert missing(template) == ["a", "b", "source_ami"]
    assert missing(template, source_ami=object()) == ["a", "b"]
    with pytest.raises(PackerError) as caught:
        refuse_missing(load_template(str(template)), options())
    assert f"{template}/a.pkr.hcl:3: the variable b has no default" in str(caught.value)
    assert "The base AMI is given with base in image.yml (source_ami)." in str(caught.value)


def test_legacy_templates_read_nothing_from_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "packer.json"
    path.write_text(json.dumps({"variables": {"a": None, "b": ""}}))
    assert missing(path, {"PKR_VAR_a": "1"}) == ["a"]
    assert missing(path, variable_names=["a"]) == []
