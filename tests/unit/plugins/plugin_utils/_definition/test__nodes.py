# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Enough of every definition is read to know its parent; one with mistakes stops nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.plugin_utils._definition._graph import Node
from ansible_collections.golden.ami.plugins.plugin_utils._definition._load import read_schema
from ansible_collections.golden.ami.plugins.plugin_utils._definition._nodes import read_nodes

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
