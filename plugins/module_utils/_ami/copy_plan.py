# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What to copy, and what is there already: decisions without a call."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import hashlib
import json
import typing as t

from .accounts import Place
from .images import Ami
from .quarantine import REMEDY, quarantine_problem
from .retention_world import DISABLED_TAG
from .waiting import PENDING

# Region and id of what an AMI or a snapshot was copied from, where EC2 itself does not tell.
SOURCE_TAG = "golden:source-copy"
# Two AMIs that have all of these alike come from one build.
_IDENTITY = ("golden:image", "golden:version", "golden:fingerprint")
_BROKEN = ("failed", "error", "invalid")
_TAGS = 50

NONE, WAIT, UPDATE, COPY, REPLACE = "none", "wait", "update", "copy", "replace"


@dataclasses.dataclass(frozen=True)
class Copied:
    """What the snapshot of an AMI is known to be: its tags, and the key that it is encrypted with."""

    tags: dict[str, str]
    kms_key_id: str | None


@dataclasses.dataclass(frozen=True)
class Image:
    """An AMI with what is known of its snapshots, by their ids; those of a stranger's may not be."""

    ami: Ami
    snapshots: dict[str, Copied]
    made_from_instance: bool = False
    reason: str = ""

    @property
    def id(self) -> str:
        return self.ami.image_id

    @property
    def encrypted(self) -> bool:
        return any(disk.encrypted for disk in self.ami.snapshots)

    @property
    def keys(self) -> set[str]:
        return {known.kms_key_id for known in self.snapshots.values() if known.kms_key_id}

    @property
    def disk_tags(self) -> dict[str, dict[str, str]]:
        """By the device, which is the same in a copy."""
        found = {disk.device: self.snapshots.get(disk.snapshot_id) for disk in self.ami.snapshots}
        return {device: own_tags(known.tags) for device, known in found.items() if known is not None}

    @property
    def source_tag(self) -> str:
        return f"{self.ami.place.region}/{self.id}"


@dataclasses.dataclass(frozen=True)
class Options:
    """The options of the task that are about what copies are like."""

    name: str | None = None
    description: str | None = None
    tags: dict[str, str] = dataclasses.field(default_factory=dict)
    encrypted: bool | None = None
    completion_minutes: int | None = None
    share: bool = True


@dataclasses.dataclass(frozen=True)
class Wish:
    """The copy of one AMI that is wanted in one place. C(key) is the ARN of a KMS key."""

    source: Image
    place: Place
    options: Options
    key: str | None = None

    @property
    def name(self) -> str:
        return self.options.name or self.source.ami.name

    @property
    def description(self) -> str:
        return self.source.ami.description if self.options.description is None else self.options.description

    @property
    def encrypted(self) -> bool | None:
        return True if self.key else self.options.encrypted

    @property
    def own(self) -> dict[str, str]:
        """The tags that a copy has to have with these values, whatever it had before."""
        complete = {key: value for key, value in self.source.ami.tags.items() if key == "golden:complete"}
        return {**complete, **self.options.tags, SOURCE_TAG: self.source.source_tag}

    @property
    def tags(self) -> dict[str, str]:
        return {**own_tags(self.source.ami.tags), **self.own}

    @property
    def own_on_disks(self) -> dict[str, str]:
        """The same of its snapshots."""
        return {**self.options.tags, SOURCE_TAG: self.source.source_tag}

    @property
    def disk_tags(self) -> dict[str, dict[str, str]]:
        """The tags of the snapshots, by device."""
        known = self.source.disk_tags
        return {disk.device: {**known.get(disk.device, {}), **self.own_on_disks} for disk in self.source.ami.snapshots}

    @property
    def common_disk_tags(self) -> dict[str, str]:
        """Those that all the snapshots have: CopyImage gives all of them the same ones."""
        every = list(self.disk_tags.values())
        first = every[0] if every else {}
        return {key: value for key, value in first.items() if all(tags.get(key) == value for tags in every)}


@dataclasses.dataclass(frozen=True)
class Step:
    """What is to be done about one wish, and why. C(found) is the copy that is there; C(broken) are those to be removed."""

    wish: Wish
    action: str
    reason: str
    found: Image | None = None
    broken: tuple[Image, ...] = ()

    @property
    def changes(self) -> bool:
        return self.action in (UPDATE, COPY, REPLACE)

    @property
    def makes(self) -> bool:
        return self.action in (COPY, REPLACE)


@dataclasses.dataclass(frozen=True)
class Share:
    """A permission that another account needs to copy: of an image, or of a snapshot."""

    image_id: str
    accounts: tuple[str, ...]
    snapshot_id: str | None = None


