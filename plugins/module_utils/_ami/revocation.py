# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What revoking a version takes away, and what restoring it gives back. Nothing here calls anything."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import json
import typing as t

from .images import Ami
from .permissions import Permissions, entries, permissions_of
from .versions import REVOKED_TAG

VERSION = "version"
DESCENDANT = "descendant"
AVAILABLE = "available"


@dataclasses.dataclass(frozen=True)
class Kin:
    """An AMI that a revocation is about: it is of the version itself, or made from it, and how that is known."""

    ami: Ami
    kind: str
    reason: str


def family(amis: c.Sequence[Ami], image: str, version: str) -> list[Kin]:
    """The AMIs of a version, then all that was made from them, and from that, wherever they are."""
    found = {
        ami.image_id: Kin(ami, VERSION, f"it is version {version} of {image}")
        for ami in amis
        if ami.image == image and (ami.version == version)
    }
    fresh = set(found)
    while fresh:
        grown: dict[str, Kin] = {}
        for ami in amis:
            parents = sorted(_parents(ami) & fresh)
            if parents and ami.image_id not in found:
                grown[ami.image_id] = Kin(ami, DESCENDANT, _made_from(ami, parents[0]))
        found.update(grown)
        fresh = set(grown)
    return list(found.values())


def _parents(ami: Ami) -> set[str]:
    told = {name.strip() for name in ami.tags.get("golden:source-ami", "").split(",")}
    return {name for name in {*told, ami.source_image_id or ""} if name.startswith("ami-")}


def _made_from(ami: Ami, parent: str) -> str:
    what = f"version {ami.version} of {ami.image}" if ami.image else "it"
    return f"{what} is made from {parent}"


@dataclasses.dataclass(frozen=True)
class Record:
    """What was taken away from an AMI: enough to give it back. C(channels) says where each parameter was moved to."""

    by: str = ""
    when: str = ""
    reason: str = ""
    state: str = AVAILABLE
    launch: Permissions = frozenset()
    volumes: c.Mapping[str, Permissions] = dataclasses.field(default_factory=dict)
    channels: c.Mapping[str, str] = dataclasses.field(default_factory=dict)

    def text(self) -> str:
        told = dataclasses.asdict(self)
        told["launch"] = entries(self.launch)
        told["volumes"] = {name: entries(given) for name, given in sorted(self.volumes.items())}
        return json.dumps(told, sort_keys=True)

    def adding(self, other: Record) -> Record:
        """With what a later run takes away as well. What the first one wrote stays true."""
        names = {*self.volumes, *other.volumes}
        none: Permissions = frozenset()
        volumes = {name: self.volumes.get(name, none) | other.volumes.get(name, none) for name in names}
        return dataclasses.replace(
            self,
            launch=self.launch | other.launch,
            volumes=volumes,
            channels={**other.channels, **self.channels},
        )


def read_record(text: str) -> Record | None:
    """The record that a parameter holds; None when it holds none."""
    try:
        told = json.loads(text)
        given = {name: told[name] for name in ("by", "when", "reason", "state", "channels")}
        volumes = {name: permissions_of(listed) for name, listed in told["volumes"].items()}
        return Record(launch=permissions_of(told["launch"]), volumes=volumes, **given)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def record_parameter(image: str, image_id: str) -> str:
    """Where it is kept what was taken away from an AMI."""
    return f"/golden/{image}/revoked/{image_id}"


@dataclasses.dataclass(frozen=True)
class Facts:
    """An AMI as it is: who may use it and its snapshots, and what was written down when it was revoked."""

    kin: Kin
    launch: Permissions
    volumes: c.Mapping[str, Permissions]
    record: Record | None

    @property
    def ami(self) -> Ami:
        return self.kin.ami

    @property
    def shared_with(self) -> list[str]:
        """Whom it is shared with, or was, for a person to read."""
        before = self.record.launch if self.record else frozenset()
        return sorted({name for _kind, name in self.launch | before})

    def shown(self) -> dict[str, t.Any]:
        return shown(self.ami.state, self.launch, self.volumes, REVOKED_TAG in self.ami.tags)


def shown(state: str, launch: Permissions, volumes: c.Mapping[str, Permissions], revoked: bool) -> dict[str, t.Any]:
    """One side of a diff."""
    return {
        "state": state,
        "revoked": revoked,
        "launch": entries(launch),
        "volumes": {name: entries(given) for name, given in sorted(volumes.items()) if given},
    }


@dataclasses.dataclass(frozen=True)
class Change:
    """What is to be done to an AMI. C(record) None: the parameter that has it goes."""

    facts: Facts
    state: str
    launch: Permissions
    volumes: c.Mapping[str, Permissions]
    tagged: bool
    record: Record | None

    @property
    def writes_record(self) -> bool:
        return self.record is not None and self.record != self.facts.record

    @property
    def drops_record(self) -> bool:
        return self.record is None and self.facts.record is not None

    @property
    def tags(self) -> bool:
        return self.tagged != (REVOKED_TAG in self.facts.ami.tags)

    @property
    def changes(self) -> bool:
        return self.writes_record or self.drops_record or self.facts.shown() != self.after()

    def after(self) -> dict[str, t.Any]:
        return shown(self.state, self.launch, self.volumes, self.tagged)


def revoke(facts: Facts, channels: c.Mapping[str, str], by: str, when: str, reason: str) -> Change:
    """Disable it and take it away from everybody, once all of that is written down."""
    nobody: Permissions = frozenset()
    volumes = dict.fromkeys(facts.volumes, nobody)
    # One that failed cannot be disabled, and nothing can be launched from it.
    state = "disabled" if facts.ami.state == AVAILABLE else facts.ami.state
    taken = Record(by, when, reason, facts.ami.state, facts.launch, facts.volumes, channels)
    record: Record | None = facts.record.adding(taken) if facts.record else taken
    if facts.record is None and facts.shown() == shown(state, nobody, volumes, True):
        # Somebody removed the record, and nothing is left to take away.
        record = None
    return Change(facts, state, nobody, volumes, True, record)


def restore(facts: Facts) -> Change:
    """Give back what was taken away, and nothing else."""
    record = facts.record
    if record is None and REVOKED_TAG in facts.ami.tags:
        # Somebody removed the record: then the AMI is all that can be given back.
        record = Record()
    if record is None:
        return Change(facts, facts.ami.state, facts.launch, facts.volumes, False, None)
    none: Permissions = frozenset()
    names = {*facts.volumes, *record.volumes}
    known = {disk.snapshot_id for disk in facts.ami.snapshots}
    volumes = {name: facts.volumes.get(name, none) | record.volumes.get(name, none) for name in names & known}
    return Change(facts, record.state, facts.launch | record.launch, volumes, False, None)
