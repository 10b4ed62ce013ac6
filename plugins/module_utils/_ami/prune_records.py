# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What SSM keeps of the versions whose AMIs are deleted: the record of each, and what is inside it."""

from __future__ import annotations

import collections.abc as c
import re

from . import calls
from .calls import Client
from .calls_parameters import read_below
from .contents_parameters import names_of_contents
from .images import Ami

_RECORD = re.compile(r"/golden/[A-Za-z0-9_./-]+/versions/[A-Za-z0-9_.-]+")


def record_of(ami: Ami) -> str | None:
    """The SSM parameter where its version is recorded, if its tags say one."""
    name = f"/golden/{ami.image}/versions/{ami.version}"
    return name if ami.image and ami.version and _RECORD.fullmatch(name) else None


def parameters_of(ssm: Client, amis: c.Sequence[Ami], staying: c.Collection[Ami]) -> list[str]:
    """The parameters in a place that go with these AMIs of it: records that name them, and what is inside before these.

    C(staying) are the AMIs that stay there. What is inside a version that has no record of its own goes with the last of
    its AMIs.
    """
    records = {ami.image_id: name for ami in amis if (name := record_of(ami))}
    if not records:
        return []
    names = list(dict.fromkeys(records.values()))
    found = calls.get_parameters(ssm, names)
    for name in names:
        if name not in found:
            # A version with several AMIs in a Region has a record for each builder, below its own name.
            found |= read_below(ssm, name, recursive=True)
    own = [name for name, value in found.items() if value in records]
    stays = {record_of(ami) for ami in staying}
    without = [name for name in names if name not in found and name not in stays]
    return [*names_of_contents(ssm, [_split(record) for record in (*own, *without)]), *own]


def _split(record: str) -> tuple[str, str]:
    """Image and version. The name of an image may have several parts, and be called versions in one of them."""
    start, _versions, version = record.removeprefix("/golden/").rpartition("/versions/")
    return start, version
