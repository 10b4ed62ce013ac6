# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What there is before AMIs are copied: the sources, their copies, keys and permissions."""

from __future__ import annotations

import collections.abc as c
import concurrent.futures
import dataclasses
import datetime
import threading
import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.tagging import boto3_tag_list_to_ansible_dict

from . import calls_copy, calls_images
from .accounts import Accounts, Place
from .calls import Client, Resource
from .copy_plan import SOURCE_TAG, Copied, Image, Share, Wish, is_copy, is_source
from .images import Ami, ami_of, chunks

_WORKERS = 32
_ALL = {"IncludeDeprecated": True, "IncludeDisabled": True}
_COPIED = "Copied for DestinationAmi "

Item = t.TypeVar("Item")
Answer = t.TypeVar("Answer")


def each(function: c.Callable[[Item], Answer], items: c.Sequence[Item]) -> list[Answer]:
    """Do it for all at once; the answers in the order of the items. The first error is raised when all have ended."""
    if len(items) < 2:
        return [function(item) for item in items]
    with concurrent.futures.ThreadPoolExecutor(min(len(items), _WORKERS)) as pool:
        return list(pool.map(function, items))


class Clients:
    """The clients of places, for several threads: neither botocore's sessions nor what keeps clients may be shared."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._lock = threading.Lock()
        self.home = accounts.home_account

    def ec2(self, place: Place) -> Client:
        """Ask for it again each time: a session may have ended meanwhile."""
        with self._lock:
            return self._accounts.cloud(place.account).ec2(place.region)

    def kms(self, place: Place) -> Client:
        with self._lock:
            return self._accounts.cloud(place.account).kms(place.region)


def _images(ec2: Client, place: Place, found: c.Sequence[Resource]) -> list[Image]:
    """With their snapshots; one call for those."""
    amis = [ami_of(place, one) for one in found]
    ids = [disk.snapshot_id for ami in amis for disk in ami.snapshots]
    described = [one for chunk in chunks(ids) for one in calls_images.describe_all_snapshots(ec2, chunk)]
    snapshots = {
        one["SnapshotId"]: Copied(boto3_tag_list_to_ansible_dict(one.get("Tags", [])), one.get("KmsKeyId"))
        for one in described
    }
    return [
        Image(
            ami,
            {disk.snapshot_id: snapshots[disk.snapshot_id] for disk in ami.snapshots if disk.snapshot_id in snapshots},
            bool(raw.get("SourceInstanceId")),
            raw.get("StateReason", {}).get("Message", ""),
        )
        for ami, raw in zip(amis, found, strict=True)
    ]


def read_images(clients: Clients, place: Place, ids: c.Sequence[str]) -> dict[str, Image]:
    """AMIs of whomever, by their ids."""
    ec2 = clients.ec2(place)
    found = calls_images.describe_all_images(ec2, Filters=[{"Name": "image-id", "Values": list(ids)}], **_ALL)
    return {image.id: image for image in _images(ec2, place, found)}


@dataclasses.dataclass(frozen=True)
class Known:
    """What a place has: the copies, and the AMIs that have the names which copies shall get."""

    copies: list[Image]
    named: list[Ami]


def read_known(clients: Clients, wishes: c.Sequence[Wish]) -> Known:
    """What is there of these wishes, which are of one place. Names are looked for where no copy is found otherwise."""
    wishes = [wish for wish in wishes if not is_source(wish)]
    if not wishes:
        return Known([], [])
    place, ec2 = wishes[0].place, clients.ec2(wishes[0].place)
    sources = {wish.source.id: wish.source for wish in wishes}
    by_source = {"Name": "source-image-id", "Values": list(sources)}
    by_tag = {"Name": f"tag:{SOURCE_TAG}", "Values": [source.source_tag for source in sources.values()]}
    told = by_source if calls_copy.tells_source(ec2) else by_tag
    found = calls_images.describe_all_images(ec2, Owners=["self"], Filters=[told], **_ALL)
    copies = _images(ec2, place, found)
    names = [wish.name for wish in wishes if not any(is_copy(one, wish) for one in copies)]
    if not names:
        return Known(copies, [])
    named = calls_images.describe_all_images(ec2, Owners=["self"], Filters=[{"Name": "name", "Values": names}], **_ALL)
    others = _images(ec2, place, [one for one in named if one["ImageId"] not in {image.id for image in copies}])
    return Known([*copies, *others], [image.ami for image in others])


def read_managed_keys(clients: Clients, place: Place, keys: c.Iterable[str]) -> set[str]:
    """Those that AWS keeps for the account."""
    kms = clients.kms(place)
    found = {key: calls_copy.describe_key(kms, key) for key in sorted(keys)}
    return {key for key, told in found.items() if told and told.get("KeyManager") == "AWS"}


def missing_shares(clients: Clients, region: str, account: str, sources: c.Sequence[Image]) -> list[Share]:
    """What another account does not see of these: the image, or a snapshot."""
    place = Place(account, region)
    ec2 = clients.ec2(place)
    ids = [source.id for source in sources]
    images = calls_images.describe_all_images(ec2, Filters=[{"Name": "image-id", "Values": ids}], **_ALL)
    seen = {one["ImageId"] for one in images}
    disks = [disk.snapshot_id for source in sources for disk in source.ami.snapshots]
    for chunk in chunks(disks):
        seen |= {one["SnapshotId"] for one in calls_images.describe_all_snapshots(ec2, chunk)}
    shares = [Share(source.id, (account,)) for source in sources if source.id not in seen]
    return shares + [
        Share(source.id, (account,), disk.snapshot_id)
        for source in sources
        for disk in source.ami.snapshots
        if disk.snapshot_id not in seen
    ]


def read_durations(ec2: Client, images: c.Sequence[str]) -> dict[str, float]:
    """How many seconds the newest copy of an image took there, by the image's name, as EC2 remembers it of its snapshots."""
    filters = [
        {"Name": "tag:golden:image", "Values": list(images)},
        {"Name": "status", "Values": ["completed"]},
        {"Name": "description", "Values": [f"{_COPIED}*"]},
    ]
    return durations(calls_copy.describe_own_snapshots(ec2, filters))


