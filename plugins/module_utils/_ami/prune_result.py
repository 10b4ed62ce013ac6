# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What C(ami_prune) says: a line for each AMI with its reason, the same in result, diff and table."""

from __future__ import annotations

import collections
import collections.abc as c
import dataclasses
import datetime
import typing as t

from .images import Ami
from .prune_apply import Outcome
from .references import Unread
from .retention import DELETE, DEPRECATE, DISABLE, KEEP, Line, Plan
from .retention_world import Policy, World, deprecated_since, disabled_since
from .table import lines

Result = dict[str, t.Any]
_AFTER = {DEPRECATE: "deprecated", DISABLE: "disabled", DELETE: "deleted"}


@dataclasses.dataclass(frozen=True)
class Told:
    """A line as it came out."""

    ami: Ami
    action: str
    reason: str
    error: str | None
    before: str
    after: str


def tell(plan: Plan, outcomes: c.Mapping[str, Outcome], now: datetime.datetime) -> list[Told]:
    return sorted((_told(line, outcomes.get(line.ami.image_id), now) for line in plan.lines), key=_order)


def _order(told: Told) -> tuple[t.Any, ...]:
    """By place and image, the newest first."""
    return told.ami.place, told.ami.image or "", -told.ami.created.timestamp(), told.ami.image_id


def _told(line: Line, outcome: Outcome | None, now: datetime.datetime) -> Told:
    before = _state(line.ami, now)
    if outcome is None:
        return Told(line.ami, line.action, line.reason, None, before, before)
    action = outcome.done[-1] if outcome.done else KEEP
    reason = line.reason if action == line.action and not outcome.held else f"{line.reason}; {_stopped(outcome)}"
    return Told(line.ami, action, reason, outcome.error, before, _AFTER.get(action, before))


def _stopped(outcome: Outcome) -> str:
    return outcome.held or f"failed: {outcome.error}"


def _state(ami: Ami, now: datetime.datetime) -> str:
    if ami.state == "available" and deprecated_since(ami, now):
        return "deprecated"
    if ami.state == "disabled" and disabled_since(ami) is None:
        return "disabled, not noted"
    return ami.state


def _what(ami: Ami) -> str:
    return f"{ami.image} {ami.version or ''}".rstrip() if ami.image else ami.name


def _tables(told: c.Sequence[Told]) -> tuple[list[str], list[str], list[str]]:
    """A line for each AMI, the reason last: with its state before, with that after, with what is done.

    Lines of AMIs that stay are the same whichever state is shown.
    """
    width = max((len(word) for one in told for word in (one.before, one.after, one.action)), default=0)
    names = lines([(one.ami.place, one.ami.image_id, _what(one.ami)) for one in told])
    wide = max(map(len, names), default=0)

    def table(states: c.Iterable[str]) -> list[str]:
        return [
            f"{name:{wide}}  {state:{width}}  {one.reason}"
            for name, state, one in zip(names, states, told, strict=True)
        ]

    return table(one.before for one in told), table(one.after for one in told), table(one.action for one in told)


def make_result(
    told: c.Sequence[Told],
    outcomes: c.Mapping[str, Outcome],
    world: World,
    policy: Policy,
    orphans: list[Result] | None,
) -> Result:
    before, after, done = _tables(told)
    result: Result = {
        "changed": any(one.before != one.after for one in told),
        "images": [_image(one, world.now) for one in told],
        "counts": {action: 0 for action in (KEEP, *_AFTER)} | collections.Counter(one.action for one in told),
        "table": done,
        "failed_images": [_failure(one) for one in told if one.error],
        "deleted_snapshots": [one for outcome in outcomes.values() for one in outcome.deleted_snapshots],
        "left_snapshots": [one for outcome in outcomes.values() for one in outcome.left_snapshots],
        "unread": [_unread(one, policy) for one in world.unread],
        "diff": {
            "before": "".join(f"{line}\n" for line in before),
            "after": "".join(f"{line}\n" for line in after),
        },
    }
    if orphans is not None:
        result["orphaned_snapshots"] = orphans
    return result


def _image(told: Told, now: datetime.datetime) -> Result:
    ami = told.ami
    return {
        "account": ami.place.account,
        "region": ami.place.region,
        "image_id": ami.image_id,
        "name": ami.name,
        "image": ami.image,
        "version": ami.version,
        "created": ami.created.isoformat(timespec="seconds"),
        "state": told.before,
        "action": told.action,
        "reason": told.reason,
    }


def _failure(told: Told) -> Result:
    place = told.ami.place
    return {
        "account": place.account,
        "region": place.region,
        "image_id": told.ami.image_id,
        "action": told.action,
        "error": told.error,
    }


def _unread(unread: Unread, policy: Policy) -> Result:
    return {**dataclasses.asdict(unread), "accepted": unread.source in policy.accept_unread}


def failure_message(told: c.Sequence[Told]) -> str | None:
    """A sentence when something failed: what, what was done, and how to go on."""
    failed = [one for one in told if one.error]
    if not failed:
        return None
    done = sum(one.before != one.after for one in told)
    said = "; ".join(f"{one.ami.image_id} in {one.ami.place}: {one.error}" for one in failed)
    return (
        f"{len(failed)} of the AMIs could not be taken as far as planned, {done} went a stage further and stay so. {said}."
        " Remove the cause, an AWS permission that lacks for example, and run the task again: it goes on with what is left."
    )
