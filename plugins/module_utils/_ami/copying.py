# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Making the copies of a plan, in all places at once, and waiting for them."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import datetime
import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_specifications,
)

from . import calls, calls_copy, calls_images
from .accounts import Place
from .copy_plan import (
    SOURCE_TAG,
    Copied,
    Image,
    Plan,
    Share,
    Step,
    client_token,
    new_description,
    tag_changes,
)
from .copy_world import Clients, each, read_durations, read_progress, snapshots_of_copy
from .images import ami_of, disks_of
from .steps import why
from .waiting import GONE, MISSING, PENDING, Waited, wait_for_images

# An id that EC2 gives for a token whose copy is gone is followed by another token; more than this many is no accident.
_ATTEMPTS = 4
_UNREADABLE = "unreadable"


@dataclasses.dataclass
class Done:
    """What became of a step."""

    step: Step
    image_id: str | None = None
    state: str = "absent"
    message: str | None = None
    seconds: float | None = None
    made: bool = False
    late: bool = False
    changed: bool = False
    rolled_back: bool = False
    snapshot_ids: list[str] = dataclasses.field(default_factory=list)

    @property
    def failed(self) -> bool:
        return self.message is not None


@dataclasses.dataclass(frozen=True)
class How:
    """How to go about it. C(until) is when the time is over, by C(clock)."""

    wait: bool
    rollback: bool
    until: float
    clock: c.Callable[[], float]
    sleep: c.Callable[[float], None]


def request_of(step: Step) -> dict[str, t.Any]:
    """What CopyImage is asked, but for the AMI and the token. All tags are given with it, so that no copy is ever without."""
    wish = step.wish
    tags = [*boto3_tag_specifications(wish.tags, types=["image"])]
    tags += boto3_tag_specifications(wish.common_disk_tags, types=["snapshot"]) or []
    request: dict[str, t.Any] = {
        "SourceRegion": wish.source.ami.place.region,
        "Name": wish.name,
        "Description": wish.description,
        "TagSpecifications": tags,
    }
    if wish.encrypted is not None:
        request["Encrypted"] = wish.encrypted
    if wish.key:
        request["KmsKeyId"] = wish.key
    if wish.options.completion_minutes:
        request["SnapshotCopyCompletionDurationMinutes"] = wish.options.completion_minutes
    return {key: value for key, value in request.items() if value != ""}


def share(clients: Clients, shares: c.Iterable[Share], region: str) -> tuple[list[Share], dict[str, str]]:
    """Give the permissions. Those that were given, and why an account that lacks one can't go on."""
    ec2 = clients.ec2(Place(clients.home, region))
    given, troubles = [], {}
    for one in shares:
        try:
            if one.snapshot_id:
                calls_copy.share_snapshot(ec2, one.snapshot_id, list(one.accounts))
            else:
                calls_copy.share_image(ec2, one.image_id, list(one.accounts))
            given.append(one)
        except calls.AmiError as error:
            troubles.update(dict.fromkeys(one.accounts, why(error)))
    return given, troubles


