# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import stat
import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.errors import PackerError
from ansible_collections.golden.ami.plugins.module_utils._packer.ssm_reads import (
    Parameter,
    reads_of,
    with_references,
    write_with_values,
)
from ansible_collections.golden.ami.plugins.module_utils._packer.template import load_template

NATIVE = """\
data "amazon-parameterstore" "base" {
  name   = "/golden/base/prod" # which one
  region = "eu-west-1"
}
data "amazon-ami" "other" {
  owners = ["self"]
}
data "amazon-parameterstore" "token" { name = "/site/greeting" }
source "amazon-ebs" "web" {
  source_ami = data.amazon-parameterstore.base.value
  user_data  = "${path.root}/${data.amazon-parameterstore.token.value}-${data.amazon-parameterstore.base.version}"
  other      = data.amazon-ami.other.id
}
build { sources = ["source.amazon-ebs.web"] }
"""
BASE = Parameter("ami-1", 7, "arn:base", "String")
GREETING = Parameter('say "${hi}"', 1, "arn:greeting", "String")


@pytest.fixture
def native(tmp_path: Path) -> Path:
    directory = tmp_path / "web"
    directory.mkdir()
    (directory / "web.pkr.hcl").write_text(NATIVE)
    (directory / "notes.txt").write_text("beside it")
    return directory


@pytest.fixture
def legacy(tmp_path: Path) -> tuple[Path, Path]:
    template = tmp_path / "web.json"
    builder = {"type": "amazon-ebs", "source_ami": "{{user `ami`}}", "ami_name": "{{ssm `/site/name`}}-1"}
    template.write_text(json.dumps({"variables": {"ami": "", "n": "{{ ssm '/site/n' }}"}, "builders": [builder]}))
    variables = tmp_path / "vars.json"
    variables.write_text(json.dumps({"ami": "resolve:ssm:/golden/base/prod", "keep": "resolve it later"}))
    return template, variables


def test_what_an_hcl_template_reads(native: Path) -> None:
    found = [(one.name, one.region, one.label, one.place) for one in reads_of(load_template(str(native)))]
    assert found == [
        ("/golden/base/prod", "eu-west-1", "base", f"{native / 'web.pkr.hcl'}:1"),
        ("/site/greeting", "", "token", f"{native / 'web.pkr.hcl'}:8"),
    ]


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ("name = var.parameter", "its name is an expression"),
        ('name = "/x/${var.stage}"', "its name is an expression"),
        ("", "its name is an expression"),
        ('name = "/x"\n  region = var.region', "its region is an expression"),
    ],
)
def test_a_name_that_only_packer_knows_is_told_with_its_place(tmp_path: Path, attributes: str, message: str) -> None:
    file = tmp_path / "x.pkr.hcl"
    file.write_text(f'data "amazon-parameterstore" "x" {{\n  {attributes}\n}}\n')
    with pytest.raises(PackerError, match=f"x.pkr.hcl:1: data amazon-parameterstore x: {message}"):
        reads_of(load_template(str(file)))


def test_a_copy_of_an_hcl_template_reads_nothing(native: Path, tmp_path: Path) -> None:
    values = {("eu-west-1", "/golden/base/prod"): BASE, ("", "/site/greeting"): GREETING}
    copy = write_with_values(load_template(str(native)), [], values, tmp_path / "out")
    text = (copy.template / "web.pkr.hcl").read_text()
    assert "parameterstore" not in text
    assert 'source_ami = "ami-1"' in text
    assert f'"${{"{native}"}}/${{"say \\"$${{hi}}\\""}}-${{"7"}}"' in text
    assert "data.amazon-ami.other.id" in text
    assert (copy.template / "notes.txt").read_text() == "beside it"
    assert reads_of(load_template(str(copy.template))) == []
    assert stat.S_IMODE((copy.template / "web.pkr.hcl").stat().st_mode) == 0o600
    assert (native / "web.pkr.hcl").read_text() == NATIVE


def test_hcl_s_json_form_likewise(tmp_path: Path) -> None:
    content: dict[str, t.Any] = {
        "data": {"amazon-parameterstore": {"base": {"name": "/x"}}, "amazon-ami": {"o": {"owners": ["self"]}}},
        "source": {"amazon-ebs": {"web": {"source_ami": "${data.amazon-parameterstore.base.value}"}}},
    }
    file = tmp_path / "web.pkr.json"
    file.write_text(json.dumps(content))
    (read,) = reads_of(load_template(str(file)))
    assert (read.name, read.label) == ("/x", "base")
    copy = write_with_values(load_template(str(file)), [], {("", "/x"): BASE}, tmp_path / "out")
    assert json.loads(copy.template.read_text()) == {
        "data": [{"amazon-ami": {"o": {"owners": ["self"]}}}],
        "source": {"amazon-ebs": {"web": {"source_ami": '${"ami-1"}'}}},
    }
    del content["data"]["amazon-ami"]
    file.write_text(json.dumps(content))
    copy = write_with_values(load_template(str(file)), [], {("", "/x"): BASE}, tmp_path / "again")
    assert "data" not in json.loads(copy.template.read_text())


def test_what_a_legacy_template_and_its_variables_stand_for(legacy: tuple[Path, Path]) -> None:
    template, variables = legacy
    found = [(one.name, one.place) for one in reads_of(load_template(str(template)), [variables])]
    assert found == [
        ("/site/n", f"{template}:1"),
        ("/site/name", f"{template}:1"),
        ("/golden/base/prod", f"{variables}:1"),
    ]


def test_a_copy_of_a_legacy_template_has_the_values(legacy: tuple[Path, Path], tmp_path: Path) -> None:
    template, variables = legacy
    values = {("", "/site/n"): GREETING, ("", "/site/name"): BASE, ("", "/golden/base/prod"): BASE}
    copy = write_with_values(load_template(str(template)), [variables], values, tmp_path / "out")
    written = json.loads(copy.template.read_text())
    assert written["variables"]["n"] == GREETING.value
    assert written["builders"][0] == {"type": "amazon-ebs", "source_ami": "{{user `ami`}}", "ami_name": "ami-1-1"}
    (file,) = copy.var_files
    assert json.loads(file.read_text()) == {"ami": "ami-1", "keep": "resolve it later"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_variables_that_are_no_json_are_told(legacy: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(PackerError, match="bad.json is not JSON"):
        reads_of(load_template(str(legacy[0])), [tmp_path / "bad.json"])


def test_an_attribute_that_there_is_not_is_told() -> None:
    with pytest.raises(PackerError, match="has no attribute secret, but value, version, arn"):
        with_references("x = data.amazon-parameterstore.a.secret", {"a": BASE})
    assert with_references("data.amazon-parameterstore.b.value", {"a": BASE}) == "data.amazon-parameterstore.b.value"
    assert with_references("data.amazon-parameterstore.a.arn", {"a": BASE}) == '"arn:base"'
