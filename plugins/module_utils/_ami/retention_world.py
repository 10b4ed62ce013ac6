# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What a retention decides on: AMIs with what may protect them, and the policy. Values only."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import datetime

from .accounts import Place
from .images import Ami, moment
from .references import Reference, Unread
from .versions import REVOKED_TAG

LOCK_TAG = "golden:keep"
DEPRECATED_TAG = "golden:deprecated-at"
DISABLED_TAG = "golden:disabled-at"
_COMPLETE_TAG = "golden:complete"
# EC2 takes no deprecation of this very moment, and rounds to the minute: a retired AMI is deprecated in a few minutes.
SOON = datetime.timedelta(minutes=5)
DAY = datetime.timedelta(days=1)


@dataclasses.dataclass(frozen=True)
class Named:
    """An AMI that a channel named, and since when."""

    image_id: str
    since: datetime.datetime


@dataclasses.dataclass(frozen=True)
class Channel:
    """A channel of an image in one place: what it names, then what it named before, each AMI once."""

    place: Place
    image: str
    name: str
    values: tuple[Named, ...]


# Who refers to AMIs, by id, and which sources could not be read.
Told = tuple[c.Mapping[str, tuple[Reference, ...]], c.Sequence[Unread]]


@dataclasses.dataclass(frozen=True)
class World:
    """All that is known. C(references) has those of the AMIs that were asked about, by id."""

    amis: tuple[Ami, ...]
    now: datetime.datetime
    channels: tuple[Channel, ...] = ()
    references: c.Mapping[str, tuple[Reference, ...]] = dataclasses.field(default_factory=dict)
    unread: tuple[Unread, ...] = ()

    def with_references(self, *told: Told) -> World:
        """With these besides those that are known."""
        references = dict(self.references)
        for found, _unread in told:
            for image_id, some in found.items():
                references[image_id] = (*references.get(image_id, ()), *some)
        doubts = (one for _found, unread in told for one in unread)
        return dataclasses.replace(self, references=references, unread=self._unread(doubts))

    def with_channels(self, channels: c.Iterable[Channel], unread: c.Iterable[Unread]) -> World:
        return dataclasses.replace(self, channels=tuple(channels), unread=self._unread(unread))

    def with_launches(self, times: c.Mapping[str, datetime.datetime | None], unread: c.Iterable[Unread]) -> World:
        amis = (
            dataclasses.replace(ami, last_launched=times[ami.image_id]) if ami.image_id in times else ami
            for ami in self.amis
        )
        return dataclasses.replace(self, amis=tuple(amis), unread=self._unread(unread))

    def _unread(self, more: c.Iterable[Unread]) -> tuple[Unread, ...]:
        return tuple(dict.fromkeys((*self.unread, *more)))


@dataclasses.dataclass(frozen=True)
class Rule:
    """The newest so many stay; what is younger than C(max_age) stays as well."""

    keep: int
    max_age: datetime.timedelta | None = None


@dataclasses.dataclass(frozen=True)
class Policy:
    """What stays, by which stages the rest goes, and how many AMIs a run takes at most."""

    rule: Rule = Rule(3)
    per_image: c.Mapping[str, Rule] = dataclasses.field(default_factory=dict)
    channel: Rule = Rule(1)
    per_channel: c.Mapping[str, Rule] = dataclasses.field(default_factory=dict)
    launched_within: datetime.timedelta = 30 * DAY
    disable_after: datetime.timedelta = 14 * DAY
    delete_after: datetime.timedelta = 14 * DAY
    max_count: int | None = None
    max_percent: int | None = None
    copies: bool = False
    launch_template_versions: bool = False
    accept_unread: frozenset[str] = frozenset()

    def rule_of(self, ami: Ami) -> Rule:
        return self.per_image.get(ami.image or "", self.rule)

    def rule_of_channel(self, name: str) -> Rule:
        return self.per_channel.get(name, self.channel)


def is_complete(ami: Ami) -> bool:
    """Whether its build came to its end. Of an AMI that no build of ours made nothing says otherwise."""
    return ami.tags.get(_COMPLETE_TAG, "yes") != "no"


def is_revoked(ami: Ami) -> bool:
    """Whether somebody took its version out of use. It is disabled then, or is about to be."""
    return REVOKED_TAG in ami.tags


def is_usable(ami: Ami) -> bool:
    """Whether somebody could and may launch it: only such an AMI counts as one of those that are kept."""
    return is_complete(ami) and not is_revoked(ami) and ami.state == "available"


def _noted(ami: Ami, tag: str) -> datetime.datetime | None:
    """The time in a tag; None when it has none, or one that nobody of ours wrote."""
    try:
        found = moment(ami.tags.get(tag))
    except ValueError:
        return None
    return found if found and found.tzinfo else None


def deprecated_since(ami: Ami, now: datetime.datetime) -> datetime.datetime | None:
    """Since when it is deprecated; the later one where tag and EC2 differ. None when it is not."""
    if ami.deprecated_at is None or ami.deprecated_at > now + SOON:
        return None
    noted = _noted(ami, DEPRECATED_TAG)
    return max(ami.deprecated_at, noted) if noted else ami.deprecated_at


def disabled_since(ami: Ami) -> datetime.datetime | None:
    """Since when it is known to be disabled. EC2 does not tell, so it is in a tag."""
    return _noted(ami, DISABLED_TAG) if ami.state == "disabled" else None


def name_of(ami: Ami) -> str:
    """What it is an AMI of, for sentences."""
    return ami.image or "those without the tag golden:image"