class Copying:
    """The copies of one place."""

    def __init__(self, clients: Clients, steps: c.Sequence[Step], shared: c.Collection[str], how: How) -> None:
        self._clients = clients
        self._place = steps[0].wish.place
        self._shared = shared
        self._how = how
        self.results = [Done(step, step.found.id if step.found else None) for step in steps]
        # AMIs as they were described last.
        self._told: dict[str, calls.Resource] = {}
        self._trouble: str | None = None

    @property
    def _ec2(self) -> calls.Client:
        return self._clients.ec2(self._place)

    def run(self) -> list[Done]:
        for done in self.results:
            if done.step.found:
                done.state = done.step.found.ami.state
                done.snapshot_ids = [disk.snapshot_id for disk in done.step.found.ami.snapshots]
        each(self._begin, self.results)
        waited_for = [done for done in self.results if not done.failed and (done.made or done.state in PENDING)]
        if waited_for:
            self._wait(waited_for)
        each(self._finish, self.results)
        return self.results

    def _begin(self, done: Done) -> None:
        """Remove what failed before, and start the copy."""
        if not done.step.makes:
            return
        try:
            for broken in done.step.broken:
                self._remove(broken.id, [disk.snapshot_id for disk in broken.ami.snapshots])
                done.changed = True
            self._copy(done, [broken.id for broken in done.step.broken])
        except calls.AmiError as error:
            done.message = why(error)

    def _copy(self, done: Done, stale: list[str]) -> None:
        source = done.step.wish.source
        request = request_of(done.step)
        request["ClientToken"] = client_token({**request, "SourceImageId": source.id}, self._place, stale)
        copy = calls_copy.copy_shared_image if source.id in self._shared else calls_copy.copy_image
        done.image_id = copy(self._ec2, source.id, str(self._place), request)
        done.made, done.changed, done.state = True, True, "pending"

    def _wait(self, waited_for: list[Done]) -> None:
        """Until all are there. A token of a copy that is gone gives its id: then another one is made."""
        stale: dict[int, list[str]] = {id(done): [one.id for one in done.step.broken] for done in waited_for}
        expected, asked = self._expected(waited_for) if self._how.wait else (None, 0)
        for _attempt in range(_ATTEMPTS):
            self._take(waited_for, self._waited(waited_for, expected, asked))
            waited_for = [done for done in waited_for if done.made and done.state == MISSING and done.image_id]
            for done in waited_for:
                stale[id(done)].append(str(done.image_id))
                done.message = None
                try:
                    self._copy(done, stale[id(done)])
                except calls.AmiError as error:
                    done.message = why(error)
            waited_for = [done for done in waited_for if not done.failed]
            if not waited_for:
                return

    def _waited(self, waited_for: list[Done], expected: float | None, asked: int) -> Waited:
        return wait_for_images(
            self._read,
            [str(done.image_id) for done in waited_for],
            timeout=max(self._how.until - self._how.clock(), 0.0),
            progress=self._progress,
            expected=expected,
            asked=asked,
            visible=not self._how.wait,
            clock=self._how.clock,
            sleep=self._how.sleep,
        )

    def _read(self, ids: list[str]) -> dict[str, str]:
        """The states of AMIs by one call. A place that can't be asked any more is not waited for."""
        filters = [{"Name": "image-id", "Values": ids}]
        try:
            found = calls_images.describe_all_images(self._ec2, Filters=filters, Owners=["self"], IncludeDisabled=True)
        except calls.AmiError as error:
            self._trouble = why(error)
            return dict.fromkeys(ids, _UNREADABLE)
        self._told.update({one["ImageId"]: one for one in found})
        return {one["ImageId"]: one["State"] for one in found}

    def _progress(self, ids: list[str]) -> float | None:
        try:
            return read_progress(self._ec2, ids)
        except calls.AmiError:
            # As with how long the one before took: nothing depends on it.
            return None

    def _described(self, done: Done) -> Image | None:
        """The copy as the wait saw it; its snapshots have the tags that were given to CopyImage."""
        told = self._told.get(str(done.image_id))
        if told is None or not done.made:
            return done.step.found
        ami = ami_of(self._place, told)
        tags = Copied(done.step.wish.common_disk_tags, None)
        return Image(ami, {disk.snapshot_id: tags for disk in ami.snapshots})

    def _take(self, waited_for: list[Done], waited: Waited) -> None:
        """Say of each what was reached."""
        for done in waited_for:
            image_id = str(done.image_id)
            done.state = waited.states[image_id]
            done.seconds = waited.seconds.get(image_id)
            if done.state == _UNREADABLE:
                done.message = f"{image_id} was not waited for to the end: {self._trouble}"
            elif done.state == MISSING and image_id in waited.seconds:
                done.message = f"EC2 does not know {image_id}, which it said to be the copy"
            elif done.state == GONE:
                done.message = f"{image_id} was deregistered by somebody while it was waited for"
            elif self._how.wait and image_id not in waited.seconds:
                done.message, done.late = f"{image_id} is {done.state} still", True

    def _expected(self, waited_for: list[Done]) -> tuple[float | None, int]:
        """How long it will take, by the newest copies of these images; and the calls that were made to know."""
        minutes = waited_for[0].step.wish.options.completion_minutes
        if minutes:
            return 60.0 * minutes, 0
        images = sorted({done.step.wish.source.ami.image or "" for done in waited_for} - {""})
        if not images:
            return None, 0
        try:
            known = read_durations(self._ec2, images)
        except calls.AmiError:
            # It is asked for to save calls, and nothing depends on it: whoever may copy need not be allowed to ask.
            return None, 1
        left = [
            known[image] - self._age(done) for done in waited_for if (image := done.step.wish.source.ami.image) in known
        ]
        return max(left, default=None), 1

    @staticmethod
    def _age(done: Done) -> float:
        """For how long a copy has been made already."""
        if done.made or done.step.found is None:
            return 0.0
        return (datetime.datetime.now(datetime.UTC) - done.step.found.ami.created).total_seconds()

    def _finish(self, done: Done) -> None:
        """Take away what failed, or write what CopyImage can't."""
        try:
            if done.state in ("failed", "error", "invalid") and done.image_id:
                self._failed(done, done.image_id)
            elif not done.failed and done.image_id and (done.made or done.step.changes):
                self._write(done, done.image_id)
        except calls.AmiError as error:
            done.message = "; ".join(filter(None, [done.message, why(error)]))

    def _failed(self, done: Done, image_id: str) -> None:
        told = self._told.get(image_id, {})
        reason = told.get("StateReason", {}).get("Message", "")
        done.message = f"{image_id} {done.state}{f': {reason}' if reason else ''}"
        found = done.step.found
        ours = done.made or (found is not None and SOURCE_TAG in found.ami.tags)
        if ours and self._how.rollback:
            self._remove(image_id, [disk.snapshot_id for disk in disks_of(told)])
            done.rolled_back = done.changed = True

    def _write(self, done: Done, image_id: str) -> None:
        """The tags that differ from disk to disk, which a copy has only when it is there, and what an old copy lacks."""
        wish, found = done.step.wish, self._described(done)
        if found is None:
            return
        done.snapshot_ids = [disk.snapshot_id for disk in found.ami.snapshots]
        changes = tag_changes(wish, found)
        for tags in {tuple(sorted(tags.items())): tags for tags in changes.values()}.values():
            alike = [resource for resource, wanted in changes.items() if wanted == tags]
            calls.create_tags(self._ec2, alike, ansible_dict_to_boto3_tag_list(tags))
            done.changed = True
        text = None if done.made else new_description(wish, found)
        if text is not None:
            calls_copy.set_description(self._ec2, image_id, text)
            done.changed = True

    def _remove(self, image_id: str, known: list[str]) -> None:
        """An AMI that failed, and then its snapshots."""
        snapshots = snapshots_of_copy(self._ec2, image_id, known)
        calls.deregister_image(self._ec2, image_id)
        for snapshot_id in snapshots:
            calls.delete_snapshot(self._ec2, snapshot_id)


def apply(clients: Clients, plan: Plan, how: How) -> tuple[list[Share], list[Done]]:
    """Share, then copy in all places at once. Nothing is raised: each says what became of it."""
    region = plan.steps[0].wish.source.ami.place.region
    given, troubles = share(clients, plan.shares, region)
    shared = {one.image_id for one in given}
    by_place: dict[Place, list[Step]] = {}
    refused = []
    for step in plan.steps:
        trouble = troubles.get(step.wish.place.account) if step.makes else None
        if trouble:
            refused.append(Done(step, message=f"not copied: {trouble}"))
        else:
            by_place.setdefault(step.wish.place, []).append(step)

    def one_place(steps: list[Step]) -> list[Done]:
        return Copying(clients, steps, shared, how).run()

    results = [done for found in each(one_place, list(by_place.values())) for done in found]
    by_step = {id(done.step): done for done in [*refused, *results]}
    return given, [by_step[id(step)] for step in plan.steps]
