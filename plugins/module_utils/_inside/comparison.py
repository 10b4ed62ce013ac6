# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What differs between two versions of an image. Nothing here calls anything."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from . import contents
from .contents import Contents, Port

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
# In this order they are told; kernel and os have one entry each, which can only change.
PARTS = (contents.PACKAGES, contents.SERVICES, contents.PORTS, contents.USERS, contents.OS, contents.KERNEL)
# What differs from boot to boot is told, and is no difference.
MEASURES = (contents.BOOT, contents.DISK)


@dataclasses.dataclass(frozen=True)
class Change:
    """One thing that differs. C(before) or C(after) is None where it is not there."""

    part: str
    action: str
    name: str
    before: str | None
    after: str | None

    def line(self) -> dict[str, str | None]:
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class Measure:
    """A figure of both versions; None where it is not known."""

    name: str
    before: float | None
    after: float | None


@dataclasses.dataclass(frozen=True)
class Unknown:
    """A part that could not be compared, for it is not known of one version."""

    part: str
    version: str
    reason: str

    def line(self) -> dict[str, str]:
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class Difference:
    changes: tuple[Change, ...]
    measures: tuple[Measure, ...]
    unknown: tuple[Unknown, ...]

    def of(self, part: str) -> list[Change]:
        return [change for change in self.changes if change.part == part]


def compare(before: Contents, after: Contents, versions: tuple[str, str]) -> Difference:
    """What became of each thing. C(versions) are their names, for what is not known."""
    unknown = tuple(
        Unknown(part, version, one.unread[part])
        for part in (*PARTS, *MEASURES)
        for version, one in zip(versions, (before, after), strict=True)
        if part in one.unread
    )
    missing = {one.part for one in unknown}
    changes = (
        change
        for part in PARTS
        if part not in missing
        for change in _changes(part, _texts(part, before), _texts(part, after))
    )
    measures = tuple(Measure(name, getattr(before, name), getattr(after, name)) for name in MEASURES)
    return Difference(tuple(changes), measures, unknown)


def _changes(part: str, before: c.Mapping[str, str], after: c.Mapping[str, str]) -> t.Iterator[Change]:
    for action in (ADDED, REMOVED, CHANGED):
        for name in sorted({*before, *after}):
            old, new = before.get(name), after.get(name)
            if old != new and action == (ADDED if old is None else REMOVED if new is None else CHANGED):
                yield Change(part, action, name, old, new)


def _texts(part: str, of: Contents) -> dict[str, str]:
    """A part as names and texts."""
    if part == contents.PORTS:
        return _ports(of.ports)
    if part == contents.USERS:
        return {name: f"uid {user.uid}, {user.shell or 'no shell'}" for name, user in of.users.items()}
    if part == contents.OS:
        return {name: value for name, value in of.os.items() if value}
    if part == contents.KERNEL:
        return {"kernel": of.kernel} if of.kernel else {}
    texts: c.Mapping[str, str] = getattr(of, part)
    return dict(texts)


def _ports(ports: c.Iterable[Port]) -> dict[str, str]:
    """By protocol, number and address; several may listen at one."""
    found: dict[str, set[str]] = {}
    for port in ports:
        number = "ephemeral" if port.port is None else str(port.port)
        found.setdefault(f"{port.protocol}/{number} {_ADDRESSES[port.address]}", set()).add(port.process)
    return {name: ", ".join(sorted(filter(None, some))) or "-" for name, some in found.items()}


_ADDRESSES = {contents.ANY: "everywhere", contents.LOOPBACK: "loopback", contents.ONE: "one address"}
