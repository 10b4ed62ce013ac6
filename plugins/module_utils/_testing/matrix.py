# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The instances that an AMI is tested on: each type, in each subnet, with each user data. Nothing here calls anything."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import pathlib
import re

from .._ami.images import Ami
from .errors import TestError

# The names of EC2 for what AMIs call x86_64 and arm64 are the same.
Architectures = c.Mapping[str, c.Collection[str]]


@dataclasses.dataclass(frozen=True)
class Cell:
    """One instance. C(name) is unique among the cells, and fits into the name of a file."""

    name: str
    ami: Ami
    instance_type: str
    subnet_id: str | None = None
    user_data: str | None = None

    def line(self) -> dict[str, str | None]:
        return {
            "name": self.name,
            "image_id": self.ami.image_id,
            "instance_type": self.instance_type,
            "subnet_id": self.subnet_id,
            "user_data": self.user_data,
        }


def make_cells(
    amis: c.Sequence[Ami],
    instance_types: c.Sequence[str],
    subnet_ids: c.Sequence[str],
    user_data: c.Sequence[str],
    architectures: Architectures,
) -> tuple[Cell, ...]:
    """The matrix. A type goes with the AMIs of its architecture; refuses a type or an AMI that goes with none."""
    types = list(dict.fromkeys(instance_types))
    fits = [(ami, one) for ami in amis for one in types if ami.architecture in architectures.get(one, ())]
    _refuse_unused(amis, types, fits, architectures)
    cells = []
    for ami, instance_type in fits:
        for subnet in dict.fromkeys(subnet_ids or [""]):
            for file in dict.fromkeys(user_data or [""]):
                words = [ami.image_id if len(amis) > 1 else "", instance_type, subnet, _stem(file, user_data)]
                name = "-".join(word for word in words if word)
                cells.append(Cell(name, ami, instance_type, subnet or None, file or None))
    return tuple(cells)


def _stem(file: str, user_data: c.Sequence[str]) -> str:
    """The file's name in the cell's; with more of it where several have the same."""
    stems = [pathlib.Path(one).stem for one in dict.fromkeys(user_data)]
    stem = pathlib.Path(file).stem
    number = list(dict.fromkeys(user_data)).index(file) + 1 if file and stems.count(stem) > 1 else 0
    return re.sub(r"[^A-Za-z0-9_.]+", "_", f"{stem}{number or ''}")


def _refuse_unused(
    amis: c.Sequence[Ami], types: c.Sequence[str], fits: c.Sequence[tuple[Ami, str]], architectures: Architectures
) -> None:
    for one in types:
        if not any(one == instance_type for _ami, instance_type in fits):
            told = ", ".join(sorted({ami.architecture for ami in amis}))
            raise TestError(
                f"instance_types: {one} runs {' and '.join(architectures.get(one, ())) or 'nothing known'}, and the AMIs are"
                f" {told}: name a type for them. Nothing was launched."
            )
    for ami in amis:
        if not any(ami is other for other, _type in fits):
            raise TestError(
                f"instance_types: none of {', '.join(types)} runs {ami.image_id}, which is {ami.architecture}: add one that"
                " does. Nothing was launched."
            )
