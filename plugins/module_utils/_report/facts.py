# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What a report is made of, as it was read. What is not known has no entry, and a line in C(not_read)."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .._ami.accounts import Place
from .._ami.details import NotRead
from .._ami.images import Ami
from .._ami.lineage import Search
from .._ami.permissions import Permissions
from .._ami.prune_result import Told
from .._ami.references import Reference
from .._inside.store import Kept

# What C(not_read) calls a place that could not be entered, and the channels of an image in a place.
ALL_OF_IT = "all of it"
CHANNELS = "channels of {}"


@dataclasses.dataclass(frozen=True)
class Wanted:
    """An image that is reported on, as its definition has it. C(follows) is the channel of its parent that it is made from.

    C(search) is how it finds its base, where that is a search.
    """

    name: str
    description: str = ""
    parent: str | None = None
    follows: str | None = None
    search: Search | None = None
    regions: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    role_name: str = "OrganizationAccountAccessRole"
    retention: dict[str, t.Any] | None = None


@dataclasses.dataclass(frozen=True)
class Named:
    """What a channel names in a place, since when, and what is written down of that move."""

    channel: str
    place: Place
    image_id: str
    since: datetime.datetime
    version: str | None = None
    former: str | None = None
    how: str | None = None
    by: str | None = None


@dataclasses.dataclass
class Facts:
    """Of one image. C(contents) is by version, C(pruning) None where it could not be decided."""

    wanted: Wanted
    places: tuple[Place, ...] = ()
    amis: tuple[Ami, ...] = ()
    channels: tuple[Named, ...] = ()
    contents: dict[str, Kept] = dataclasses.field(default_factory=dict)
    pruning: tuple[Told, ...] | None = None
    behind: str | None = None
    not_read: list[NotRead] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class World:
    """Of all images. C(others) are AMIs that ours are made from, by id; C(references) are by Region and AMI."""

    images: tuple[Facts, ...]
    launch: dict[tuple[Place, str], Permissions] = dataclasses.field(default_factory=dict)
    references: dict[tuple[str, str], tuple[Reference, ...]] = dataclasses.field(default_factory=dict)
    others: dict[str, Ami] = dataclasses.field(default_factory=dict)
    not_read: list[NotRead] = dataclasses.field(default_factory=list)
