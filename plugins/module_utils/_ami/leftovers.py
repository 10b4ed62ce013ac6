# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections.abc as c
import dataclasses
import datetime
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
    # What is there and is not touched, by the sentence that says why.
    untouched: dict[str, list[tuple[str, str]]] = dataclasses.field(default_factory=dict)

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

    def leave(self, why: str, kind: str, resource_id: str) -> None:
        if resource_id not in self.ids(kind):
            self.untouched.setdefault(why, []).append((kind, resource_id))

    def described_untouched(self) -> list[dict[str, str]]:
        return [
            {"region": self.region, "type": kind, "id": resource_id}
            for things in self.untouched.values()
            for kind, resource_id in things
        ]

    def reasons(self) -> list[str]:
        return [
            f"{', '.join(f'{kind} {resource_id}' for kind, resource_id in things)}: {why}"
            for why, things in self.untouched.items()
        ]


@dataclasses.dataclass
class Learned:
    """What Packer seems to have said that it created, for templates that take no tags for the time of the run.

    C(began) is when the run did, in seconds since 1970; 0 when it is not known, and then there is no proof of anything.
    C(tagged) is the same of things that carry the run's tag, by kind: they are found by that, and what was said of them
    is told where EC2 cannot be asked.
    """

    instances: list[str] = dataclasses.field(default_factory=list)
    key_pairs: list[str] = dataclasses.field(default_factory=list)
    security_groups: list[str] = dataclasses.field(default_factory=list)
    images: list[str] = dataclasses.field(default_factory=list)
    regions: list[str] = dataclasses.field(default_factory=list)
    began: float = 0.0
    tagged: dict[str, list[str]] = dataclasses.field(default_factory=dict)

    def anything(self) -> bool:
        return bool(self.instances or self.key_pairs or self.security_groups or self.images)

    def spoken_of(self, region: str) -> list[dict[str, str]]:
        """What the run seems to have made, in the form of what is left; groups and key pairs by their names."""
        kinds = {
            "instance": [*self.instances, *self.tagged.get("instances", [])],
            "security-group": [*self.security_groups, *self.tagged.get("security_groups", [])],
            "key-pair": [*self.key_pairs, *self.tagged.get("key_pairs", [])],
            "image": [*self.images, *self.tagged.get("images", [])],
        }
        return [{"region": region, "type": kind, "id": name} for kind, names in kinds.items() for name in names]


# In this order nothing is still used by something that goes later.
_ORDER = ("spot-instances-request", "instance", "security-group", "volume", "key-pair", "image", "snapshot")
# These go with their instances.
_GO_ALONG = ("network-interface", "fleet")
_OPEN = ("open", "active", "disabled")
NOT_KNOWN = "not removed, because the collection does not know how"
NOT_PROVEN = "not removed, because nothing proves that this build made it; it only seems to have been spoken of"
# How much the clocks of this machine and of AWS may differ, seconds; with more AWS refuses signatures.
_SKEW = 300.0
_TEMPORARY_GROUP = "Temporary group for Packer"


def list_tagged(cloud: Cloud, region: str, run_id: str) -> list[tuple[str, str]]:
    """Kind and id of all that carries a run's id; one call."""
    filters: Filters = [{"Name": "key", "Values": [RUN_TAG]}, {"Name": "value", "Values": [run_id]}]
    return [(tag["ResourceType"], tag["ResourceId"]) for tag in calls.describe_tags(cloud.ec2(region), filters)]


def select(cloud: Cloud, region: str, tagged: c.Iterable[tuple[str, str]], keep: c.Collection[str]) -> Leftovers:
    """Those that should not be there. One call when instances are among them, one for spot requests, else none.

    Both stay in DescribeTags for about an hour after they are gone, so their state is asked.
    """
    found = Leftovers(region)
    for kind, resource_id in tagged:
        if kind in _GO_ALONG or resource_id in keep:
            continue
        if kind in _ORDER:
            found.add(kind, resource_id)
        else:
            found.leave(NOT_KNOWN, kind, resource_id)
    if found.ids("instance"):
        found.resources["instance"] = _running(cloud, region, found.ids("instance"))
    if found.ids("spot-instances-request"):
        found.resources["spot-instances-request"] = _open_requests(cloud, region, found.ids("spot-instances-request"))
    return _without_empty(found)


def _without_empty(found: Leftovers) -> Leftovers:
    return Leftovers(found.region, {kind: ids for kind, ids in found.resources.items() if ids}, found.untouched)


