# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a template declares, in each of its three forms."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer import hcl
from ansible_collections.golden.ami.plugins.module_utils._packer.declarations import (
    Declarations,
    hcl_declarations,
    json_declarations,
    legacy_declarations,
    listed,
)

AMAZON = "github.com/hashicorp/amazon"
NATIVE = """
packer {
  required_plugins {
    amazon = { source = "github.com/hashicorp/amazon", version = ">= 1.3.0" }
    local  = { source = "example.com/mine" }
  }
}
variable "size" { type = number }
variable "password" {
  default   = ""
  sensitive = true
}
variables {
  one = 1
  two = 2
}
"""


def test_native_syntax() -> None:
    found = hcl_declarations(hcl.parse(NATIVE))
    assert found.variables == {"size", "password", "one", "two"}
    assert found.sensitive == {"password"}
    assert found.required == {"size": 8}
    assert found.plugins == {AMAZON: ">= 1.3.0"}


@pytest.mark.parametrize("nested", [lambda value: value, lambda value: [value]])
def test_json_with_lists_or_without(nested: t.Callable[[t.Any], t.Any]) -> None:
    content = {
        "packer": nested({"required_plugins": nested({"amazon": {"source": AMAZON, "version": "1.3.0"}})}),
        "variable": nested(
            {"size": nested({"type": "number"}), "password": nested({"default": "", "sensitive": True})}
        ),
        "variables": nested({"one": 1}),
    }
    found = json_declarations(content)
    assert found.variables == {"size", "password", "one"}
    assert found.sensitive == {"password"}
    assert found.required == {"size": None}
    assert found.plugins == {AMAZON: "1.3.0"}


def test_legacy() -> None:
    found = legacy_declarations({"variables": {"size": None, "name": "x"}, "sensitive-variables": ["name"]})
    assert (found.variables, found.sensitive, found.required) == ({"size", "name"}, {"name"}, {"size": None})


@pytest.mark.parametrize("content", [{}, {"variables": []}, {"sensitive-variables": "name"}])
def test_legacy_without_them(content: dict[str, t.Any]) -> None:
    found = legacy_declarations(content)
    assert (found.variables, found.sensitive, found.required) == (set(), set(), {})


def test_a_plugin_that_is_asked_for_twice_has_to_fit_both() -> None:
    found = Declarations()
    for constraint in (">= 1.2", "", ">= 1.2", "< 2"):
        other = Declarations()
        other.require(AMAZON, constraint)
        found.add(other)
    assert found.plugins == {AMAZON: ">= 1.2, < 2"}


def test_what_is_no_object_where_one_belongs() -> None:
    assert listed("x") == []
    assert listed([{"a": 1}, "x", None]) == [{"a": 1}]
