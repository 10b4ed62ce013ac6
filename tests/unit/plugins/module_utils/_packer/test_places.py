# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.diagnostics import Diagnostic
from ansible_collections.golden.ami.plugins.module_utils._packer.places import (
    declared_at,
    locate_legacy,
    locate_unset,
    mentioned_at,
    name_origin,
)

TEXTS = {
    "/t/a.pkr.hcl": '# variable "size" {}\n\n\nvariable "size" {\n  type = number\n}\n',
    "/t/b.pkr.json": '{\n  "variable": {\n    "name": {}\n  }\n}',
}
LEGACY = """{
  "variables": {"subnet": null},
  "builders": [
    {"type": "googlecompute", "image_name": "{{clean_ami_name `x`}}"}
  ]
}"""
INCOMPATIBLE = "The value for size is not compatible with the variable's type constraint: a\nnumber is required."


def test_where_a_variable_is_declared() -> None:
    assert declared_at(TEXTS, "size") == ("/t/a.pkr.hcl", 4)
    assert declared_at(TEXTS, "name") == ("/t/b.pkr.json", 3)
    assert declared_at(TEXTS, "nope") is None
    assert mentioned_at(TEXTS, "number") == "/t/a.pkr.hcl:5"
    assert mentioned_at(TEXTS, "nope") is None


def test_a_variable_without_a_value_has_the_place_of_its_declaration() -> None:
    placed = locate_unset(Diagnostic("error", 'Unset variable "size"'), TEXTS)
    assert (placed.file, placed.line) == ("/t/a.pkr.hcl", 4)
    assert locate_unset(Diagnostic("error", 'Unset variable "other"'), TEXTS).file is None
    assert locate_unset(Diagnostic("error", "Something else"), TEXTS).file is None


@pytest.mark.parametrize(
    ("summary", "detail", "line"),
    [
        ("required variable not set: subnet", "", 2),
        ('Failed to initialize build "googlecompute"', "The builder googlecompute is unknown by Packer", 4),
        ('Failed to prepare build: "x"', 'template: root:1: function "clean_ami_name" not defined', 4),
        ("Unknown root level key in template: 'variables'", "", 2),
        ("Something else", "", None),
    ],
)
def test_the_line_of_what_an_error_of_a_legacy_template_names(summary: str, detail: str, line: int | None) -> None:
    placed = locate_legacy(Diagnostic("error", summary, detail), "/t.json", LEGACY)
    assert (placed.file, placed.line) == ("/t.json", line)


def test_no_line_when_there_are_several() -> None:
    text = '{"builders": [{"type": "x"},\n{"type": "x"}]}'
    assert locate_legacy(Diagnostic("error", 'Failed: "x"'), "/t.json", text).line is None


def test_a_place_that_is_known_stays() -> None:
    diagnostic = Diagnostic("error", "x", file="/vars.json")
    assert locate_legacy(diagnostic, "/t.json", LEGACY) == diagnostic


@pytest.mark.parametrize(
    ("file", "origin"),
    [
        ("/run/variables.pkrvars.json", "'variables'"),
        (None, "PKR_VAR_size in the environment"),
    ],
)
def test_a_value_of_ours_is_named_by_its_option(file: str | None, origin: str) -> None:
    diagnostic = Diagnostic("error", "Invalid value for variable", INCOMPATIBLE, file, 3 if file else None)
    named = name_origin(diagnostic, "/run", {"size": "'variables'"})
    assert named.summary == f"Invalid value for variable size (from {origin})"
    assert (named.file, named.line) == (None, None)


def test_a_value_that_no_option_gave() -> None:
    diagnostic = Diagnostic("error", "Invalid value for variable", INCOMPATIBLE, "/run/variables.pkrvars.json", 3)
    assert "golden.ami, which sets it" in name_origin(diagnostic, "/run", {}).summary


def test_a_value_in_a_file_of_the_user_keeps_its_place() -> None:
    diagnostic = Diagnostic("error", "Invalid value for variable", INCOMPATIBLE, "/home/me/x.pkrvars.hcl", 3)
    assert name_origin(diagnostic, "/run", {}) == diagnostic
