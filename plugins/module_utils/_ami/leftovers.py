# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections.abc as c
import dataclasses
import time

from . import calls
from .cloud import Cloud

RUN_TAG = "golden:run"
_TERMINATION = 300.0
_POLL = 2.0

Filters = list[calls.Resource]


@dataclasses.dataclass
class Leftovers:
    """Ids of what a run left in a Region, by the kind that EC2 calls it in tags."""

    region: str
    resources: dict[str, list[str]] = dataclasses.field(default_factory=dict)

    def ids(self, kind: str) -> list[str]:
        return self.resources.get(kind, [])

    def add(self, kind: str, resource_id: str) -> None:
        ids = self.resources.setdefault(kind, [])
        if resource_id not in ids:
            ids.append(resource_id)

    def described(self) -> list[dict[str, str]]:
        return [
            {"region": self.region, "type": kind, "id": resource_id}
            for kind, ids in sorted(self.resources.items())
            for resource_id in ids
        ]


@dataclasses.dataclass
class Learned:
    """What Packer said that it created, for templates that take no tags for the time of the run."""

    instances: list[str] = dataclasses.field(default_factory=list)
    key_pairs: list[str] = dataclasses.field(default_factory=list)
    security_groups: list[str] = dataclasses.field(default_factory=list)
    images: list[str] = dataclasses.field(default_factory=list)
    regions: list[str] = dataclasses.field(default_factory=list)

    def anything(self) -> bool:
        return bool(self.instances or self.key_pairs or self.security_groups or self.images)


# In this order nothing is still used by something that goes later.
_ORDER = ("spot-instances-request", "instance", "security-group", "volume", "key-pair", "image", "snapshot")


def list_tagged(cloud: Cloud, region: str, run_id: str) -> list[tuple[str, str]]:
    """Kind and id of all that carries a run's id; one call."""
    filters: Filters = [{"Name": "key", "Values": [RUN_TAG]}, {"Name": "value", "Values": [run_id]}]
    return [(tag["ResourceType"], tag["ResourceId"]) for tag in calls.describe_tags(cloud.ec2(region), filters)]


def select(cloud: Cloud, region: str, tagged: c.Iterable[tuple[str, str]], keep: c.Collection[str]) -> Leftovers:
    """Those that should not be there. One call when instances are among them, else none.

    Instances stay in DescribeTags for about an hour after they are gone, so their state is asked.
    """
    found = Leftovers(region)
    for kind, resource_id in tagged:
        if kind in _ORDER and resource_id not in keep:
            found.add(kind, resource_id)
    if found.ids("instance"):
        found.resources["instance"] = _running(cloud, region, found.ids("instance"))
    return _without_empty(found)


def _without_empty(found: Leftovers) -> Leftovers:
    return Leftovers(found.region, {kind: ids for kind, ids in found.resources.items() if ids})


def _running(cloud: Cloud, region: str, ids: list[str]) -> list[str]:
    found = calls.describe_instances(cloud.ec2(region), ids)
    return [instance["InstanceId"] for instance in found if instance["State"]["Name"] != "terminated"]


def _named(name: str, values: list[str]) -> Filters:
    return [{"Name": name, "Values": values}]


def add_learned(cloud: Cloud, found: Leftovers, learned: Learned, keep: c.Collection[str]) -> Leftovers:
    """Add what Packer said it created and what is still there."""
    ec2 = cloud.ec2(found.region)
    if learned.instances:
        for instance in _running(cloud, found.region, learned.instances):
            found.add("instance", instance)
    if learned.security_groups:
        for group in calls.describe_security_groups(ec2, _named("group-name", learned.security_groups)):
            found.add("security-group", group["GroupId"])
    if learned.key_pairs:
        for pair in calls.describe_key_pairs(ec2, _named("key-name", learned.key_pairs)):
            found.add("key-pair", pair["KeyPairId"])
    images = [image_id for image_id in learned.images if image_id not in keep]
    if images:
        for image in calls.describe_images(ec2, Filters=_named("image-id", images)):
            found.add("image", image["ImageId"])
    return _without_empty(found)


