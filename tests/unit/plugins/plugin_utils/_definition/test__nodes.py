# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Enough of every definition is read to know its parent; one with mistakes stops nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.plugin_utils._definition._graph import Node
from ansible_collections.golden.ami.plugins.plugin_utils._definition._load import read_schema
from ansible_collections.golden.ami.plugins.plugin_utils._definition._nodes import parent_by_search, read_nodes

SCHEMA = read_schema(Path(__file__).parents[5] / "roles" / "image" / "files" / "image.schema.json")


def read(tmp_path: Path, text: str) -> Node:
    (tmp_path / "web").mkdir(exist_ok=True)
    (tmp_path / "web" / "image.yml").write_text(text)
    return read_nodes([tmp_path], SCHEMA)["web"]


@pytest.mark.parametrize(
    ("text", "parent", "channel", "line"),
    [
        ("base:\n  image: base\nprovision: {roles: [x]}\n", "base", None, 2),
        ("---\nprovision: {roles: [x]}\nbase: {channel: prod, image: 'base'}\n", "base", "prod", 3),
        ('{"base": {"image": "base"}, "provision": {"roles": ["x"]}}', "base", None, 1),
        ("# image: base\nbase: {id: ami-12345678}\nprovision: {roles: [x]}\n", None, None, 0),
        ("description: an image\nbase: {id: ami-12345678}\nprovision: {roles: [x]}\n", None, None, 0),
        ("", None, None, 0),
    ],
)
def test_the_parent_and_where_it_is_named(
    tmp_path: Path, text: str, parent: str | None, channel: str | None, line: int
) -> None:
    node = read(tmp_path, text)
    assert (node.parent, node.channel, node.line, node.mistake) == (parent, channel, line, None)


def test_a_mistake_is_kept_with_its_place(tmp_path: Path) -> None:
    node = read(tmp_path, "base:\n  image: base\nprovison: {}\n")
    assert node.parent == "base"
    assert node.mistake
    assert "web/image.yml:" in node.mistake
    node = read(tmp_path, "base:\n  image: base\n  roles: [\n")
    assert (node.parent, node.line) == ("base", 2)
    assert "this is not YAML" in str(node.mistake)
    assert read(tmp_path, "image: [\n").parent is None


def test_the_first_directory_wins(tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    read(tmp_path / "second", "base: {image: old}\n")
    (tmp_path / "first" / "web").mkdir(parents=True)
    (tmp_path / "first" / "web" / "image.yml").write_text("base: {image: new}\nprovision: {roles: [x]}\n")
    assert read_nodes([tmp_path / "first", tmp_path / "second"], SCHEMA)["web"].parent == "new"


MADE = "base: {id: ami-12345678}\nprovision: {roles: [x]}\n"
SEARCHED = "base: {owners: [%s], name: '%s'}\nprovision: {roles: [x]}\n"


def write(tmp_path: Path, **texts: str) -> dict[str, Node]:
    for name, text in texts.items():
        (tmp_path / name.replace("_", "-")).mkdir(exist_ok=True)
        (tmp_path / name.replace("_", "-") / "image.yml").write_text(text)
    return read_nodes([tmp_path], SCHEMA)


def test_a_name_of_our_own_is_the_image_that_makes_it(tmp_path: Path) -> None:
    nodes = write(tmp_path, hardened=MADE, web="# web\n" + SEARCHED % ("self", "hardened-*"))
    web = nodes["web"]
    assert (web.parent, web.key, web.line, web.note) == ("hardened", "base.name", 2, None)
    assert web.search
    assert (web.search.owners, web.search.name) == (("self",), "hardened-*")
    assert parent_by_search("web", {"owners": ["self"], "name": "hardened-*"}, [tmp_path], SCHEMA) == "hardened"
    assert parent_by_search("web", {"id": "ami-12345678"}, [tmp_path / "gone"], SCHEMA) is None


def test_a_name_of_others_is_none_of_ours(tmp_path: Path) -> None:
    for owner in ("'123456789012'", "amazon"):
        assert write(tmp_path, hardened=MADE, web=SEARCHED % (owner, "hardened-*"))["web"].parent is None
    assert write(tmp_path, web=SEARCHED % ("self", "other-*"))["web"].parent is None


def test_a_mistake_beside_a_search(tmp_path: Path) -> None:
    node = write(tmp_path, hardened=MADE, web=SEARCHED % ("self", "hardened-*") + "tets: {}\n")["web"]
    assert node.parent == "hardened"
    assert "tets: unknown key; did you mean tests?" in str(node.mistake)
    assert write(tmp_path, web="base: {owners: [self], name: [\n")["web"].parent is None


def test_a_template_that_names_its_amis_itself_makes_nothing_that_is_known(tmp_path: Path) -> None:
    template = tmp_path / "hardened" / "template"
    template.mkdir(parents=True)
    file = template / "it.pkr.hcl"
    texts = {"hardened": "template: template\n", "web": SEARCHED % ("self", "hardened-*")}
    file.write_text('source "amazon-ebs" "it" { ami_name = "x" }\n')
    assert write(tmp_path, **texts)["web"].parent is None
    file.write_text('variable "golden_ami_name" {}\n')
    assert write(tmp_path, **texts)["web"].parent == "hardened"
    assert write(tmp_path, **texts | {"hardened": "template: template/it.pkr.hcl\n"})["web"].parent == "hardened"
    assert write(tmp_path, **texts | {"hardened": "template: gone\n"})["web"].parent is None
    assert write(tmp_path, **texts | {"hardened": "template: [\n"})["web"].parent == "hardened"
