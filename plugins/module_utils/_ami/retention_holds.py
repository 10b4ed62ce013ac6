# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Why an AMI stays: sentences by AMI, from what is known of it. No calls."""

from __future__ import annotations

import collections
import collections.abc as c
import datetime

from .images import Ami
from .references import Reference, Unread
from .referring import is_record
from .retention_world import (
    DAY,
    LOCK_TAG,
    Channel,
    Policy,
    Rule,
    World,
    is_complete,
    is_revoked,
    is_usable,
    name_of,
)

Holds = dict[str, list[str]]
# Versions that nobody launches by: by default they hold an AMI, and with launch_template_versions they go before it.
STALE_TEMPLATE = "launch-template-version"


def unit_of(ami: Ami, policy: Policy) -> tuple[str, ...]:
    """What stands and falls together: an AMI, or with copies all AMIs of its version."""
    if policy.copies and ami.image and ami.version:
        return (ami.image, ami.version, ami.architecture)
    return (ami.image_id,)


def _group_of(ami: Ami, policy: Policy) -> tuple[object, ...]:
    """Among which an AMI is one of the newest."""
    return (ami.image, ami.architecture, None if policy.copies else ami.place)


def held_by_retention(world: World, policy: Policy) -> Holds:
    """By count and by age."""
    groups: dict[tuple[object, ...], dict[tuple[str, ...], list[Ami]]] = collections.defaultdict(
        lambda: collections.defaultdict(list)
    )
    for ami in world.amis:
        groups[_group_of(ami, policy)][unit_of(ami, policy)].append(ami)
    holds: Holds = collections.defaultdict(list)
    for units in groups.values():
        newer = 0
        for unit in sorted(units.values(), key=_made, reverse=True):
            for ami in unit:
                holds[ami.image_id] += _by_rule(ami, policy.rule_of(ami), newer, world.now)
            # One that nobody can launch is no reason to let another go.
            newer += any(is_usable(ami) for ami in unit)
    return holds


def _made(unit: list[Ami]) -> tuple[datetime.datetime, str]:
    first = min(unit, key=lambda ami: (ami.created, ami.image_id))
    return first.created, first.image_id


def _by_rule(ami: Ami, rule: Rule, newer: int, now: datetime.datetime) -> c.Iterator[str]:
    if not is_complete(ami):
        if now - ami.created < DAY:
            yield "its build is not complete and may still run"
        return
    # However new a revoked one is, it is none that anybody goes back to.
    if newer < rule.keep and not is_revoked(ami):
        yield f"one of the newest {rule.keep} of {name_of(ami)}"
    if rule.max_age is not None and now - ami.created < rule.max_age:
        yield f"made on {ami.created:%Y-%m-%d}, younger than {rule.max_age.days} days"


def held_by_itself(world: World, policy: Policy) -> Holds:
    """By what an AMI says of itself: state, protection, lock, last launch."""
    return {ami.image_id: list(_of_itself(ami, world.now, policy)) for ami in world.amis}


def _of_itself(ami: Ami, now: datetime.datetime, policy: Policy) -> c.Iterator[str]:
    if ami.state not in ("available", "disabled"):
        yield f"it is {ami.state}: no stage is for such an AMI"
    if ami.protected:
        yield "deregistration protection is on"
    if LOCK_TAG in ami.tags:
        value = ami.tags[LOCK_TAG]
        yield f"locked by the tag {LOCK_TAG}{f' ({value})' if value else ''}"
    # With 0 it is no reason at all, also where EC2's clock is ahead of ours.
    if policy.launched_within and ami.last_launched and now - ami.last_launched < policy.launched_within:
        yield f"last launched on {ami.last_launched:%Y-%m-%d}, within {policy.launched_within.days} days"