@dataclasses.dataclass(frozen=True)
class Plan:
    steps: tuple[Step, ...]
    shares: tuple[Share, ...] = ()

    @property
    def changed(self) -> bool:
        return bool(self.shares) or any(step.changes for step in self.steps)


def own_tags(tags: c.Mapping[str, str]) -> dict[str, str]:
    """Those that a copy gets: AWS's own can't be written, and since when the source was disabled is nothing of a copy's."""
    return {key: value for key, value in tags.items() if not key.startswith("aws:") and key != DISABLED_TAG}


def was_copied(image: Image, source: Image) -> bool:
    """Whether an AMI was copied from another one.

    EC2 names as source also the AMI that an instance had, of which an AMI was made.
    """
    told = (image.ami.source_image_id, image.ami.source_region or source.ami.place.region)
    if told == (source.id, source.ami.place.region) and not image.made_from_instance:
        return True
    return image.ami.tags.get(SOURCE_TAG) == source.source_tag


def is_copy(image: Image, wish: Wish) -> bool:
    """Whether it was copied from it, or both come from one build, which may have made others of the same version."""
    tags, source = image.ami.tags, wish.source
    return was_copied(image, source) or (
        image.ami.name in (source.ami.name, wish.name)
        and all(tags.get(key) and tags[key] == source.ami.tags.get(key) for key in _IDENTITY)
    )


def tag_changes(wish: Wish, found: Image) -> dict[str, dict[str, str]]:
    """The tags that a copy and its snapshots lack, by id. What others have written there stays, but for what must be so."""
    changes = {found.id: _lacking(wish.tags, wish.own, found.ami.tags)}
    for disk in found.ami.snapshots:
        known = found.snapshots.get(disk.snapshot_id)
        if known is not None:
            changes[disk.snapshot_id] = _lacking(wish.disk_tags.get(disk.device, {}), wish.own_on_disks, known.tags)
    return {resource: tags for resource, tags in changes.items() if tags}


def _lacking(wanted: c.Mapping[str, str], own: c.Mapping[str, str], found: c.Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in wanted.items() if key not in found or (key in own and found[key] != own[key])}


def new_description(wish: Wish, found: Image) -> str | None:
    """What the task says in so many words; a description that a copy has inherited may have been changed since."""
    wanted = wish.options.description
    return wanted if wanted is not None and wanted != found.ami.description else None


