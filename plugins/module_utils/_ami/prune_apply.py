# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Carries a plan of C(ami_prune) out. What fails stops the AMI that it is about, nothing else."""

from __future__ import annotations

import collections.abc as c
import contextlib
import dataclasses
import datetime
import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.tagging import ansible_dict_to_boto3_tag_list

from . import calls, calls_prune
from .accounts import Place
from .at_once import at_once
from .calls import AmiError
from .images import Ami, chunks
from .moving import ChannelError, ChannelLocks
from .prune_read import Reading
from .prune_records import parameters_of
from .retention import DELETE, DEPRECATE, DISABLE, Line, Plan, standing, told
from .retention_holds import STALE_TEMPLATE, unit_of
from .retention_world import DISABLED_TAG, Policy, World, is_revoked
from .revocation import record_parameter
from .steps import why

# EC2 takes a deprecation of the future only, and rounds it to the minute.
_AHEAD = datetime.timedelta(minutes=3)
# Seconds; how long channels cannot be moved where this process dies.
_LOCKED = 900.0


@dataclasses.dataclass
class Outcome:
    """What became of an AMI that was to go a stage further: the stages it went through, and why not the rest."""

    done: list[str] = dataclasses.field(default_factory=list)
    error: str | None = None
    held: str | None = None
    deleted_snapshots: list[str] = dataclasses.field(default_factory=list)
    left_snapshots: list[str] = dataclasses.field(default_factory=list)

    @property
    def goes_on(self) -> bool:
        return self.error is None and self.held is None


def foreseen(plan: Plan) -> dict[str, Outcome]:
    """What check mode says: that everything works."""
    return {
        line.ami.image_id: Outcome(
            done=list(line.steps),
            deleted_snapshots=list(snapshots_of(line.ami)) if line.action == DELETE else [],
        )
        for line in plan.taken
    }


def snapshots_of(ami: Ami) -> tuple[str, ...]:
    """Two disks may be made from one snapshot."""
    return tuple(dict.fromkeys(disk.snapshot_id for disk in ami.snapshots))


