# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections.abc as c
import dataclasses
import datetime

# AnsibleAWSModule.warn hands warnings on in a way that ansible-core calls deprecated.
from ansible.module_utils.common.warnings import warn

from .._ami import leftovers
from .._ami.calls import AmiError, get_account
from .._ami.cloud import Cloud
from .._ami.lock_parameter import ParameterLock
from .._ami.owner import this_process
from .advice import sweep_removes_it
from .process import end_marked
from .record import RunRecord
from .unfinished import artifacts_to_keep, complete_ones, parameters_of, remove_parameters


@dataclasses.dataclass
class Cleanup:
    """What was found, removed and not removed after a run."""

    remaining: list[dict[str, str]] = dataclasses.field(default_factory=list)
    removed: list[dict[str, str]] = dataclasses.field(default_factory=list)
    problems: list[str] = dataclasses.field(default_factory=list)
    # What was spared.
    kept: list[dict[str, str]] = dataclasses.field(default_factory=list)
    # Those of the remaining that no later run will remove either.
    untouched: list[dict[str, str]] = dataclasses.field(default_factory=list)
    # Whether a Region could not be looked at, and what the run said it made there.
    failed: bool = False
    unseen: list[dict[str, str]] = dataclasses.field(default_factory=list)
    # Runs whose records went, or would go, because nothing is left of them.
    forgotten: list[str] = dataclasses.field(default_factory=list)
    # Records of killed runs in other accounts.
    foreign: list[RunRecord] = dataclasses.field(default_factory=list)

    def add(self, other: Cleanup) -> None:
        self.failed |= other.failed
        self.unseen += other.unseen
        self.remaining += other.remaining
        self.removed += other.removed
        self.kept += other.kept
        self.problems += other.problems
        self.untouched += other.untouched

    def settled(self) -> bool:
        """Whether there is nothing that a later run could do; what is not touched has been named by now."""
        return not self.failed and all(one in self.untouched for one in self.remaining)

    def text(self) -> str:
        """A sentence for a failure; empty when nothing is left."""
        if not self.remaining and not self.problems:
            return ""
        why = "; ".join(self.problems)
        left = f" These are left and may cost money: {named(self.remaining)}." if self.remaining else ""
        if self.unseen:
            left += f" What is left could not be found out; these may be, and may cost money: {named(self.unseen)}."
        return f"{left or ' What is left could not be found out.'}{f' ({why})' if why else ''}"

    def advice(self, image: str) -> str:
        """A sentence about what becomes of what is left; empty when nothing can be done about it but by hand."""
        if self.settled():
            return ""
        return f" When the cause is corrected, {sweep_removes_it(image)}, and so does the next build on this machine."


def named(resources: c.Iterable[dict[str, str]]) -> str:
    return ", ".join(f"{one['type']} {one['id']} in {one['region']}" for one in resources)


def clean_up(
    cloud: Cloud,
    record: RunRecord,
    keep: c.Collection[str],
    *,
    remove: bool = True,
    spared: c.Collection[str] = (),
    over: bool = False,
) -> Cleanup:
    """Find what a run left in each Region that it worked in, and remove it; C(spared) kinds stay.

    Of a run that is C(over) complete AMIs stay as well, for others may use them by now.
    """
    done = Cleanup()
    for region in record.regions:
        try:
            tagged = leftovers.list_tagged(cloud, region, record.run_id)
            stays = {*keep, *(complete_ones(cloud, region, tagged, record) if over else ())}
            found = leftovers.select(cloud, region, tagged, stays)
            if region == record.region and record.learned.anything():
                found = leftovers.add_learned(cloud, found, record.learned, stays)
            clear(cloud, _spare(found, done, spared), done, remove=remove)
        except AmiError as error:
            done.failed = True
            done.unseen += record.learned.spoken_of(region) if region == record.region else []
            done.problems.append(f"{region}: {error.message}: {error.exception}")
    return done