def durations(snapshots: c.Iterable[Resource]) -> dict[str, float]:
    """A copy took as long as the slowest of its disks. An older botocore does not tell when a snapshot was done."""
    taken: dict[tuple[str, str], tuple[datetime.datetime, float]] = {}
    for one in snapshots:
        if "CompletionTime" not in one:
            continue
        image = boto3_tag_list_to_ansible_dict(one.get("Tags", [])).get("golden:image", "")
        ami = _copy_of(one)
        seconds = (one["CompletionTime"] - one["StartTime"]).total_seconds()
        before = taken.get((image, ami), (one["StartTime"], 0.0))
        taken[image, ami] = (before[0], max(before[1], seconds))
    newest: dict[str, tuple[datetime.datetime, float]] = {}
    for (image, _ami), found in taken.items():
        newest[image] = max(newest.get(image, found), found)
    return {image: seconds for image, (_when, seconds) in newest.items()}


def snapshots_of_copy(ec2: Client, image_id: str, known: c.Iterable[str]) -> list[str]:
    """All that was made for a copy; one that failed may not name them any more."""
    filters = [{"Name": "description", "Values": [f"{_COPIED}{image_id} *"]}]
    described = [one["SnapshotId"] for one in calls_copy.describe_own_snapshots(ec2, filters)]
    return list(dict.fromkeys([*known, *described]))


def read_progress(ec2: Client, image_ids: c.Sequence[str]) -> float:
    """How far the slowest of these copies is, in per cent; 0 while EC2 does not tell. One call, about as many as it takes."""
    asked = chunks(image_ids)[0]
    filters = [{"Name": "description", "Values": [f"{_COPIED}{image_id} *" for image_id in asked]}]
    return slowest(asked, calls_copy.describe_own_snapshots(ec2, filters))


def slowest(image_ids: c.Iterable[str], snapshots: c.Iterable[Resource]) -> float:
    """A copy is as far as the slowest of its disks; of what failed there is nothing left to wait for."""
    by_copy: dict[str, float] = {}
    for one in snapshots:
        told = one.get("Progress", "").removesuffix("%") if one.get("State", "pending") == "pending" else "100"
        copy = _copy_of(one)
        # At first it is empty.
        by_copy[copy] = min(by_copy.get(copy, 100.0), float(told) if told.isdecimal() else 0.0)
    return min(by_copy.get(image_id, 0.0) for image_id in image_ids)


def _copy_of(snapshot: Resource) -> str:
    """The AMI that EC2 made a snapshot for, as its description says."""
    return str(snapshot.get("Description", "")).removeprefix(_COPIED).partition(" ")[0]
