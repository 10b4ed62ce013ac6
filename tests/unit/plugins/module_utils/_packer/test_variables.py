# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables: those that a template declares, and none of ours; a legacy template knows texts only."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.errors import PackerError
from ansible_collections.golden.ami.plugins.module_utils._packer.template import Template, load_template
from ansible_collections.golden.ami.plugins.module_utils._packer.variables import (
    check_declared,
    render,
    where_declared,
)


@pytest.fixture
def native(tmp_path: Path) -> Template:
    path = tmp_path / "image.pkr.hcl"
    path.write_text('variable "size" { default = 1 }\nvariable "golden_tags" { default = {} }\n')
    return load_template(str(path))


@pytest.fixture
def legacy(tmp_path: Path) -> Template:
    path = tmp_path / "image.json"
    path.write_text(json.dumps({"variables": {"size": "1", "zones": ""}, "builders": []}))
    return load_template(str(path))


def test_unknown_and_reserved_ones_are_refused(native: Template) -> None:
    check_declared(native, ["size"])
    with pytest.raises(PackerError, match=r"declares no variable colour, flavour\. It declares: golden_tags, size\."):
        check_declared(native, ["flavour", "size", "colour"])
    with pytest.raises(PackerError, match="The variable golden_tags is set by this module"):
        check_declared(native, ["golden_tags"])


def test_a_template_that_declares_none(tmp_path: Path) -> None:
    path = tmp_path / "image.pkr.hcl"
    path.write_text("")
    with pytest.raises(PackerError, match="It declares: none"):
        check_declared(load_template(str(path)), ["size"])


def test_ours_are_given_where_they_are_declared(native: Template) -> None:
    values = {"golden_tags": {"a": "b"}, "golden_run_tags": {}, "size": None}
    assert where_declared(native, values) == {"golden_tags": {"a": "b"}}


def test_the_text_of_a_variable_file(native: Template, legacy: Template) -> None:
    values = {"zones": ["a", "b"], "size": 8}
    assert json.loads(render(native, values)) == values
    assert json.loads(render(legacy, {**values, "name": "x"})) == {"zones": '["a", "b"]', "size": "8", "name": "x"}
