# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import re

_TERM = re.compile(r"^(=|!=|>=|<=|>|<|~>)?\s*v?(\d+(?:\.\d+)*)(?:-[\w.]+)?$")

Numbers = tuple[int, ...]


def numbers(version: str) -> Numbers:
    """The numbers of a version, without what follows a dash: for Packer, too, C(1.2.0-dev) is as good as 1.2.0."""
    return tuple(int(number) for number in re.findall(r"\d+", version.partition("-")[0]))


def _compare(version: Numbers, other: Numbers) -> int:
    length = max(len(version), len(other))
    left, right = (value + (0,) * (length - len(value)) for value in (version, other))
    return (left > right) - (left < right)


def _pessimistic(version: Numbers, wanted: Numbers) -> bool:
    """C(~> 1.2.3) is at least that and below 1.3; C(~> 1) has no upper end, as in HashiCorp's go-version."""
    kept = len(wanted) - 1
    return _compare(version, wanted) >= 0 and _compare(version[:kept], wanted[:kept]) == 0


def _holds(version: Numbers, operator: str, wanted: Numbers) -> bool:
    if operator == "~>":
        return _pessimistic(version, wanted)
    order = _compare(version, wanted)
    allowed = {"=": (0,), "!=": (-1, 1), ">": (1,), ">=": (0, 1), "<": (-1,), "<=": (-1, 0)}
    return order in allowed[operator]


def satisfies(version: str, constraint: str) -> bool:
    """Whether a version fits C(>= 1.2, < 2) and the like. What nobody can read fits: Packer says what is wrong."""
    for term in constraint.split(","):
        match = _TERM.match(term.strip())
        if match and not _holds(numbers(version), match[1] or "=", numbers(match[2])):
            return False
    return True