def still_there(cloud: Cloud, found: Leftovers) -> Leftovers:
    """Ask about each thing by itself: tags of what is gone may be listed for a while."""
    ec2 = cloud.ec2(found.region)
    instances, volumes, snapshots = (found.ids(kind) for kind in ("instance", "volume", "snapshot"))
    groups, pairs, images = (found.ids(kind) for kind in ("security-group", "key-pair", "image"))
    rest = {
        "instance": _running(cloud, found.region, instances) if instances else [],
        "security-group": [
            group["GroupId"] for group in calls.describe_security_groups(ec2, _named("group-id", groups))
        ]
        if groups
        else [],
        "volume": [volume["VolumeId"] for volume in calls.describe_volumes(ec2, volumes)] if volumes else [],
        "key-pair": [pair["KeyPairId"] for pair in calls.describe_key_pairs(ec2, _named("key-pair-id", pairs))]
        if pairs
        else [],
        "image": [image["ImageId"] for image in calls.describe_images(ec2, Filters=_named("image-id", images))]
        if images
        else [],
        "snapshot": [snapshot["SnapshotId"] for snapshot in calls.describe_snapshots(ec2, snapshots)]
        if snapshots
        else [],
    }
    return _without_empty(Leftovers(found.region, rest))


def _wait_terminated(cloud: Cloud, region: str, ids: list[str]) -> None:
    until = time.monotonic() + _TERMINATION
    while _running(cloud, region, ids) and time.monotonic() < until:
        time.sleep(_POLL)


def _remove_key_pairs(cloud: Cloud, found: Leftovers) -> None:
    ec2 = cloud.ec2(found.region)
    for pair in calls.describe_key_pairs(ec2, _named("key-pair-id", found.ids("key-pair"))):
        calls.delete_key_pair(ec2, pair["KeyName"])


def _remove_images(cloud: Cloud, found: Leftovers) -> None:
    ec2 = cloud.ec2(found.region)
    for image in calls.describe_images(ec2, Filters=_named("image-id", found.ids("image"))):
        for mapping in image.get("BlockDeviceMappings", []):
            snapshot_id = mapping.get("Ebs", {}).get("SnapshotId")
            if snapshot_id:
                found.add("snapshot", snapshot_id)
        calls.deregister_image(ec2, image["ImageId"])


def _attempts(cloud: Cloud, found: Leftovers) -> c.Iterator[c.Callable[[], object]]:
    ec2 = cloud.ec2(found.region)
    if requests := found.ids("spot-instances-request"):
        yield lambda: calls.cancel_spot_requests(ec2, requests)
    if instances := found.ids("instance"):
        yield lambda: calls.terminate_instances(ec2, instances)
        yield lambda: _wait_terminated(cloud, found.region, instances)
    for group in found.ids("security-group"):
        yield lambda group=group: calls.delete_security_group(ec2, group)  # type: ignore[misc]
    for volume in found.ids("volume"):
        yield lambda volume=volume: calls.delete_volume(ec2, volume)  # type: ignore[misc]
    if found.ids("key-pair"):
        yield lambda: _remove_key_pairs(cloud, found)
    if found.ids("image"):
        yield lambda: _remove_images(cloud, found)
    # Read only now: removing images adds theirs.
    for snapshot in list(found.ids("snapshot")):
        yield lambda snapshot=snapshot: calls.delete_snapshot(ec2, snapshot)  # type: ignore[misc]


def remove(cloud: Cloud, found: Leftovers) -> tuple[Leftovers, list[str]]:
    """Remove what was found. Gives what is still there afterwards, and why each attempt that failed did."""
    problems: list[str] = []
    for attempt in _attempts(cloud, found):
        try:
            attempt()
        except calls.AmiError as error:
            problems.append(f"{error.message}: {error.exception}" if error.exception else error.message)
    return still_there(cloud, found), problems
