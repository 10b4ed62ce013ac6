# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The lineage as SVG inside the page: boxes in columns, and curves from what was started from to what was made."""

from __future__ import annotations

import typing as t

from .elements import Markup, anchor, element
from .layout import Spot, place

_WIDTH, _HEIGHT = 208, 34
_ACROSS, _DOWN = 296, 46
_MARGIN = 12
# Characters of a name that a box has room for; the whole one is in its title.
_ROOM = 27
_BASES = "made from"

Result = dict[str, t.Any]


def drawing(lineage: Result) -> Markup:
    """Empty when there is nothing to draw."""
    nodes = lineage["nodes"]
    if not nodes:
        return Markup("")
    edges = [(edge["from"], edge["to"]) for edge in lineage["edges"]]
    # What versions are made from first, so that its column is on the left of all.
    ordered = sorted(nodes, key=lambda node: bool(node["image"]))
    spots = place([(node["id"], node["image"]) for node in ordered], edges)
    width = (max(spot.column for spot in spots.values())) * _ACROSS + _WIDTH + 2 * _MARGIN
    height = (max(spot.row for spot in spots.values()) + 1) * _DOWN + 2 * _MARGIN
    curves = [_curve(spots[start], spots[end]) for start, end in edges]
    return element(
        "svg",
        element("title", "Which version was made from which"),
        *curves,
        *(_node(node, spots[node["id"]]) for node in ordered),
        class_="lineage",
        role="img",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
    )


def _corner(spot: Spot) -> tuple[int, int]:
    return _MARGIN + spot.column * _ACROSS, _MARGIN + spot.row * _DOWN


def _curve(start: Spot, end: Spot) -> Markup:
    left, top = _corner(start)
    x1, y1 = left + _WIDTH, top + _HEIGHT // 2
    x2, y2 = _corner(end)[0], _corner(end)[1] + _HEIGHT // 2
    bend = max((x2 - x1) // 2, 40)
    return element("path", d=f"M{x1} {y1} C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}", class_="edge")


def _node(node: Result, spot: Spot) -> Markup:
    x, y = _corner(spot)
    image, name = node["image"], node["name"]
    channels = f" · {', '.join(node['channels'])}" if node["channels"] else ""
    kind = "outside" if not image else "named" if node["channels"] else "version"
    box = element(
        "g",
        element("title", f"{image} {name}{channels}".strip()),
        element("rect", x=x, y=y, width=_WIDTH, height=_HEIGHT, rx=7),
        element("text", _short(f"{name}{channels}"), x=x + 11, y=y + _HEIGHT // 2 + 4),
        class_=kind,
    )
    linked = element("a", box, href=f"#{anchor('version', image, node['version'])}") if image else box
    if spot.begins is None:
        return linked
    return Markup(element("text", spot.begins or _BASES, x=x, y=y - 9, class_="group") + linked)


def _short(text: str) -> str:
    return text if len(text) <= _ROOM else f"{text[: _ROOM - 1]}…"
