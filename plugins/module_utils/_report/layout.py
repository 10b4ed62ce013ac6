# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Where the nodes of a graph go: a column for each group, behind those that it is made from; below each other in it."""

from __future__ import annotations

import collections.abc as c
import dataclasses

Edge = tuple[str, str]


@dataclasses.dataclass(frozen=True)
class Spot:
    """Column and row, and the group whose first node it is, if it is that of one."""

    column: int
    row: int
    begins: str | None = None


def columns(groups: c.Iterable[str], edges: c.Iterable[Edge]) -> dict[str, int]:
    """By group, how many others lie before it at most. In a circle, which only wrong tags make, it stops at the second time."""
    before: dict[str, list[str]] = {group: [] for group in groups}
    for start, end in edges:
        if start != end and start not in before[end]:
            before[end].append(start)
    known: dict[str, int] = {}

    def depth(group: str, path: tuple[str, ...]) -> int:
        if group not in known:
            later = [depth(one, (*path, group)) + 1 for one in before[group] if one not in path]
            found = max(later, default=0)
            if path:
                # On a path that may have left a circle out.
                return found
            known[group] = found
        return known[group]

    return {group: depth(group, ()) for group in before}


def place(nodes: c.Sequence[tuple[str, str]], edges: c.Sequence[Edge]) -> dict[str, Spot]:
    """A spot for each node, given with its group. The order of nodes stays within a column; a group's first has a row for its name."""
    group_of = dict(nodes)
    found = columns(
        dict.fromkeys(group_of.values()),
        [(group_of[start], group_of[end]) for start, end in edges if start in group_of and end in group_of],
    )
    spots: dict[str, Spot] = {}
    rows: dict[int, int] = {}
    for group in dict.fromkeys(group_of.values()):
        column = found[group]
        first: str | None = group
        for node in (one for one in group_of if group_of[one] == group):
            row = rows.get(column, 0) + (1 if first is not None else 0)
            spots[node] = Spot(column, row, first)
            rows[column] = row + 1
            first = None
    return spots
