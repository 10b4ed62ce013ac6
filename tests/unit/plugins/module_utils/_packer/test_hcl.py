# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer import hcl

CHECKOUT = Path(__file__).parents[5]
NASTY = """\
# source "commented" "out" {
/* build { " */
locals { one_line = "${"}"}" } # " an odd quote
source "amazon-ebs" "web" {   // {
  user_data = <<-EOT
    { "json": "${upper("}")}" $${ not %%{ this
    %{ if true ~}
    }
    EOT
  tags = {
    "a } b" = "\\"}"
    c       = [1, { d = "x" }]
  }
  source_ami_filter {
    owners = ["self"] # "
  }
  after = true
}
build {
  sources = [
    "source.amazon-ebs.web", # }
    source.null.x,
  ]
  name = "n"
}
"""


def test_blocks_and_attributes_with_their_text_and_lines() -> None:
    body = hcl.parse(NASTY)
    assert [(block.kind, block.labels, block.line) for block in body.blocks] == [
        ("locals", (), 3),
        ("source", ("amazon-ebs", "web"), 4),
        ("build", (), 19),
    ]
    assert body.blocks[0].body.expression("one_line") == '"${"}"}"'
    source = body.blocks[1]
    assert [attribute.name for attribute in source.body.attributes] == ["user_data", "tags", "after"]
    heredoc = source.body.expression("user_data") or ""
    assert heredoc.startswith("<<-EOT\n")
    assert heredoc.endswith("\n    EOT")
    assert source.body.attributes[2].line == 17
    assert source.body.blocks[0].body.expression("owners") == '["self"]'
    assert hcl.items(body.blocks[2].body.expression("sources")) == ['"source.amazon-ebs.web"', "source.null.x"]
    for block in body.blocks:
        assert (NASTY[block.inner_start - 1], NASTY[block.end - 1]) == ("{", "}")
        for attribute in block.body.attributes:
            assert NASTY[attribute.start : attribute.end] == attribute.expression


STRINGS = ['""', '"}"', '"${"}"}"', '"${"${"}"}"}"', '"$${"', '"%%{"', '"\\"}"', '"\\\\"', '"a # b"', '"/* "', '"%$"']
EXPRESSIONS = [
    *STRINGS,
    '<<E\n } " ${"}"} $${ \n E2\nE',
    "<<-E\n%{ for a in b ~}\n${a}\n%{ endfor }\n\t E",
    '[1, "]", {\n a = 1 # }\n}]',
    'cond ? { a = "}" } : null',
    "f(\n  a, /* ) */\n  b\n)",
    "a == b && c >= d",
    "-1.5e3",
    '[for k, v in m : "${k}=${v}" if v != "}"]',
]


@pytest.mark.parametrize("seed", range(25))
def test_whatever_the_expressions_the_blocks_around_them_are_found(seed: int) -> None:
    chosen = random.Random(seed).sample(EXPRESSIONS, 6)
    inner = "".join(f"  a{number} = {expression}\n" for number, expression in enumerate(chosen))
    text = f'one "x" {{\n{inner}}}\ntwo y "z" {{\n  deep {{\n{inner}  }}\n}}\nlast = 1'
    body = hcl.parse(text)
    assert [(block.kind, block.labels) for block in body.blocks] == [("one", ("x",)), ("two", ("y", "z"))]
    for found in (body.blocks[0].body, body.blocks[1].body.blocks[0].body):
        assert [attribute.expression for attribute in found.attributes] == chosen
    assert body.expression("last") == "1"


@pytest.mark.parametrize("seed", range(50))
def test_broken_text_never_raises(seed: int) -> None:
    chance = random.Random(seed)
    text = NASTY + "".join(f"a = {one}\n" for one in EXPRESSIONS)
    for _unused in range(20):
        start = chance.randrange(len(text))
        broken = text[:start] + chance.choice(['"', "}", "{", "${", "<<E\n", "", "\n", "\\"]) + text[start + 3 :]
        body = hcl.parse(broken)
        hcl.replace_path_root(broken, "/x")
        for block in body.blocks:
            assert 0 <= block.start <= block.inner_start <= block.inner_end <= block.end <= len(broken)
        hcl.members(broken)
        hcl.items(broken)
        hcl.string(broken)
        hcl.parse(broken[:start])


