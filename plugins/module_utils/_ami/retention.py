# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Which AMIs go a stage further, and why each one stays or goes. Pure: a world and a policy give a plan.

It fails closed: a source that could not be read keeps each AMI that it might have protected.
"""

from __future__ import annotations

import collections.abc as c
import dataclasses
import datetime

from .images import Ami
from .retention_holds import (
    Holds,
    held_by_channels,
    held_by_itself,
    held_by_others,
    held_by_retention,
    merged,
    with_copies,
)
from .retention_world import Policy, World, deprecated_since, disabled_since, is_complete, is_revoked, name_of

KEEP, DEPRECATE, DISABLE, DELETE = "keep", "deprecate", "disable", "delete"
_STAGES = (DEPRECATE, DISABLE, DELETE)
# More reasons than these make no line that one reads.
_TOLD = 3


@dataclasses.dataclass(frozen=True)
class Line:
    """What becomes of an AMI. C(steps) are the stages that it goes through now, of which C(action) is the last."""

    ami: Ami
    action: str
    reason: str
    steps: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Plan:
    lines: tuple[Line, ...]

    @property
    def taken(self) -> list[Line]:
        return [line for line in self.lines if line.action != KEEP]

    def having(self, step: str) -> list[Line]:
        return [line for line in self.lines if step in line.steps]


def _settled(world: World, policy: Policy) -> Holds:
    """What keeps an AMI whoever refers to it."""
    return merged(held_by_channels(world, policy), held_by_itself(world, policy), held_by_retention(world, policy))


def candidates(world: World, policy: Policy) -> list[Ami]:
    """Those that go unless somebody refers to them: of the others nobody needs to ask."""
    holds = with_copies(_settled(world, policy), world.amis, policy)
    return [ami for ami in world.amis if not holds.get(ami.image_id)]


def standing(world: World, policy: Policy, going: c.Collection[str], state: str, before: Holds) -> Holds:
    """What keeps AMIs that were to be disabled or deleted, at a second look just before.

    C(going) are those, and C(state) is the one that they were in. The world has their copies as well, and C(before) has
    what kept some of these at an earlier look.
    """
    holds = merged(_settled(world, policy), held_by_others(world, policy), before)
    for ami in world.amis:
        if ami.image_id in going and ami.state != state:
            holds[ami.image_id].append(f"it is {ami.state} by now")
    found = with_copies(holds, world.amis, policy)
    return {image_id: found[image_id] for image_id in going if found.get(image_id)}


def make_plan(world: World, policy: Policy) -> Plan:
    """A line for each AMI, in the order of the world."""
    holds = merged(_settled(world, policy), held_by_others(world, policy))
    holds = with_copies(holds, world.amis, policy)
    lines = [_line(ami, holds.get(ami.image_id, []), world.now, policy) for ami in world.amis]
    return Plan(tuple(_capped(lines, policy)))


def _line(ami: Ami, reasons: list[str], now: datetime.datetime, policy: Policy) -> Line:
    if reasons:
        return Line(ami, KEEP, told(reasons))
    steps, stage = _next(ami, now, policy)
    reason = f"{_past(ami, policy)}; {stage}"
    return Line(ami, steps[-1] if steps else KEEP, reason, steps)


def told(reasons: c.Sequence[str]) -> str:
    """Reasons as one; of many the first few."""
    shown = "; ".join(reasons[:_TOLD])
    return f"{shown}; and {len(reasons) - _TOLD} more" if len(reasons) > _TOLD else shown


def _past(ami: Ami, policy: Policy) -> str:
    """Why it may go at all."""
    if not is_complete(ami):
        return "its build never completed"
    rule = policy.rule_of(ami)
    older = f", older than {rule.max_age.days} days" if rule.max_age is not None else ""
    where = "it is revoked" if is_revoked(ami) else f"beyond the newest {rule.keep} of {name_of(ami)}"
    return f"{where}{older}"


def _next(ami: Ami, now: datetime.datetime, policy: Policy) -> tuple[tuple[str, ...], str]:
    """The stages that it goes through now, and a word on where it is. None is skipped; with no days between two they
    are gone through at once."""
    if ami.state == "disabled":
        return _of_disabled(ami, now, policy)
    since = deprecated_since(ami, now)
    if since is None:
        return _from(DEPRECATE, policy), "not deprecated yet"
    until = since + policy.disable_after
    if now < until and policy.disable_after:
        return (), f"deprecated since {since:%Y-%m-%d}, is disabled from {until:%Y-%m-%d} on"
    return _from(DISABLE, policy), f"deprecated since {since:%Y-%m-%d}"


def _of_disabled(ami: Ami, now: datetime.datetime, policy: Policy) -> tuple[tuple[str, ...], str]:
    since = disabled_since(ami)
    if since is None:
        return _from(DISABLE, policy), "disabled, and nobody noted since when: it counts from now on"
    until = since + policy.delete_after
    if now < until:
        return (), f"disabled since {since:%Y-%m-%d}, is deleted from {until:%Y-%m-%d} on"
    return (DELETE,), f"disabled since {since:%Y-%m-%d}"


def _from(stage: str, policy: Policy) -> tuple[str, ...]:
    """A stage, and those after it that no days are between."""
    last = stage
    if last == DEPRECATE and not policy.disable_after:
        last = DISABLE
    if last == DISABLE and not policy.delete_after:
        last = DELETE
    return _STAGES[_STAGES.index(stage) : _STAGES.index(last) + 1]


def _cap(count: int, policy: Policy) -> tuple[int, str]:
    """How many AMIs may be taken, and by which option."""
    caps = [(count, "")]
    if policy.max_count is not None:
        caps.append((policy.max_count, f"max_count: {policy.max_count}"))
    if policy.max_percent is not None:
        caps.append((count * policy.max_percent // 100, f"max_percent: {policy.max_percent} of {count}"))
    return min(caps)


def _capped(lines: list[Line], policy: Policy) -> list[Line]:
    """Those that are furthest go first, then the oldest; the rest waits for another run."""
    cap, option = _cap(len(lines), policy)
    taken = sorted((line for line in lines if line.action != KEEP), key=_urgency)
    over = {line.ami.image_id for line in taken[cap:]}
    return [
        Line(line.ami, KEEP, f"{line.reason}; waits, for this run takes {cap} ({option})")
        if line.ami.image_id in over
        else line
        for line in lines
    ]


def _urgency(line: Line) -> tuple[int, datetime.datetime, str]:
    return -_STAGES.index(line.action), line.ami.created, line.ami.image_id
