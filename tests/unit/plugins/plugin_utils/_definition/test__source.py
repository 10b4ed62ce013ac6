# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is no YAML, no text, or YAML that nobody can mean, is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import (
    DefinitionError,
    read_file,
    read_source,
)


def mistakes(text: str) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        read_source(text, "image.yml")
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "a: 1\nb: 2026-99-99\n",
            "image.yml:2: this is not YAML: '2026-99-99' is no timestamp; quote it where it is a text",
        ),
        ("a:\n  b: !!int x\n", "image.yml:2: this is not YAML: 'x' is no int; quote it where it is a text"),
        ("a: [1\n", "image.yml:2: this is not YAML: expected ',' or ']', but got '<stream end>'"),
        ("a: !vault x\n", "image.yml:1: this is not YAML: could not determine a constructor for the tag '!vault'"),
        ("a: 1\nb: &x\n  - *x\n", "image.yml:2: b[0]: a value cannot be part of itself: take the alias out"),
        ("b: &x {c: {d: *x}}\n", "image.yml:1: b.c.d: a value cannot be part of itself: take the alias out"),
        ("a: 1\nb:\n  c: 1\n  c: 2\n", "image.yml:4: b.c: said twice, first in line 3"),
        ("[" * 1500, "image.yml:1: this is nested too deeply to be read"),
    ],
)
def test_mistakes(text: str, told: str) -> None:
    assert mistakes(text) == [told]


def test_an_alias_of_something_else_is_none() -> None:
    source = read_source("a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n", "image.yml")
    assert source.data == {"a": {"b": 1}, "c": {"b": 1}, "d": {"b": 1}}
    assert source.line_of(("c",)) == 2


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "image.yml"
    path.write_bytes("---\ndescription: Straße\n".encode("latin-1"))
    with pytest.raises(DefinitionError, match=r"image.yml:2: this is not UTF-8: .* \(df\). Save it as UTF-8"):
        read_file(path, "image.yml")
