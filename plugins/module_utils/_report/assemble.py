# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The report as data, of what was read. All three files are made of it, so they say the same."""

from __future__ import annotations

import collections
import collections.abc as c
import dataclasses
import datetime
import typing as t

from .._ami.accounts import Place
from .._ami.images import Ami
from .._ami.permissions import described
from .._ami.prune_result import Told
from .._ami.quarantine import TESTED_TAG, first_word
from .._ami.references import Reference
from .._ami.retention import DELETE, DEPRECATE, DISABLE, KEEP
from .._ami.versions import REVOKED_TAG
from .ages import age, moment
from .changes import changes_of
from .facts import ALL_OF_IT, CHANNELS, Facts, Named, World
from .files import KIND
from .graph import lineage, sources_of, version_of

_FORMAT = 1
REFERENCES = "references: "

Result = dict[str, t.Any]


def assemble(world: World, now: datetime.datetime, steps: int) -> Result:
    """C(steps) is of how many versions it is told what changed."""
    unread = [one.line() for one in (*world.not_read, *(one for facts in world.images for one in facts.not_read))]
    return {
        "kind": KIND,
        "format": _FORMAT,
        "generated": moment(now),
        "images": [_image(facts, world, now, steps) for facts in world.images],
        "lineage": lineage(world),
        "not_read": [line for number, line in enumerate(unread) if line not in unread[:number]],
    }


def _image(facts: Facts, world: World, now: datetime.datetime, steps: int) -> Result:
    versions = _versions(facts, world, now)
    return {
        "name": facts.wanted.name,
        "description": facts.wanted.description,
        "parent": facts.wanted.parent,
        "behind": facts.behind,
        "places": [_place(place, facts) for place in facts.places],
        "versions": versions,
        "channels": [_channel(one, facts, now) for one in sorted(facts.channels, key=_by_place)],
        "changes": changes_of(facts, [one["version"] for one in versions], steps),
        "pruning": _pruning(facts),
    }


def _place(place: Place, facts: Facts) -> Result:
    """A place, and whether its channels are known: one that names nothing is something else."""
    unread = {one.what for one in facts.not_read if one.place == place}
    known = not unread & {ALL_OF_IT, CHANNELS.format(facts.wanted.name)}
    return {"account": place.account, "region": place.region, "channels_read": known}


def _by_place(one: Named) -> tuple[t.Any, ...]:
    return one.place, one.channel


def _versions(facts: Facts, world: World, now: datetime.datetime) -> list[Result]:
    """The newest first; a copy is younger than what it is a copy of, so the oldest AMI tells when a version was made."""
    by_version: dict[str, list[Ami]] = {}
    for ami in sorted(facts.amis, key=lambda one: (one.created, one.image_id)):
        by_version.setdefault(version_of(ami), []).append(ami)
    ordered = sorted(by_version.items(), key=lambda one: (one[1][0].created, one[0]), reverse=True)
    return [_version(name, amis, facts, world, now) for name, amis in ordered]


def _version(name: str, amis: c.Sequence[Ami], facts: Facts, world: World, now: datetime.datetime) -> Result:
    ids = {ami.image_id for ami in amis}
    created = amis[0].created
    channels = sorted({one.channel for one in facts.channels if one.image_id in ids})
    revoked = [ami.tags[REVOKED_TAG] for ami in amis if REVOKED_TAG in ami.tags]
    return {
        "version": name,
        "created": moment(created),
        "age": age(created, now),
        "tests": _tests(amis),
        "revoked": revoked[0] if revoked else None,
        "channels": channels,
        "sources": sorted({source for ami in amis for source in sources_of(ami) if source not in ids}),
        "amis": [_ami(ami, facts, world, now) for ami in sorted(amis, key=lambda one: (one.place, one.image_id))],
    }


def _tests(amis: c.Sequence[Ami]) -> Result | None:
    """What the tags say of its tests; a failure anywhere counts. None: nothing is said."""
    told = [ami.tags[TESTED_TAG] for ami in amis if ami.tags.get(TESTED_TAG)]
    words = [first_word(text) for text in told]
    if not words:
        return None
    verdict = "failed" if "failed" in words else words[0]
    return {"verdict": verdict, "told": told[words.index(verdict)]}


def _ami(ami: Ami, facts: Facts, world: World, now: datetime.datetime) -> Result:
    key = (ami.place, ami.image_id)
    launch = world.launch.get(key)
    return {
        "account": ami.place.account,
        "region": ami.place.region,
        "image_id": ami.image_id,
        "name": ami.name,
        "state": _state(ami, now),
        "created": moment(ami.created),
        "age": age(ami.created, now),
        "last_launched": moment(ami.last_launched) if ami.last_launched else None,
        "encrypted": bool(ami.snapshots) and all(disk.encrypted for disk in ami.snapshots),
        "protected": ami.protected,
        "size": sum(disk.size for disk in ami.snapshots),
        "permissions": described(launch) if launch is not None else None,
        "users": [dataclasses.asdict(one) for one in _users(ami, facts, world)],
        "users_not_read": _users_not_read(ami, world),
        "pruning": _pruned(ami, facts),
    }


def _state(ami: Ami, now: datetime.datetime) -> str:
    if ami.state == "available" and ami.deprecated_at is not None and ami.deprecated_at <= now:
        return "deprecated"
    return ami.state


def _users(ami: Ami, facts: Facts, world: World) -> list[Reference]:
    """Who uses it. Its channels are no users, and are told for themselves."""
    own = f"/golden/{facts.wanted.name}/"
    found = world.references.get((ami.place.region, ami.image_id), ())
    return sorted(one for one in found if not (one.kind == "ssm-parameter" and one.id.startswith(own)))


def _users_not_read(ami: Ami, world: World) -> list[str]:
    """The sources of references that could not be read in the AMI's Region, in whichever account."""
    return sorted(
        {
            one.what.removeprefix(REFERENCES)
            for one in world.not_read
            if one.what.startswith(REFERENCES) and one.place.region == ami.place.region
        }
    )


def _pruned(ami: Ami, facts: Facts) -> Result | None:
    told = next(
        (one for one in facts.pruning or () if (one.ami.place, one.ami.image_id) == (ami.place, ami.image_id)), None
    )
    return {"action": told.action, "reason": told.reason} if told else None


def _channel(one: Named, facts: Facts, now: datetime.datetime) -> Result:
    version = next((version_of(ami) for ami in facts.amis if ami.image_id == one.image_id), one.version)
    return {
        "channel": one.channel,
        "account": one.place.account,
        "region": one.place.region,
        "image_id": one.image_id,
        "version": version,
        "since": moment(one.since),
        "age": age(one.since, now),
        "how": one.how,
        "by": one.by,
        "former": one.former,
    }


def _pruning(facts: Facts) -> Result | None:
    """What pruning would do now; None where that could not be decided."""
    if facts.pruning is None:
        return None
    counts = collections.Counter(one.action for one in facts.pruning)
    return {
        "counts": {action: counts[action] for action in (KEEP, DEPRECATE, DISABLE, DELETE)},
        "taken": [_taken(one) for one in facts.pruning if one.action != KEEP],
    }


def _taken(told: Told) -> Result:
    return {
        "account": told.ami.place.account,
        "region": told.ami.place.region,
        "image_id": told.ami.image_id,
        "version": version_of(told.ami),
        "action": told.action,
        "reason": told.reason,
    }
