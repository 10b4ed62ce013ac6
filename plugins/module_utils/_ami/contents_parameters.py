# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The SSM parameters that keep what is inside a version: /golden/IMAGE/contents/VERSION/1, 2 and so on, in each place."""

from __future__ import annotations

import collections.abc as c
import re

from .calls import Client, get_parameters
from .calls_parameters import put_text, read_below
from .calls_prune import delete_parameters

# What the value of each begins with.
HEAD = re.compile(r"golden\.ami contents (?P<part>[0-9]{1,4})/(?P<parts>[0-9]{1,4}) (?P<digest>[0-9a-f]{16})\n")
_NUMBER = re.compile(r"[1-9][0-9]{0,3}")


def contents_path(image: str, version: str) -> str:
    """What the names of a version's parameters begin with. C(version) may be VERSION/BUILDER."""
    return f"/golden/{image}/contents/{version}"


def read_contents(ssm: Client, image: str, version: str) -> dict[int, str]:
    """Their values, by number; one call for ten of them. Empty when there are none."""
    path = contents_path(image, version)
    # Below a version may be those of its builders.
    names = {name.removeprefix(f"{path}/"): value for name, value in read_below(ssm, path, recursive=False).items()}
    return {int(rest): value for rest, value in names.items() if _NUMBER.fullmatch(rest)}


def write_contents(ssm: Client, image: str, version: str, values: c.Sequence[str]) -> list[str]:
    """Write them in place of those that are there, and give their names; a call for each, and one or two more."""
    path = contents_path(image, version)
    names = [f"{path}/{number}" for number in range(1, len(values) + 1)]
    # First, for the first of those that stay tells how many there are.
    left = [number for number in read_contents(ssm, image, version) if number > len(values)]
    if left:
        delete_parameters(ssm, [f"{path}/{number}" for number in sorted(left)])
    for name, value in zip(names, values, strict=True):
        put_text(ssm, name, value, f"What is inside {image} {version}; golden.ami")
    return names


def names_of_contents(ssm: Client, versions: c.Sequence[tuple[str, str]]) -> list[str]:
    """Of all parameters of these images and versions, as the first of each tells how many there are; one call for ten."""
    first = [f"{contents_path(*version)}/1" for version in versions]
    found = get_parameters(ssm, first) if first else {}
    return [
        f"{name.removesuffix('1')}{number}"
        for name in first
        if name in found
        for number in range(1, parts_told(found[name]) + 1)
    ]


def parts_told(value: str) -> int:
    """How many parameters there are, as one of them tells. One alone, where it is somebody else's."""
    head = HEAD.match(value)
    return int(head["parts"]) if head else 1


def versions_with_contents(image: str, names: c.Iterable[str]) -> list[str]:
    """Of which versions something is kept, by the names of parameters; the newest first."""
    start = contents_path(image, "")
    parts = (name.removeprefix(start).rpartition("/") for name in names if name.startswith(start))
    return sorted({version for version, _slash, number in parts if version and _NUMBER.fullmatch(number)}, reverse=True)