@pytest.mark.parametrize(
    "text",
    ['a = "x\n', "a = [1\n", "a =\n", "a {\n", "}\n", "a = <<E\nx\n", 'a = "${b"\n', "a b c\n", "? = 1\n", "a = 1)\n"],
)
def test_what_is_not_understood_is_known_to_be_broken(text: str) -> None:
    assert hcl.parse(text).broken
    assert not hcl.parse(NASTY + "".join(f"a = {one}\n" for one in EXPRESSIONS)).broken


def test_a_string_that_is_not_closed_hides_only_its_line() -> None:
    body = hcl.parse('a = "oops\nvariable "x" {\n  default = 1\n}\n')
    assert [block.labels for block in body.blocks] == [("x",)]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('"a\\n\\u00e9\\"$${b}%%{"', 'a\né"${b}%{'),
        ('""', ""),
        ('"${a}"', None),
        ('"a" + "b"', None),
        ("<<E\na\nE", None),
        ("a", None),
        ("", None),
        (None, None),
    ],
)
def test_strings_in_so_many_words(expression: str | None, value: str | None) -> None:
    assert hcl.string(expression) == value


@pytest.mark.parametrize("value", ["", "a", '"', "\\", "${x}", "$${x}", "%{x}", "$", "a\nb\t\b\f\\b", "é€\x7f", "$${"])
def test_quoted_strings_read_back(value: str) -> None:
    assert hcl.string(hcl.quote(value)) == value


def test_members_of_an_object() -> None:
    text = '{\n  a = { b = 1, c = 2 }, "d" : "x"\n  e = f(1,\n 2) # g = 1\n}'
    assert hcl.members(text) == {"a": "{ b = 1, c = 2 }", "d": '"x"', "e": "f(1,\n 2)"}
    assert hcl.members("merge({ a = 1 }, { b = 2 })") == {}
    assert hcl.items("concat([1], [2])") is None
    assert hcl.items("[for a in b : a]") is None


def test_path_root_is_replaced_in_expressions_only() -> None:
    text = """\
a = path.root # path.root
b = "path.root ${path.root}/x $${path.root} ${join("/", [path.root, "${path . root}"])}"
c = <<E
path.root ${path.root} %{ if path.root == "x" }$${path.root}%{ endif }
E
d = [local.path.root, path.cwd, path["root"], xpath.root]
"""
    new = """\
a = "/o \\"$${x" # path.root
b = "path.root ${"/o \\"$${x"}/x $${path.root} ${join("/", ["/o \\"$${x", "${"/o \\"$${x"}"])}"
c = <<E
path.root ${"/o \\"$${x"} %{ if "/o \\"$${x" == "x" }$${path.root}%{ endif }
E
d = [local.path.root, path.cwd, "/o \\"$${x", xpath.root]
"""
    assert hcl.replace_path_root(text, '/o "${x') == new
    template = '"quoted" ${path.root}/x path.root'
    assert hcl.replace_path_root(template, "/o", template=True) == '"quoted" ${"/o"}/x path.root'


@pytest.mark.parametrize(
    "block", ["b {}", "b { }", 'b { a = "}" }', "b {\n  a = 1 # x\n}", "b {\n}", "b { # }\n  a = 1\n}"]
)
def test_lines_are_added_to_blocks_of_any_shape(block: str) -> None:
    text = f"{block}\nafter = 1\n"
    found = hcl.parse(text).blocks[0]
    changed = hcl.parse(hcl.apply(text, hcl.insertion(text, found, "new = 2")))
    before = [one.name for one in found.body.attributes]
    assert [one.name for one in changed.blocks[0].body.attributes] == [*before, "new"]
    assert changed.expression("after") == "1"


def test_a_block_is_taken_away_and_lines_stay() -> None:
    left = hcl.apply(NASTY, [hcl.blanked(NASTY, hcl.parse(NASTY).blocks[1])])
    assert [(block.kind, block.line) for block in hcl.parse(left).blocks] == [("locals", 3), ("build", 19)]


def test_the_shared_template_is_understood() -> None:
    directory = CHECKOUT / "roles" / "image" / "files" / "packer"
    kinds = {
        path.name: [block.kind for block in hcl.parse(path.read_text()).blocks] for path in directory.glob("*.hcl")
    }
    assert kinds["versions.pkr.hcl"] == ["packer"]
    assert kinds["sources.pkr.hcl"] == ["source"]
    assert kinds["build.pkr.hcl"] == ["build"]
    assert set(kinds["variables.pkr.hcl"]) == {"variable"}
