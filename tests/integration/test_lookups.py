# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The definitions of images, as plays read them: always the same, in documented keys, and without a call."""

from __future__ import annotations

from pathlib import Path

from harness.four import Four

IMAGE = "golden.ami.image"
GRAPH = "golden.ami.image_graph"
CHILD = """\
---
base:
  image: web
provision:
  roles: [web]
"""


def test_a_definition(four: Four, images: Path) -> None:
    (definition,) = four.lookup(IMAGE, "web", cwd=images)
    assert definition["name"] == "web"
    assert definition["base"] == {"ssm_parameter": "/aws/service/debian/release/12/latest/amd64"}
    assert definition["file"] == str(images / "images" / "web" / "image.yml")
    assert definition["parent"] is None
    assert definition["placements"] == [{"instance_type": "t3.small", "subnet_id": ""}]


def test_several_come_parents_first(four: Four, images: Path) -> None:
    (images / "images" / "child").mkdir()
    (images / "images" / "child" / "image.yml").write_text(CHILD)
    found = four.lookup(GRAPH, "child,web", cwd=images, also=IMAGE)
    assert [one["name"] for one in found] == ["web", "child"]
    assert found[1]["parent"] == "web"


def test_those_that_are_made_from_it_come_along(four: Four, images: Path) -> None:
    (images / "images" / "child").mkdir()
    (images / "images" / "child" / "image.yml").write_text(CHILD)
    found = four.lookup(GRAPH, "web", cwd=images, children=True, also=IMAGE)
    assert [(one["name"], one["requested"]) for one in found] == [("web", True), ("child", False)]
