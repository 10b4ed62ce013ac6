# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Channels of an image: their names, what their history tells, and where a rollback leads. Nothing here calls anything."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import datetime
import re

from .accounts import Place
from .base import channel_parameter
from .calls import AmiError, Resource

# Below /golden/<image> these are no channels.
RESERVED = ("contents", "locks", "revoked", "versions")
_IMAGE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_CHANNEL = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")

PROMOTED = "promoted"
ROLLED_BACK = "rolled back"
REVOKED = "moved off a revoked version"
RESTORED = "moved back to a restored version"
UNDONE = "undone"
# These take back what was promoted; a promotion adds to it.
_BACK = {ROLLED_BACK, REVOKED, UNDONE}
_DESCRIPTION = re.compile(
    rf"(?P<kind>{PROMOTED}|{ROLLED_BACK}|{REVOKED}|{RESTORED}|{UNDONE}): (?P<to>\S+) after (?P<former>\S+) by (?P<by>\S+)"
)
_NOTHING = "nothing"
_LONGEST = 1024


def check_image(image: str) -> None:
    """Refuse what is no image's name, before anything is called."""
    if not _IMAGE.fullmatch(image):
        raise AmiError(
            f"image: {image!r} is no image's name: lower-case letters, digits and hyphens, at most 63, a letter or a digit"
            " first."
        )


def check_channel(channel: str, option: str = "channel") -> None:
    """Refuse what is no channel's name, before anything is called."""
    if channel in RESERVED:
        raise AmiError(
            f"{option}: {channel} can be no channel: below it /golden/IMAGE/{channel} keeps other things. Choose another"
            " name, such as dev, test or prod."
        )
    if not _CHANNEL.fullmatch(channel):
        raise AmiError(
            f"{option}: {channel!r} is no channel's name: lower-case letters, digits, '.', '_' and '-', at most 63, a letter"
            " or a digit first, such as dev, test or prod."
        )


def channels_of(image: str, parameters: c.Iterable[str]) -> list[str]:
    """The channels among the names of parameters below /golden/<image>."""
    start = channel_parameter(image, "")
    names = sorted(name.removeprefix(start) for name in parameters if name.startswith(start))
    return [name for name in names if "/" not in name and name not in RESERVED]


@dataclasses.dataclass(frozen=True)
class Entry:
    """One move of a channel, as the history of its parameter has it. C(kind) None: somebody else wrote it."""

    image_id: str
    when: datetime.datetime
    kind: str | None = None
    version: str | None = None
    former: str | None = None
    by: str | None = None


def description_of(kind: str, version: str, former: str | None, by: str) -> str:
    """What is kept with a move: SSM itself knows only which role wrote, not who had assumed it."""
    return f"{kind}: {version} after {former or _NOTHING} by {by}; golden.ami"[:_LONGEST]


def entry_of(told: Resource) -> Entry:
    match = _DESCRIPTION.match(told.get("Description") or "")
    if not match:
        return Entry(told["Value"], told["LastModifiedDate"], by=told.get("LastModifiedUser"))
    former = None if match["former"] == _NOTHING else match["former"]
    return Entry(
        told["Value"], told["LastModifiedDate"], match["kind"], match["to"], former, match["by"].removesuffix(";")
    )


def _is_back(entry: Entry) -> bool:
    return entry.kind in _BACK


def standing(entries: c.Sequence[Entry]) -> list[Entry]:
    """The moves that stand, oldest first: what was rolled back is not among them. The last one is where the channel is."""
    stack: list[Entry] = []
    for entry in entries:
        known = [one.image_id for one in stack]
        if _is_back(entry) and entry.image_id in known:
            del stack[known.index(entry.image_id) + 1 :]
        elif not known or known[-1] != entry.image_id:
            stack.append(entry)
    return stack


def is_rolled_back(entries: c.Sequence[Entry]) -> bool:
    """Whether the last move went back, so that there is nothing to take back any more."""
    return bool(entries) and entries[-1].kind in {ROLLED_BACK, REVOKED}


def former(entries: c.Sequence[Entry]) -> list[Entry]:
    """Where a rollback can lead, the nearest first, each AMI once."""
    stack = standing(entries)
    current = stack[-1].image_id if stack else None
    found: dict[str, Entry] = {}
    for entry in reversed(stack[:-1]):
        if entry.image_id != current:
            found.setdefault(entry.image_id, entry)
    return list(found.values())


@dataclasses.dataclass(frozen=True)
class Stay:
    """A time in a channel. C(ended_by) is the kind of move that ended it; C(until) is None while it lasts."""

    since: datetime.datetime
    until: datetime.datetime | None
    ended_by: str | None

    def days(self, now: datetime.datetime) -> float:
        return ((self.until or now) - self.since).total_seconds() / 86400


def last_stay(entries: c.Sequence[Entry], image_id: str) -> Stay | None:
    """The last time that the channel named the AMI, without a break."""
    since = until = None
    ended_by: str | None = None
    for entry in entries:
        if entry.image_id == image_id:
            if since is None or until is not None:
                since, until, ended_by = entry.when, None, None
        elif since is not None and until is None:
            until, ended_by = entry.when, entry.kind
    return Stay(since, until, ended_by) if since else None


@dataclasses.dataclass(frozen=True)
class Move:
    """What a channel of a place names, and what it is to name. C(before) None: there is no such channel there yet."""

    place: Place
    channel: str
    parameter: str
    before: str | None
    after: str
    former: str | None
    version: str
    reason: str

    @property
    def changes(self) -> bool:
        return self.before != self.after

    @property
    def action(self) -> str:
        if not self.changes:
            return "keep"
        return "move" if self.before else "create"

    def line(self) -> dict[str, str | None]:
        return {
            "account": self.place.account,
            "region": self.place.region,
            "image_id": self.after,
            "channel": self.channel,
            "version": self.version,
            "former_image_id": self.before,
            "former_version": self.former,
            "action": self.action,
            "reason": self.reason,
        }


def diff_of(moves: c.Iterable[Move]) -> dict[str, dict[str, str | None]]:
    """Before and after, by place and parameter."""
    listed = list(moves)
    return {
        "before": {f"{move.place}{move.parameter}": move.before for move in listed},
        "after": {f"{move.place}{move.parameter}": move.after for move in listed},
    }
