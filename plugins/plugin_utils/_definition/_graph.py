# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that are made from images: the order in which to build them, and who is made from whom.

Note that this is **PRIVATE** to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import difflib
import typing as t
from dataclasses import dataclass

from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import DefinitionError, Problem


@dataclass(frozen=True)
class Search:
    """What a base is found by in the account itself: the newest AMI of these owners with such a name."""

    owners: tuple[str, ...]
    name: str
    architecture: str | None = None


@dataclass(frozen=True)
class Node:
    """An image as the graph sees it: its parent, and where the definition says so. C(mistake): why it can't be read.

    C(search) is how it finds its base, if it does not name its parent, and C(note) what one should know of that.
    """

    name: str
    parent: str | None = None
    channel: str | None = None
    file: str = ""
    line: int = 0
    mistake: str | None = None
    search: Search | None = None
    note: str | None = None

    @property
    def key(self) -> str:
        """Where in the definition the parent is said."""
        return "base.name" if self.search else "base.image"


Nodes = t.Mapping[str, Node]


def children_of(name: str, nodes: Nodes) -> list[Node]:
    """The images that are made from this one, by name."""
    return sorted((node for node in nodes.values() if node.parent == name), key=lambda node: node.name)


def descendants(names: list[str], nodes: Nodes) -> list[str]:
    """The images that are made from these, from what is made from those, and so on; not these themselves."""
    found: list[str] = []
    queue = list(names)
    while queue:
        below = [node.name for node in children_of(queue.pop(0), nodes) if node.name not in (*names, *found)]
        found.extend(below)
        queue.extend(below)
    return found


def in_order(names: list[str], nodes: Nodes) -> list[str]:
    """These images, each behind all that it is made from; otherwise as they were named.

    Raises DefinitionError for a name twice, for a circle, and for a parent that has no definition.
    """
    problems = _twice(names)
    lines: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        try:
            lines[name] = _line(name, nodes)
        except DefinitionError as error:
            problems.extend(problem for problem in error.problems if problem not in problems)
    if problems:
        raise DefinitionError(problems)
    return list(dict.fromkeys(name for line in lines.values() for name in line if name in lines))


def _twice(names: list[str]) -> list[Problem]:
    again = sorted({name for name in names if names.count(name) > 1})
    return [Problem("image", 0, ",".join(names), f"{name} is named more than once; name it once") for name in again]


def _line(name: str, nodes: Nodes) -> list[str]:
    """All that an image is made from, the first ancestor first, and itself."""
    line = [name]
    node = nodes[name]
    while node.parent:
        if node.parent in line:
            raise DefinitionError([_circle(line[: line.index(node.parent) + 1], nodes)])
        if node.parent not in nodes:
            raise DefinitionError([Problem(node.file, node.line, node.key, _no_parent(node.parent, nodes))])
        node = nodes[node.parent]
        line.insert(0, node.name)
    return line


def _circle(line: list[str], nodes: Nodes) -> Problem:
    """The same words, whichever of the circle was asked for: it begins with the first one by name."""
    start = line.index(min(line))
    around = [*line[start:], *line[:start]][::-1]
    circle = [around[-1], *around]
    node = nodes[circle[0]]
    message = (
        f"an image cannot be made from itself: {' is made from '.join(circle)}."
        " Give one of them another base, such as an ssm_parameter"
    )
    return Problem(node.file, node.line, node.key, message)


def _no_parent(name: str, nodes: Nodes) -> str:
    close = difflib.get_close_matches(name, nodes, n=1)
    hint = f"did you mean {close[0]}?" if close else f"images that exist: {', '.join(sorted(nodes))}."
    elsewhere = f"For one that is built elsewhere say base: {{ssm_parameter: /golden/{name}/CHANNEL}}"
    return f"there is no definition of an image '{name}'; {hint} {elsewhere}"