def _spare(found: leftovers.Leftovers, done: Cleanup, spared: c.Collection[str]) -> leftovers.Leftovers:
    kept = {kind: ids for kind, ids in found.resources.items() if kind in spared}
    done.kept += leftovers.Leftovers(found.region, kept).described()
    rest = {kind: ids for kind, ids in found.resources.items() if kind not in spared}
    return dataclasses.replace(found, resources=rest)


def clear(cloud: Cloud, found: leftovers.Leftovers, done: Cleanup, *, remove: bool = True) -> None:
    """Remove what was found in a Region, or only say that it is there."""
    if found.untouched:
        done.remaining += found.described_untouched()
        done.untouched += found.described_untouched()
        done.problems += found.reasons()
    if not found.resources:
        return
    if not remove:
        done.remaining += found.described()
        return
    rest, problems = leftovers.remove(cloud, found)
    done.remaining += rest.described()
    done.removed += [one for one in found.described() if one not in done.remaining]
    # What failed at first and is gone now needs no mention: each kind that can be removed is asked for afterwards.
    done.problems += problems if rest.resources else []


def sweep(cloud: Cloud, records: list[RunRecord], *, remove: bool = True) -> Cleanup:
    """Remove what runs left that are over; without C(remove), only say what that would be. Without records this calls nothing.

    A record of another account stays as it is: here its things could not be seen, and it would be forgotten with
    them still there.
    """
    total = Cleanup()
    account = account_of(cloud) if records else None
    for record in records:
        if record.account and account and record.account != account:
            total.foreign.append(record)
            continue
        if remove:
            end_marked(record.run_id)
        done = _clean_up_dead(cloud, record, remove=remove)
        if remove:
            _unlock(cloud, record, done)
        total.add(done)
        if _is_over(record, done, account, removed=remove):
            total.forgotten.append(record.run_id)
            if remove:
                record.remove()
    return total


def _is_over(record: RunRecord, done: Cleanup, account: str | None, *, removed: bool) -> bool:
    """Whether a record is of no use any more. Where nothing was found, it has to be sure that this is its account."""
    gone = done.removed if removed else [one for one in done.remaining if one not in done.untouched]
    settled = done.settled() if removed else not done.failed
    return settled and bool(gone or done.untouched or (record.account and account))


def _clean_up_dead(cloud: Cloud, record: RunRecord, *, remove: bool = True) -> Cleanup:
    """Of a run that is over, what it made stays, but for AMIs that are known to be incomplete."""
    unfinished: list[dict[str, str]] = []
    try:
        keep = artifacts_to_keep(cloud, record)
        goes = [one for one in record.artifacts if one not in keep]
        if goes:
            unfinished = parameters_of(cloud, record, goes)
            if remove:
                remove_parameters(cloud, unfinished)
    except AmiError as error:
        done = clean_up(cloud, record, record.artifacts, remove=remove, over=True)
        done.failed = True
        done.unseen += [{"region": record.region, "type": "artifact", "id": one} for one in record.artifacts]
        done.problems.append(f"{record.region}: {error.message}: {error.exception}")
        return done
    done = clean_up(cloud, record, keep, remove=remove, over=True)
    (done.removed if remove else done.remaining).extend(unfinished)
    return done


def _unlock(cloud: Cloud, record: RunRecord, done: Cleanup) -> None:
    """A killed run could not give its lock back; one that kept something did. Its lock is where it built."""
    if not record.locks or record.kept:
        return
    now = datetime.datetime.now(datetime.UTC)
    lock = ParameterLock(cloud, record.image, record.region)
    why = "another run is about to remove it"
    try:
        if lock.remove_of(record.run_id, this_process(f"after {record.run_id}", now, now)):
            return
    except AmiError as error:
        why = f"{error.message}: {error.exception}"
    # It is among what is left, so the record stays, and a later run tries again.
    done.remaining.append({"type": "lock", "id": lock.name, "region": record.region})
    done.problems.append(f"{record.region}: {lock.name}: {why}")


def account_of(cloud: Cloud) -> str | None:
    """The AWS account; None where STS cannot be asked, which is no reason not to build."""
    try:
        return get_account(cloud.sts())
    except AmiError as error:
        warn(f"It is not known which AWS account this is ({error.message}: {error.exception}).")
        return None