def held_by_channels(world: World, policy: Policy) -> Holds:
    """By a channel that names it, or named it: the last good ones, and those that left it a short while ago."""
    holds: Holds = collections.defaultdict(list)
    usable = {ami.image_id for ami in world.amis if is_usable(ami)}
    revoked = {ami.image_id for ami in world.amis if is_revoked(ami)}
    for channel in world.channels:
        for image_id, reason in _by_channel(channel, policy.rule_of_channel(channel.name), usable, revoked, world.now):
            holds[image_id].append(reason)
    return holds


def _by_channel(
    channel: Channel, rule: Rule, usable: c.Collection[str], revoked: c.Collection[str], now: datetime.datetime
) -> c.Iterator[tuple[str, str]]:
    name = f"{channel.name} of {channel.image}"
    newer = 0
    left: datetime.datetime | None = None
    for named in channel.values:
        if left is None:
            yield named.image_id, f"channel {name} names it"
        else:
            if newer < rule.keep and named.image_id not in revoked:
                yield named.image_id, f"one of the last good {rule.keep} of channel {name}"
            if rule.max_age is not None and now - left < rule.max_age:
                yield named.image_id, f"in channel {name} until {left:%Y-%m-%d}, within {rule.max_age.days} days"
            newer += named.image_id in usable
        left = named.since


def held_by_others(world: World, policy: Policy) -> Holds:
    """By what refers to it, and by each source that could not be read and might have."""
    return {
        ami.image_id: [
            *(_said(one) for one in holding(world.references.get(ami.image_id, ()), policy)),
            *(_doubt(one) for one in world.unread if might_protect(one, ami, policy)),
        ]
        for ami in world.amis
    }


# A reference of this kind stands for all that another account, an organization or everybody may use it for.
SHARED = "shared-with"
# And this one for what one of EC2's usage reports tells of another account.
REPORTED = "account"


def holding(references: c.Iterable[Reference], policy: Policy) -> list[Reference]:
    """Those that keep an AMI: stale versions of launch templates do unless they are to go with it, its own record never."""
    return [
        one
        for one in references
        if not (policy.launch_template_versions and one.kind == STALE_TEMPLATE)
        and not (one.kind == "ssm-parameter" and is_record(one.id))
    ]


def might_protect(unread: Unread, ami: Ami, policy: Policy) -> bool:
    """AMIs are of a Region, but other accounts use them: so what was not read may be about any of its Region."""
    return unread.source not in policy.accept_unread and unread.region in ("", ami.place.region)


def _said(one: Reference) -> str:
    if one.kind == SHARED:
        return f"it is shared with {one.id}, and what is launched from it there is not looked at"
    detail = f" ({one.detail})" if one.detail else ""
    of = "" if one.kind == REPORTED else f" of {one.account}"
    return f"{one.kind} {one.id}{detail}{of} uses it"


def _doubt(unread: Unread) -> str:
    return f"{unread.source} of {unread.account} in {unread.region} could not be read ({unread.reason}), and may use it"


def merged(*all_holds: Holds) -> Holds:
    found: Holds = collections.defaultdict(list)
    for holds in all_holds:
        for image_id, reasons in holds.items():
            found[image_id] += reasons
    return found


def with_copies(holds: Holds, amis: c.Iterable[Ami], policy: Policy) -> Holds:
    """With C(copies) what keeps one AMI of a version keeps all."""
    if not policy.copies:
        return holds
    units: dict[tuple[str, ...], list[Ami]] = collections.defaultdict(list)
    for ami in amis:
        units[unit_of(ami, policy)].append(ami)
    found: Holds = {}
    for unit in units.values():
        holder = next((ami for ami in unit if holds.get(ami.image_id)), None)
        for ami in unit:
            own = holds.get(ami.image_id, [])
            found[ami.image_id] = own or ([_by_copy(holder, holds)] if holder else [])
    return found


def _by_copy(holder: Ami, holds: Holds) -> str:
    return f"its copy {holder.image_id} in {holder.place} stays: {holds[holder.image_id][0]}"
