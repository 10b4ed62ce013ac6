# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""AMIs as EC2 describes them, with all that decisions about their life need."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import datetime
import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.tagging import boto3_tag_list_to_ansible_dict

from . import calls_images
from .accounts import Place
from .calls import Resource
from .cloud import Cloud

# EC2 takes 200 values of filters in a request.
_VALUES = 180


@dataclasses.dataclass(frozen=True)
class Disk:
    """A disk of an AMI. C(kms_key_id) is what DescribeImages tells of it, which is nothing: the snapshot knows it."""

    snapshot_id: str
    device: str
    size: int
    encrypted: bool
    kms_key_id: str | None = None


@dataclasses.dataclass(frozen=True)
class Ami:
    """An AMI and where it is. C(last_launched) is None too where botocore is too old to tell it."""

    place: Place
    image_id: str
    name: str
    description: str
    state: str
    owner: str
    created: datetime.datetime
    deprecated_at: datetime.datetime | None
    protected: bool
    public: bool
    architecture: str
    snapshots: tuple[Disk, ...]
    tags: dict[str, str]
    source_image_id: str | None
    source_region: str | None
    last_launched: datetime.datetime | None = None

    @property
    def image(self) -> str | None:
        """The name of the image that it is an artifact of."""
        return self.tags.get("golden:image")

    @property
    def version(self) -> str | None:
        return self.tags.get("golden:version")


def moment(told: str | datetime.datetime | None) -> datetime.datetime | None:
    """A time of EC2's, in whichever form."""
    if isinstance(told, str):
        return datetime.datetime.fromisoformat(told.replace("Z", "+00:00")) if told else None
    return told


def disks_of(image: Resource) -> tuple[Disk, ...]:
    """Its disks that have a snapshot; an instance store has none."""
    volumes = (
        (mapping.get("DeviceName", ""), mapping.get("Ebs", {})) for mapping in image.get("BlockDeviceMappings", [])
    )
    return tuple(
        Disk(ebs["SnapshotId"], device, ebs.get("VolumeSize", 0), bool(ebs.get("Encrypted")), ebs.get("KmsKeyId"))
        for device, ebs in volumes
        if ebs.get("SnapshotId")
    )


def ami_of(place: Place, image: Resource) -> Ami:
    return Ami(
        place=place,
        image_id=image["ImageId"],
        name=image.get("Name", ""),
        description=image.get("Description", ""),
        state=image.get("State", ""),
        owner=image.get("OwnerId", ""),
        created=t.cast(datetime.datetime, moment(image["CreationDate"])),
        deprecated_at=moment(image.get("DeprecationTime")),
        # EC2 says "disabled", "enabled" and how, or until when a cool-down lasts.
        protected=image.get("DeregistrationProtection", "disabled") != "disabled",
        public=bool(image.get("Public")),
        architecture=image.get("Architecture", ""),
        snapshots=disks_of(image),
        tags=boto3_tag_list_to_ansible_dict(image.get("Tags", [])),
        source_image_id=image.get("SourceImageId"),
        source_region=image.get("SourceImageRegion"),
        last_launched=moment(image.get("LastLaunchedTime")),
    )


def chunks(values: c.Sequence[str], size: int = _VALUES) -> list[list[str]]:
    return [list(values[start : start + size]) for start in range(0, len(values), size)]


def _requests(
    image_ids: c.Sequence[str], names: c.Sequence[str], filters: c.Mapping[str, str | c.Sequence[str]]
) -> list[list[dict[str, t.Any]]]:
    """The filters of each request that it takes, for EC2 takes only so many values."""
    more = [
        {"Name": name, "Values": [given] if isinstance(given, str) else list(given)} for name, given in filters.items()
    ]
    more += [{"Name": "name", "Values": list(names)}] if names else []
    ids = list(dict.fromkeys(image_ids))
    if not ids:
        return [more]
    room = max(_VALUES - sum(len(one["Values"]) for one in more), 1)
    return [[{"Name": "image-id", "Values": chunk}, *more] for chunk in chunks(ids, room)]


def read_amis(
    cloud: Cloud,
    place: Place,
    *,
    owners: c.Sequence[str] = ("self",),
    image_ids: c.Sequence[str] = (),
    names: c.Sequence[str] = (),
    filters: c.Mapping[str, str | c.Sequence[str]] | None = None,
    deprecated: bool = True,
    disabled: bool = True,
) -> list[Ami]:
    """The AMIs of a place, oldest first, of any owner if C(owners) is empty; one call for a thousand of them.

    An id of none is left out. C(cloud) is that of the place's account.
    """
    request: dict[str, t.Any] = {"IncludeDeprecated": deprecated, "IncludeDisabled": disabled}
    if owners:
        request["Owners"] = list(owners)
    found = [
        ami_of(place, image)
        for one in _requests(image_ids, names, filters or {})
        for image in calls_images.describe_all_images(
            cloud.ec2(place.region), **request, **({"Filters": one} if one else {})
        )
    ]
    return sorted(found, key=lambda ami: (ami.created, ami.image_id))
