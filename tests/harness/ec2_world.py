# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small EC2 of several accounts and Regions in memory, for unit tests of what calls many places at once.

It answers boto3's own clients, refuses requests that botocore's model has otherwise, and notes every call.
"""

from __future__ import annotations

import collections.abc as c
import datetime
import fnmatch
import itertools
import threading
import typing as t
from dataclasses import dataclass, field

import botocore.exceptions
import botocore.validate

HOME, OTHER, THIRD = "111111111111", "222222222222", "333333333333"
REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2")
AWS_KEY = f"arn:aws:kms:us-east-1:{HOME}:key/aws-managed"
KEY = f"arn:aws:kms:us-east-1:{HOME}:key/own"

Place = tuple[str, str]
Resource = dict[str, t.Any]
READS = ("Describe", "Get", "List", "AssumeRole")


def refusal(operation: str, code: str, text: str = "says the test") -> botocore.exceptions.ClientError:
    return botocore.exceptions.ClientError({"Error": {"Code": code, "Message": text}}, operation)


def tagged(tags: c.Mapping[str, str]) -> list[Resource]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@dataclass
class Clock:
    """Sleeping takes no time on it."""

    now: float = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Fault:
    """What goes wrong with calls. ``after``: the call is done, and its answer is lost."""

    operation: str
    error: Exception
    when: c.Callable[[Place, Resource], bool] = lambda _place, _request: True
    times: int = 1
    after: bool = False


@dataclass
class World:
    clock: Clock = field(default_factory=Clock)
    images: dict[Place, dict[str, Resource]] = field(default_factory=dict)
    snapshots: dict[Place, dict[str, Resource]] = field(default_factory=dict)
    keys: dict[Place, dict[str, Resource]] = field(default_factory=dict)
    shared: set[tuple[str, str]] = field(default_factory=set)
    tokens: dict[tuple[Place, str], str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    seen: list[tuple[Place, str, Resource]] = field(default_factory=list)
    # Seconds that a copy takes, and whether it fails, by Region.
    takes: dict[str, float] = field(default_factory=dict)
    fails: dict[str, str] = field(default_factory=dict)
    _ids: t.Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _lock: t.Any = field(default_factory=threading.RLock)

    def image(self, place: Place, **given: t.Any) -> Resource:
        """An AMI with one disk or several (``disks``: device to tags), each with the key ``key`` if there is one."""
        image_id = given.pop("image_id", None) or f"ami-{next(self._ids):017x}"
        disks, key, tags = given.pop("disks", {"/dev/xvda": {}}), given.pop("key", None), given.pop("tags", {})
        mappings = [
            self._disk(place, image_id, device, one, key, given.get("State", "available"))
            for device, one in disks.items()
        ]
        made = {
            "ImageId": image_id,
            "Name": f"image-{image_id[-3:]}",
            "Description": "as it was built",
            "State": "available",
            "OwnerId": place[0],
            "Public": False,
            "CreationDate": "2026-11-21T09:00:00.000Z",
            "BlockDeviceMappings": mappings,
            "Tags": tagged(tags),
            **given,
        }
        self.images.setdefault(place, {})[image_id] = made
        return made

    def _disk(
        self, place: Place, image_id: str, device: str, tags: dict[str, str], key: str | None, state: str
    ) -> Resource:
        snapshot_id = f"snap-{next(self._ids):017x}"
        self.snapshots.setdefault(place, {})[snapshot_id] = {
            "SnapshotId": snapshot_id,
            "Description": f"Copied for DestinationAmi {image_id} from SourceAmi ami-x for SourceSnapshot snap-x.",
            "State": "completed" if state == "available" else "pending",
            "Encrypted": bool(key),
            "Tags": tagged(tags),
            **({"KmsKeyId": key} if key else {}),
        }
        return {"DeviceName": device, "Ebs": {"SnapshotId": snapshot_id, "Encrypted": bool(key), "VolumeSize": 8}}

    def tags(self, place: Place, resource: str) -> dict[str, str]:
        every = {**self.images.get(place, {}), **self.snapshots.get(place, {})}
        return {one["Key"]: one["Value"] for one in every[resource]["Tags"]}

    @property
    def operations(self) -> list[str]:
        return [operation for _place, operation, _request in self.seen]

    @property
    def writes(self) -> list[str]:
        return [operation for operation in self.operations if not operation.startswith(READS)]

    def __call__(self, client: t.Any, operation: str, request: Resource) -> t.Any:
        shape = client.meta.service_model.operation_model(operation).input_shape
        report = botocore.validate.ParamValidator().validate(request, shape)
        if report.has_errors():
            raise AssertionError(f"{operation}: {report.generate_report()}")
        account = client._request_signer._credentials.access_key
        place = (account if account.isdigit() else HOME, client.meta.region_name)
        with self._lock:
            self.seen.append((place, operation, request))
            fault = self._fault(place, operation, request)
            if fault and not fault.after:
                raise fault.error
            answer = getattr(self, f"_{operation}")(place, request)
            if fault:
                raise fault.error
            return answer

    def _fault(self, place: Place, operation: str, request: Resource) -> Fault | None:
        for fault in self.faults:
            if fault.operation == operation and fault.times and fault.when(place, request):
                fault.times -= 1
                return fault
        return None

    # STS, KMS

    def _GetCallerIdentity(self, place: Place, _request: Resource) -> Resource:  # noqa: N802
        return {"Account": place[0]}

    def _AssumeRole(self, _place: Place, request: Resource) -> Resource:  # noqa: N802
        account = request["RoleArn"].split(":")[4]
        ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
        keys = {"AccessKeyId": account, "SecretAccessKey": "s", "SessionToken": "t", "Expiration": ends}
        return {"Credentials": keys}

    def _DescribeKey(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        found = self.keys.get(place, {}).get(request["KeyId"])
        if found is None:
            raise refusal("DescribeKey", "NotFoundException")
        return {"KeyMetadata": found}

    # EC2

    def _DescribeRegions(self, _place: Place, _request: Resource) -> Resource:  # noqa: N802
        return {"Regions": [{"RegionName": one} for one in REGIONS]}

    def _DescribeImages(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        self._settle()
        found = [
            image
            for (owner, region), images in self.images.items()
            for image in images.values()
            if region == place[1] and (owner == place[0] or (image["ImageId"], place[0]) in self.shared)
        ]
        if "Owners" in request:
            owners = {place[0] if owner == "self" else owner for owner in request["Owners"]}
            found = [image for image in found if image["OwnerId"] in owners]
        fields = {"image-id": "ImageId", "name": "Name", "source-image-id": "SourceImageId"}
        return {"Images": [dict(one) for one in found if _passes(one, request.get("Filters", []), fields)]}

    def _DescribeSnapshots(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        found = [
            snapshot
            for (owner, region), snapshots in self.snapshots.items()
            for snapshot in snapshots.values()
            if region == place[1] and (owner == place[0] or (snapshot["SnapshotId"], place[0]) in self.shared)
        ]
        fields = {"snapshot-id": "SnapshotId", "description": "Description", "status": "State"}
        found = [self._so_far(one) for one in found]
        return {"Snapshots": [one for one in found if _passes(one, request.get("Filters", []), fields)]}

    def _so_far(self, snapshot: Resource) -> Resource:
        """With how far it is, where a copy takes its time."""
        copies = {
            f"Copied for DestinationAmi {one}": image for some in self.images.values() for one, image in some.items()
        }
        image = copies.get(snapshot["Description"].partition(" from ")[0], {})
        if "ready" not in image or self.clock.now >= image["ready"]:
            return dict(snapshot)
        part = (self.clock.now - image["began"]) / (image["ready"] - image["began"])
        return {**snapshot, "Progress": f"{int(100 * part)}%"}

    def _ModifyImageAttribute(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        for one in request.get("LaunchPermission", {}).get("Add", []):
            self.shared.add((request["ImageId"], one["UserId"]))
        if "Description" in request:
            self.images[place][request["ImageId"]]["Description"] = request["Description"]["Value"]
        return {}

    def _ModifySnapshotAttribute(self, _place: Place, request: Resource) -> Resource:  # noqa: N802
        for one in request["CreateVolumePermission"]["Add"]:
            self.shared.add((request["SnapshotId"], one["UserId"]))
        return {}

    def _CopyImage(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        token = (place, request["ClientToken"])
        if token in self.tokens:
            return {"ImageId": self.tokens[token]}
        source = self._visible(place[0], request["SourceRegion"], request["SourceImageId"])
        if any(one["Name"] == request["Name"] for one in self.images.get(place, {}).values()):
            raise refusal("CopyImage", "InvalidAMIName.Duplicate")
        tags = {one["ResourceType"]: one["Tags"] for one in request.get("TagSpecifications", [])}
        image = self.image(
            place,
            Name=request["Name"],
            Description=request.get("Description", ""),
            State="pending",
            SourceImageId=source["ImageId"],
            SourceImageRegion=request["SourceRegion"],
            key=request.get("KmsKeyId"),
            disks={
                one["DeviceName"]: {tag["Key"]: tag["Value"] for tag in tags.get("snapshot", [])}
                for one in source["BlockDeviceMappings"]
            },
        )
        image["Tags"] = list(tags.get("image", []))
        image["began"] = self.clock.now
        image["ready"] = self.clock.now + self.takes.get(place[1], 0.0)
        self.tokens[token] = image["ImageId"]
        return {"ImageId": image["ImageId"]}

    def _visible(self, account: str, region: str, image_id: str) -> Resource:
        for (owner, there), images in self.images.items():
            if there == region and image_id in images:
                disks = [one["Ebs"]["SnapshotId"] for one in images[image_id]["BlockDeviceMappings"]]
                if owner == account or all((one, account) in self.shared for one in (image_id, *disks)):
                    return images[image_id]
        raise refusal("CopyImage", "InvalidAMIID.NotFound")

    def _settle(self) -> None:
        for (_account, region), images in self.images.items():
            for image in images.values():
                if image["State"] == "pending" and self.clock.now >= image.get("ready", float("inf")):
                    image["State"] = "failed" if region in self.fails else "available"
                    if region in self.fails:
                        image["StateReason"] = {"Message": self.fails[region]}

    def _CreateTags(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        for resource in request["Resources"]:
            every = {**self.images.get(place, {}), **self.snapshots.get(place, {})}
            tags = self.tags(place, resource) | {one["Key"]: one["Value"] for one in request["Tags"]}
            every[resource]["Tags"] = tagged(tags)
        return {}

    def _DeregisterImage(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        del self.images[place][request["ImageId"]]
        return {}

    def _DeleteSnapshot(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        del self.snapshots[place][request["SnapshotId"]]
        return {}


def _passes(one: Resource, filters: list[Resource], fields: dict[str, str]) -> bool:
    tags = {tag["Key"]: tag["Value"] for tag in one["Tags"]}
    for wanted in filters:
        name = wanted["Name"]
        value = tags.get(name.removeprefix("tag:")) if name.startswith("tag:") else one.get(fields[name])
        if not any(fnmatch.fnmatchcase(str(value), pattern) for pattern in wanted["Values"]):
            return False
    return True