class Applying:
    """One plan on its way. C(outcomes) has each AMI that the plan takes, by id."""

    def __init__(self, reading: Reading, policy: Policy, plan: Plan) -> None:
        self._reading = reading
        self._policy = policy
        self._plan = plan
        self._world = World((), reading.now)
        self.outcomes = {line.ami.image_id: Outcome() for line in plan.taken}

    def apply(self) -> None:
        self._each(DEPRECATE, self._deprecate)
        with contextlib.ExitStack() as locks:
            self._lock(locks)
            self._look([line.ami for line in self._on(DISABLE) if line.ami.state != "disabled"], "available")
            # The note first: an old one must not make an AMI look as if it had been disabled for long.
            self._note_disabled()
            self._each(DISABLE, self._disable)
            going = [line.ami for line in self._on(DELETE)]
            self._look(going, "disabled")
            self._delete([ami for ami in going if self.outcomes[ami.image_id].goes_on])

    def _lock(self, locks: contextlib.ExitStack) -> None:
        """Let no channel be moved to what is about to go; an image whose channels are being moved waits for another run."""
        going = [line.ami for line in [*self._on(DISABLE), *self._on(DELETE)]]
        by_image = {
            image: [ami for ami in going if ami.image == image] for image in sorted({a.image or "" for a in going})
        }
        for image, amis in by_image.items():
            # Others have no channels. That of which only the time is noted is disabled already.
            if not image or all(ami.state == "disabled" and self._only_noted(ami) for ami in amis):
                continue
            clouds = {ami.place: self._reading.clouds[ami.place] for ami in amis}
            try:
                locks.enter_context(ChannelLocks(clouds, image, _LOCKED))
            except ChannelError as error:
                for ami in amis:
                    self.outcomes[ami.image_id].held = str(error)
            except AmiError as error:
                self._fail(amis, error)

    def _only_noted(self, ami: Ami) -> bool:
        return ami.image_id not in {line.ami.image_id for line in self._plan.having(DELETE)}

    def _on(self, step: str) -> list[Line]:
        """The AMIs that go through a stage, without those that a stage before failed for."""
        return [line for line in self._plan.having(step) if self.outcomes[line.ami.image_id].goes_on]

    def _each(self, step: str, work: c.Callable[[Ami], None]) -> None:
        amis = [line.ami for line in self._on(step)]
        for ami, answer in zip(amis, at_once(work, amis), strict=True):
            if isinstance(answer, AmiError):
                self._fail([ami], answer)
            else:
                self.outcomes[ami.image_id].done.append(step)

    def _fail(self, amis: c.Iterable[Ami], error: AmiError | str) -> None:
        for ami in amis:
            self.outcomes[ami.image_id].error = error if isinstance(error, str) else why(error)

    def _ec2(self, place: Place) -> t.Any:
        return self._reading.clouds[place].ec2(place.region)

    def _ssm(self, place: Place) -> t.Any:
        return self._reading.clouds[place].ssm(place.region)

    def _deprecate(self, ami: Ami) -> None:
        at = datetime.datetime.now(datetime.UTC).replace(second=0, microsecond=0) + _AHEAD
        calls_prune.deprecate_image(self._ec2(ami.place), ami.image_id, at)

    def _disable(self, ami: Ami) -> None:
        if ami.state != "disabled":
            calls_prune.disable_image(self._ec2(ami.place), ami.image_id)

    def _note_disabled(self) -> None:
        """Since when, for EC2 does not tell; one call for all of a place. Without the note it counts from the next run on."""
        tags = ansible_dict_to_boto3_tag_list({DISABLED_TAG: self._reading.now.isoformat(timespec="seconds")})
        for place, amis in _by_place(line.ami for line in self._on(DISABLE)).items():
            for some in _in_chunks(amis):
                try:
                    calls.create_tags(self._ec2(place), [ami.image_id for ami in some], tags)
                except AmiError as error:
                    self._fail(some, error)

    def _look(self, amis: list[Ami], state: str) -> None:
        """Keep what somebody came to use since the plan was made, with its copies. One that is gone is what was wanted."""
        if not amis:
            return
        going = {ami.image_id for ami in amis}
        self._world = self._reading.second_look(self._with_copies(amis))
        before = {image_id: [one.held] for image_id, one in self.outcomes.items() if one.held}
        holds = standing(self._world, self._policy, going, state, before)
        there = {ami.image_id for ami in self._world.amis}
        for ami in amis:
            if ami.image_id not in there:
                self.outcomes[ami.image_id].held = "it is gone already"
            elif holds.get(ami.image_id):
                self.outcomes[ami.image_id].held = f"at a second look: {told(holds[ami.image_id])}"

    def _with_copies(self, amis: list[Ami]) -> list[Ami]:
        """These and their copies, in whichever stage they are: what uses one of them keeps all."""
        units = {unit_of(ami, self._policy) for ami in amis}
        return [line.ami for line in self._plan.lines if unit_of(line.ami, self._policy) in units]

    def _delete(self, amis: list[Ami]) -> None:
        """What refers to them by our own doing, and last the AMIs."""
        if self._policy.launch_template_versions:
            self._each_place(amis, self._delete_template_versions)
        self._each_place(amis, self._delete_records)
        last = [ami for ami in amis if self.outcomes[ami.image_id].goes_on]
        for ami, answer in zip(last, at_once(self._deregister, last), strict=True):
            if isinstance(answer, AmiError):
                self._fail([ami], answer)
        self._forget_revocations([ami for ami in last if DELETE in self.outcomes[ami.image_id].done])

    def _each_place(self, amis: list[Ami], work: c.Callable[[Place, list[Ami]], None]) -> None:
        going = [ami for ami in amis if self.outcomes[ami.image_id].goes_on]
        for place, some in _by_place(going).items():
            try:
                work(place, some)
            except AmiError as error:
                self._fail(some, error)

    def _delete_template_versions(self, _place: Place, amis: list[Ami]) -> None:
        """Those that name these AMIs and that nothing uses, one call for each launch template."""
        versions: dict[tuple[Place, str], list[str]] = {}
        users: dict[str, list[Ami]] = {}
        for ami in amis:
            for one in self._world.references.get(ami.image_id, ()):
                if one.kind == STALE_TEMPLATE:
                    template_id, _colon, number = one.id.rpartition(":")
                    versions.setdefault((Place(one.account, one.region), template_id), []).append(number)
                    users.setdefault(template_id, []).append(ami)
        for (where, template_id), numbers in versions.items():
            try:
                failed = calls_prune.delete_template_versions(self._ec2(where), template_id, sorted(numbers))
            except AmiError as error:
                self._fail(users[template_id], error)
            else:
                if failed:
                    self._fail(
                        users[template_id], f"versions of a launch template were not deleted: {'; '.join(failed)}"
                    )

    def _delete_records(self, place: Place, amis: list[Ami]) -> None:
        """The version's parameter goes before its AMI: nobody is to read of an AMI that is gone."""
        going = {ami.image_id for ami in amis}
        staying = [ami for ami in self._world.amis if ami.place == place and ami.image_id not in going]
        names = parameters_of(self._ssm(place), amis, staying)
        if names:
            calls_prune.delete_parameters(self._ssm(place), names)

    def _forget_revocations(self, gone: list[Ami]) -> None:
        """What was written down to give it back goes last: while the AMI is there somebody may want to."""
        for place, amis in _by_place(ami for ami in gone if ami.image and is_revoked(ami)).items():
            names = {ami.image_id: record_parameter(str(ami.image), ami.image_id) for ami in amis}
            try:
                calls_prune.delete_parameters(self._ssm(place), list(names.values()))
            except AmiError as error:
                for ami in amis:
                    self._fail(
                        [ami], f"the AMI is gone, {names[ami.image_id]} is not: {why(error)}. Delete it by hand."
                    )

    def _deregister(self, ami: Ami) -> None:
        ec2 = self._ec2(ami.place)
        outcome = self.outcomes[ami.image_id]
        if calls_prune.deletes_snapshots(ec2):
            results = calls_prune.deregister_with_snapshots(ec2, ami.image_id) or []
            outcome.done.append(DELETE)
            self._tell_snapshots(ami, {one["SnapshotId"]: one.get("ReturnCode", "") for one in results})
            return
        calls.deregister_image(ec2, ami.image_id)
        outcome.done.append(DELETE)
        self._tell_snapshots(ami, {one: self._delete_snapshot(ec2, one) for one in snapshots_of(ami)})

    def _delete_snapshot(self, ec2: t.Any, snapshot_id: str) -> str:
        """What became of it, in the words of DeregisterImage."""
        try:
            calls.delete_snapshot(ec2, snapshot_id)
        except AmiError as error:
            return "skipped" if "InvalidSnapshot.InUse" in str(error.exception) else why(error)
        return "success"

    def _tell_snapshots(self, ami: Ami, results: c.Mapping[str, str]) -> None:
        """One that another AMI uses as well stays, rightly; one that stays for another reason is a failure."""
        outcome = self.outcomes[ami.image_id]
        outcome.deleted_snapshots = [one for one, told_of in results.items() if told_of == "success"]
        outcome.left_snapshots = [one for one, told_of in results.items() if told_of != "success"]
        failed = [f"{one}: {told_of}" for one, told_of in results.items() if told_of not in ("success", "skipped")]
        if failed:
            outcome.error = f"the AMI is gone, snapshots of it are not: {'; '.join(failed)}. Delete them by hand."


def _by_place(amis: c.Iterable[Ami]) -> dict[Place, list[Ami]]:
    found: dict[Place, list[Ami]] = {}
    for ami in amis:
        found.setdefault(ami.place, []).append(ami)
    return found


def _in_chunks(amis: list[Ami]) -> list[list[Ami]]:
    by_id = {ami.image_id: ami for ami in amis}
    return [[by_id[one] for one in some] for some in chunks(list(by_id))]
