# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Templates of other people: no text stops the reader, what is quoted is read as it was, and edits touch nothing else."""

from __future__ import annotations

from ansible_collections.golden.ami.plugins.module_utils._packer import hcl
from hypothesis import example, given
from hypothesis import strategies as st

PIECES = st.sampled_from(
    [
        '"',
        "${",
        "%{",
        "}",
        "{",
        "[",
        "]",
        "(",
        ")",
        "=",
        "\n",
        "<<EOT\n",
        "<<-EOT\n",
        "EOT\n",
        "EOT",
        "source",
        "a",
        "b",
    ]
    + [
        "# x",
        "//",
        "/*",
        "*/",
        "\\",
        '\\"',
        "$${",
        ",",
        ":",
        " ",
        "\r\n",
        "é",
        "variable",
        '"x"',
        "build",
        "1.5",
        "~",
        "==",
    ]
)
TEXTS = st.lists(PIECES, max_size=20).map("".join)
PRINTABLE = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = st.text("abc", min_size=1, max_size=3)


@given(TEXTS)
@example('a = "${')
@example("<<EOT")
def test_no_text_stops_the_reader(text: str) -> None:
    body = hcl.parse(text)
    for attribute in body.attributes:
        assert text[attribute.start : attribute.end] == attribute.expression
        assert 1 <= attribute.line <= text.count("\n") + 1
    for block in body.blocks:
        assert text[block.start : block.end].startswith(block.kind)
        assert block.start <= block.inner_start <= block.inner_end <= block.end
    for token in hcl.tokens(text):
        assert 0 <= token.start <= token.end <= len(text)


@given(TEXTS)
def test_no_expression_stops_it(expression: str) -> None:
    for found in (hcl.string(expression), hcl.items(expression), hcl.members(expression)):
        assert found is None or found is not expression
    assert isinstance(hcl.replace_path_root(expression, "/here"), str)


@given(PRINTABLE)
@example("${var.x}")
@example("%{if true}")
@example("$${x}")
@example("a$")
@example('\\"')
def test_what_is_quoted_is_read_as_it_was(value: str) -> None:
    assert hcl.string(hcl.quote(value)) == value
    body = hcl.parse(f"a = {hcl.quote(value)}\nb = 1\n")
    assert not body.broken
    assert [attribute.name for attribute in body.attributes] == ["a", "b"]


@given(st.dictionaries(PRINTABLE, PRINTABLE, max_size=4))
def test_a_map_is_one_expression_on_one_line(values: dict[str, str]) -> None:
    written = hcl.quote_map(values)
    assert "\n" not in written
    body = hcl.parse(f"a = {written}\nb = 1\n")
    assert [attribute.name for attribute in body.attributes] == ["a", "b"]
    assert not body.broken


@given(st.lists(st.tuples(NAMES, PRINTABLE), max_size=4), st.integers(0, 3))
def test_a_block_that_is_taken_away_leaves_all_else_where_it_was(entries: list[tuple[str, str]], which: int) -> None:
    text = "".join(f"{name} {{\n  x = {hcl.quote(value)}\n}}\n" for name, value in entries)
    blocks = hcl.parse(text).blocks
    assert [block.kind for block in blocks] == [name for name, _value in entries]
    if which < len(blocks):
        rest = hcl.parse(hcl.apply(text, [hcl.blanked(text, blocks[which])]))
        kept = [block for number, block in enumerate(blocks) if number != which]
        assert [(block.kind, block.line) for block in rest.blocks] == [(block.kind, block.line) for block in kept]


@given(NAMES, PRINTABLE, st.booleans())
def test_a_line_that_is_added_is_in_the_block(name: str, value: str, on_one_line: bool) -> None:
    text = f"{name} {{ x = 1 }}\nother {{}}\n" if on_one_line else f"{name} {{\n  x = 1\n}}\nother {{}}\n"
    block = hcl.parse(text).blocks[0]
    changed = hcl.parse(hcl.apply(text, hcl.insertion(text, block, f"  y = {hcl.quote(value)}")))
    assert not changed.broken
    assert [one.kind for one in changed.blocks] == [name, "other"]
    assert hcl.string(changed.blocks[0].body.expression("y")) == value