def _instances(cloud: Cloud, region: str, ids: list[str]) -> list[calls.Resource]:
    found = calls.describe_instances(cloud.ec2(region), ids)
    return [instance for instance in found if instance["State"]["Name"] != "terminated"]


def _running(cloud: Cloud, region: str, ids: list[str]) -> list[str]:
    return [instance["InstanceId"] for instance in _instances(cloud, region, ids)]


def _open_requests(cloud: Cloud, region: str, ids: list[str]) -> list[str]:
    found = calls.describe_spot_requests(cloud.ec2(region), ids)
    return [request["SpotInstanceRequestId"] for request in found if request["State"] in _OPEN]


def _named(name: str, values: list[str]) -> Filters:
    return [{"Name": name, "Values": values}]


def _since(when: object, began: float) -> bool:
    """Whether something is of a run's time: C(when) as EC2 says it, a time or (for images) its text."""
    if isinstance(when, str):
        when = datetime.datetime.fromisoformat(when)
    return bool(began) and isinstance(when, datetime.datetime) and when.timestamp() >= began - _SKEW


def made_instance(instance: calls.Resource, learned: Learned) -> bool:
    """A launched instance has the key pair or the security group that was made for it alone."""
    groups = {group.get("GroupName") for group in instance.get("SecurityGroups", [])}
    alone = instance.get("KeyName") in learned.key_pairs or bool(groups & set(learned.security_groups))
    return alone and _since(instance.get("LaunchTime"), learned.began)


def made_group(group: calls.Resource, learned: Learned) -> bool:
    """A group has no time, but a random name and Packer's own description."""
    return group["GroupName"] in learned.security_groups and group.get("Description") == _TEMPORARY_GROUP


def made_key_pair(pair: calls.Resource, learned: Learned) -> bool:
    """AWS says when a pair was made. Clouds that are only like it may not, and the name is random."""
    in_time = "CreateTime" not in pair or _since(pair["CreateTime"], learned.began)
    return pair["KeyName"] in learned.key_pairs and in_time


def made_image(image: calls.Resource, learned: Learned) -> bool:
    return image.get("SourceInstanceId") in learned.instances and _since(image.get("CreationDate"), learned.began)


def add_learned(cloud: Cloud, found: Leftovers, learned: Learned, keep: c.Collection[str]) -> Leftovers:
    """Add what Packer said it created, is still there, and shows by itself that this run made it.

    What does not show it stays, and is named: its id may have come from a provisioner's output.
    """
    ec2 = cloud.ec2(found.region)

    def add(kind: str, resource_id: str, proven: bool) -> None:
        if proven:
            found.add(kind, resource_id)
        else:
            found.leave(NOT_PROVEN, kind, resource_id)

    for one in _instances(cloud, found.region, learned.instances) if learned.instances else []:
        add("instance", one["InstanceId"], made_instance(one, learned))
    groups = _named("group-name", learned.security_groups)
    for one in calls.describe_security_groups(ec2, groups) if learned.security_groups else []:
        add("security-group", one["GroupId"], made_group(one, learned))
    pairs = _named("key-name", learned.key_pairs)
    for one in calls.describe_key_pairs(ec2, pairs) if learned.key_pairs else []:
        if one["KeyPairId"] in keep:
            continue
        add("key-pair", one["KeyPairId"], made_key_pair(one, learned))
    images = _named("image-id", [image_id for image_id in learned.images if image_id not in keep])
    # An image of somebody else's was not made here, whatever was said about it.
    for one in calls.describe_images(ec2, Owners=["self"], Filters=images) if images[0]["Values"] else []:
        add("image", one["ImageId"], made_image(one, learned))
    return _without_empty(found)


def still_there(cloud: Cloud, found: Leftovers) -> Leftovers:
    """Ask about each thing by itself: tags of what is gone may be listed for a while."""
    ec2 = cloud.ec2(found.region)
    instances, volumes, snapshots = (found.ids(kind) for kind in ("instance", "volume", "snapshot"))
    groups, pairs, images = (found.ids(kind) for kind in ("security-group", "key-pair", "image"))
    requests = found.ids("spot-instances-request")
    rest = {
        "spot-instances-request": _open_requests(cloud, found.region, requests) if requests else [],
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


def _terminate(cloud: Cloud, region: str, ids: list[str]) -> None:
    """Terminate, and wait for it: nothing that an instance uses can go before. One that may not be is not waited for."""
    calls.terminate_instances(cloud.ec2(region), ids)
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
        yield lambda: _terminate(cloud, found.region, instances)
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
