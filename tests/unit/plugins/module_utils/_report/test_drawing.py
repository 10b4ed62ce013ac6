# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lineage as SVG: a box for each version, linked; a curve for each edge; names as text."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from ansible_collections.golden.ami.plugins.module_utils._report.drawing import drawing
from harness.planted_report import HOSTILE, hostile, report


def drawn(lineage: dict[str, object]) -> ET.Element:
    """Well-formed, or this raises."""
    return ET.fromstring(drawing(lineage))


def test_each_version_and_each_edge_is_drawn() -> None:
    lineage = report()["lineage"]
    image = drawn(lineage)
    assert len(image.findall(".//rect")) == len(lineage["nodes"]) == 8
    assert len(image.findall(".//path")) == len(lineage["edges"]) == 7
    assert [one.text for one in image.findall(".//text[@class='group']")] == ["made from", "base", "web", "wordpress"]
    # What is not ours has no place to go to.
    assert len(image.findall(".//a")) == 7


def test_all_of_it_is_within_the_picture() -> None:
    image = drawn(report()["lineage"])
    width, height = (float(image.attrib[name]) for name in ("width", "height"))
    for box in image.findall(".//rect"):
        x, y, w, h = (float(box.attrib[name]) for name in ("x", "y", "width", "height"))
        assert 0 <= x <= x + w <= width
        assert 0 <= y <= y + h <= height


def test_names_are_text() -> None:
    image = drawn(hostile()["lineage"])
    assert image.findall(".//script") == []
    assert any(HOSTILE in (title.text or "") for title in image.findall(".//title"))
    assert all(len(text.text or "") <= 27 for text in image.findall(".//text"))


def test_nothing_is_no_picture() -> None:
    assert drawing({"nodes": [], "edges": []}) == ""