def client_token(request: c.Mapping[str, t.Any], place: Place, stale: c.Sequence[str] = ()) -> str:
    """The same for the same copy, so that EC2 makes one of it, however often it is asked.

    C(stale) are earlier copies that are gone: EC2 remembers tokens longer than what was made for them.
    """
    text = json.dumps([str(place), dict(request), sorted(stale)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def is_source(wish: Wish) -> bool:
    """Whether the source is in the place already, and encrypted as asked for."""
    return wish.source.ami.place == wish.place and _encryption(wish, wish.source) is None


def make_step(wish: Wish, known: c.Iterable[Image]) -> Step:
    """Of the AMIs that a place has, all that may be copies."""
    source = wish.source
    if is_source(wish):
        return Step(wish, NONE, "it is the source itself", source)
    copies = [one for one in known if one.id != source.id and _stands_for(one, wish)]
    broken = tuple(one for one in copies if one.ami.state in _BROKEN and one.ami.tags.get(SOURCE_TAG))
    whole = [one for one in copies if one.ami.state not in _BROKEN]
    found = min(whole, key=lambda one: _preference(one, wish), default=None)
    if found is not None:
        return _present(wish, found)
    if broken:
        reasons = "; ".join(f"{one.id} is {one.ami.state}{_because(one)}" for one in broken)
        return Step(wish, REPLACE, f"a copy is to be made anew: {reasons}", None, broken)
    return Step(wish, COPY, "there is no copy of it")


def _stands_for(image: Image, wish: Wish) -> bool:
    """What was made otherwise than by copying may be in its place, but not with another key."""
    alike = is_copy(image, wish) and _encryption(wish, image) is None
    return alike or was_copied(image, wish.source)


def _because(image: Image) -> str:
    return f" ({image.reason})" if image.reason else ""


def _preference(image: Image, wish: Wish) -> tuple[bool, bool, int, str]:
    """Of several the one to take: rather one that was copied than one of the same build."""
    other = not was_copied(image, wish.source)
    return (
        _encryption(wish, image) is not None,
        other,
        {"available": 0, "pending": 1}.get(image.ami.state, 2),
        image.id,
    )


def _present(wish: Wish, found: Image) -> Step:
    changes = tag_changes(wish, found)
    if changes or new_description(wish, found) is not None:
        what = [f"tags of {', '.join(changes)}"] if changes else []
        what += ["its description"] if new_description(wish, found) is not None else []
        return Step(wish, UPDATE, f"{found.id} is a copy of it and lacks {' and '.join(what)}", found)
    if found.ami.state in PENDING:
        return Step(wish, WAIT, f"{found.id} is being copied from it", found)
    return Step(wish, NONE, f"{found.id} is a copy of it", found)


def _encryption(wish: Wish, found: Image) -> str | None:
    """What is wrong with how an AMI is encrypted; what can't be read of it (yet) is taken for right."""
    if not found.ami.snapshots:
        return None
    if (wish.encrypted or wish.source.encrypted) and not found.encrypted:
        return "is not encrypted"
    if wish.encrypted is False and found.encrypted:
        return "is encrypted"
    others = found.keys - {wish.key}
    if wish.key and others:
        return f"is encrypted with {', '.join(sorted(others))}, not with {wish.key}"
    return None


def step_problem(step: Step) -> str | None:
    """Why what is there can't be taken for what is wanted, and what to do."""
    found, place = step.found, step.wish.place
    if found is None or found.id == step.wish.source.id:
        return None
    wrong = _encryption(step.wish, found)
    if wrong:
        return (
            f"{place}: {found.id} is a copy of {step.wish.source.id} already, and {wrong}. Remove that one first, or ask"
            " for what it is."
        )
    if found.ami.state not in ("available", *PENDING):
        return (
            f"{place}: {found.id} is a copy of {step.wish.source.id} already, and it is {found.ami.state}. Enable it"
            " (aws ec2 enable-image), or deregister it to have another one."
        )
    return None


def name_problem(step: Step, named: c.Iterable[Ami]) -> str | None:
    """An account has a name of AMIs once in a Region."""
    gone = {one.id for one in step.broken}
    for ami in named if step.makes else ():
        if ami.place == step.wish.place and ami.name == step.wish.name and ami.image_id not in gone:
            return (
                f"{step.wish.place}: the name {ami.name} is that of {ami.image_id}, which is no copy of"
                f" {step.wish.source.id}. Give the copy another name (name), or deregister that one."
            )
    return None


def wish_problem(wish: Wish, managed: c.Container[str]) -> str | None:
    """What CopyImage would refuse, or write wrongly. C(managed) are the keys that AWS keeps for an account."""
    source, ami = wish.source, wish.source.ami
    away = wish.place.account != ami.place.account
    if away and any(key in managed for key in source.keys):
        return (
            f"image_ids: {source.id} is encrypted with the AWS-managed key of account {ami.owner}, which no other account can"
            f" use, so that {wish.place.account} can't copy it. Copy it within account {ami.owner} under a customer-managed"
            " key (kms_keys, with another name), give the key's policy that account, and copy that copy."
        )
    count = max([len(wish.tags), *(len(tags) for tags in wish.disk_tags.values())])
    if count > _TAGS:
        return f"{wish.place}: the copy of {source.id} would have {count} tags, and EC2 takes {_TAGS}. Remove some of {source.id}."
    if wish.encrypted is False and source.encrypted:
        return f"encrypted: {source.id} is encrypted, and EC2 makes no copy of it that is not. Leave encrypted out."
    if away and wish.source.ami.owner == ami.place.account and not source.snapshots and ami.snapshots:
        return (
            f"The snapshots of {source.id} can't be read, so that they can't be shared: run with credentials that may."
        )
    return None


def source_problem(image_id: str, region: str, account: str, source: Image | None) -> str | None:
    """Why an AMI can't be copied by an account, C(region) and C(account) being those that it was looked for in."""
    if source is None:
        return (
            f"image_ids: there is no AMI {image_id} in {region} that account {account} can see. Correct the id or"
            " source_region; an AMI of another account has to be shared by its owner first (golden.ami.ami_share)."
        )
    if source.ami.state != "available":
        return f"image_ids: {image_id} in {region} is {source.ami.state}; only an AMI that is available can be copied."
    if source.ami.tags.get("golden:complete") == "no":
        return f"image_ids: {image_id} in {region} is of a build that did not end well (golden:complete is no): build it again."
    quarantine = quarantine_problem(source.ami)
    if quarantine:
        return f"image_ids: {quarantine}: it is not copied. {REMEDY}"
    if not source.ami.public and source.ami.owner != account and len(source.snapshots) < len(source.ami.snapshots):
        return (
            f"image_ids: {image_id} in {region} is shared by account {source.ami.owner}, its snapshots are not. Its owner has"
            f" to share them with account {account} as well (golden.ami.ami_share does)."
        )
    return None
