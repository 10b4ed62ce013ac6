# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any text at all is YAML or a mistake with file and line: what people type has no end of surprises."""

from __future__ import annotations

import pytest
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import DefinitionError, dotted, read_source
from hypothesis import example, given
from hypothesis import strategies as st

PIECES = st.sampled_from(
    [
        "a",
        "b",
        ":",
        ": ",
        "\n",
        "\n  ",
        "- ",
        "{",
        "}",
        "[",
        "]",
        ", ",
        "&x ",
        "*x",
        "<<: *x",
        "!!int ",
        "!!float ",
        "!x ",
    ]
    + [
        "!!timestamp ",
        "!!binary ",
        "!!set ",
        "!!omap ",
        "!vault |\n",
        "? ",
        "|\n",
        ">\n",
        "'",
        '"',
        "#",
        "%",
        "---",
        "...",
    ]
    + ["2026-99-99", "2026-11-21", "0o8", "0x", "1_0", "1:99", "~", ".inf", "\t", "é", "\x00", "\ufeff", "null", "yes"]
)
KEYS = st.text("abc", min_size=1, max_size=2)


@given(st.lists(PIECES, max_size=14).map("".join))
@example("a: 2026-99-99")
@example("a: !!timestamp x")
@example("a: !!int x")
@example("a: !!float x")
@example("a: &x [*x]")
@example("&x a: *x")
@example("a: &x\n  b: *x")
@example("[" * 1500)
@example("? [a]\n: b")
@example("? {a: b}\n: c")
def test_any_text_is_yaml_or_a_mistake(text: str) -> None:
    try:
        source = read_source(text, "image.yml")
    except DefinitionError as error:
        assert error.problems
        for problem in error.problems:
            assert str(problem).startswith(f"image.yml:{problem.line}: ")
            assert 1 <= problem.line <= text.count("\n") + text.count("\x85") + text.count("\r") + 2
    else:
        assert source.line_of(("a", "b", 0)) >= 1


@given(st.lists(KEYS, min_size=1, max_size=6))
def test_a_key_that_is_said_twice_is_told(keys: list[str]) -> None:
    text = "".join(f"{key}: {number}\n" for number, key in enumerate(keys))
    if len(set(keys)) == len(keys):
        assert read_source(text, "f").data == {key: number for number, key in enumerate(keys)}
        return
    with pytest.raises(DefinitionError) as caught:
        read_source(text, "f")
    twice = [(number, key) for number, key in enumerate(keys, start=1) if key in keys[: number - 1]]
    assert [(problem.line, problem.key) for problem in caught.value.problems] == twice


@given(st.lists(st.tuples(KEYS, st.integers(0, 3)), min_size=1, max_size=6, unique_by=lambda entry: entry[0]))
def test_each_key_has_its_line(entries: list[tuple[str, int]]) -> None:
    text = "".join("\n" * blank + f"{key}: [1,\n 2]\n" for key, blank in entries)
    source = read_source(text, "f")
    lines = text.split("\n")
    for key, _blank in entries:
        line = source.line_of((key,))
        assert lines[line - 1].startswith(f"{key}:")
        assert source.line_of((key, 1)) == line + 1
        assert source.line_of((key, "nothing", 7)) == line


@given(st.lists(KEYS | st.integers(0, 9), max_size=5))
def test_a_path_is_told_as_it_is_written(path: list[str | int]) -> None:
    told = dotted(path)
    assert told.count("[") == sum(isinstance(part, int) for part in path)
