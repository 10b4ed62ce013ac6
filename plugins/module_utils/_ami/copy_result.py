# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What ami_copy tells: of a plan, and of what became of it."""

from __future__ import annotations

import collections.abc as c
import typing as t

from . import table
from .copy_plan import Plan, Share, Step, Wish, own_tags
from .copying import Done

Result = dict[str, t.Any]


class CopyError(Exception):
    """Not all could be copied. C(result) is what was reached."""

    def __init__(self, message: str, **result: t.Any) -> None:
        super().__init__(message)
        self.result = result


def result_of(plan: Plan, done: c.Sequence[Done] | None, shares: c.Iterable[Share]) -> Result:
    """In check mode, and where there is nothing to do, the plan says all; C(done) is None then."""
    results = done if done is not None else [_planned(step) for step in plan.steps]
    changed = plan.changed if done is None else bool(list(shares)) or any(one.changed for one in done)
    return {
        "changed": changed,
        "copies": [_copy(one) for one in results],
        "table": table.lines([_row(one) for one in results]),
        "shared": [_share(one) for one in shares],
        "diff": {"before": _before(plan), "after": _after(plan, results, shares)},
    }


def _planned(step: Step) -> Done:
    found = step.found
    snapshots = [disk.snapshot_id for disk in found.ami.snapshots] if found else []
    state = found.ami.state if found else "absent"
    return Done(step, found.id if found else None, state, snapshot_ids=snapshots)


def _copy(done: Done) -> Result:
    wish = done.step.wish
    return {
        "account": wish.place.account,
        "region": wish.place.region,
        "image_id": done.image_id,
        "source_image_id": wish.source.id,
        "source_region": wish.source.ami.place.region,
        "name": _name(done.step),
        "state": done.state,
        "action": done.step.action,
        "reason": done.step.reason,
        "snapshot_ids": done.snapshot_ids,
        "seconds": None if done.seconds is None else round(done.seconds, 1),
        "message": done.message,
        "rolled_back": done.rolled_back,
    }


def _row(done: Done) -> tuple[object, ...]:
    told = f"{done.message} (removed)" if done.rolled_back else done.message or done.step.reason
    wish = done.step.wish
    return wish.place, done.image_id, f"copy of {wish.source.id}", done.state, told


def _name(step: Step) -> str:
    return step.found.ami.name if step.found else step.wish.name


def _share(share: Share) -> Result:
    return {"image_id": share.image_id, "snapshot_id": share.snapshot_id, "accounts": list(share.accounts)}


def _line(wish: Wish, image_id: str | None, **more: t.Any) -> Result:
    return {
        "account": wish.place.account,
        "region": wish.place.region,
        "image_id": image_id,
        "source_image_id": wish.source.id,
        **more,
    }


def _before(plan: Plan) -> Result:
    return {"copies": [_before_step(step) for step in plan.steps], "shared": []}


def _before_step(step: Step) -> Result:
    found = step.found
    if found is not None:
        more = {"description": found.ami.description, "tags": own_tags(found.ami.tags), "disk_tags": found.disk_tags}
        return _line(step.wish, found.id, name=found.ami.name, **more)
    broken = ", ".join(one.id for one in step.broken) or None
    return _line(step.wish, broken, name=None, description=None, tags={}, disk_tags={})


def _after(plan: Plan, results: c.Sequence[Done], shares: c.Iterable[Share]) -> Result:
    return {"copies": [_after_step(one) for one in results], "shared": [_share(one) for one in shares]}


def _after_step(done: Done) -> Result:
    step, wish = done.step, done.step.wish
    if not step.changes or (done.failed and step.found is not None):
        return _before_step(step)
    if done.failed and (done.rolled_back or not done.made):
        return _line(wish, None, name=None, description=None, tags={}, disk_tags={})
    if step.found is None:
        more = {"description": wish.description, "tags": wish.tags, "disk_tags": wish.disk_tags}
        return _line(wish, done.image_id, name=wish.name, **more)
    found = step.found
    kept = wish.options.description
    disks = {
        device: {**wish.disk_tags.get(device, {}), **tags, **wish.own_on_disks}
        for device, tags in found.disk_tags.items()
    }
    return _line(
        wish,
        found.id,
        name=found.ami.name,
        description=found.ami.description if kept is None else kept,
        tags={**wish.tags, **own_tags(found.ami.tags), **wish.own},
        disk_tags=disks,
    )


def failure(done: c.Sequence[Done], timeout: int) -> str | None:
    """What was not reached, what was, and how to go on; None when all is there."""
    failed = [one for one in done if one.failed]
    if not failed:
        return None
    late = any(one.late for one in failed)
    reached = [one for one in done if not one.failed]
    told = [f"{one.step.wish.source.id} in {one.step.wish.place}: {_why(one)}" for one in failed]
    text = f"{len(failed)} of {len(done)} copies are not there{f' after {timeout} seconds' if late else ''}. "
    text += "; ".join(told) + ". "
    text += (
        f"These are: {', '.join(f'{one.image_id} in {one.step.wish.place}' for one in reached)}. " if reached else ""
    )
    return text + "Running the task again goes on where this one ended, and copies nothing twice."


def _why(done: Done) -> str:
    text = str(done.message).rstrip(".")
    if done.rolled_back:
        text += f" ({done.image_id} and its snapshots were removed)"
    elif done.state in ("failed", "error", "invalid"):
        text += f" ({done.image_id} is kept; running again replaces it)"
    if done.state == "failed" and done.step.wish.source.encrypted:
        text += f". The key of {done.step.wish.source.id} has to let {done.step.wish.place.account} use it:"
        text += " kms:DescribeKey, kms:Decrypt and kms:CreateGrant"
    return text
