# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
)

from . import calls
from .cloud import Cloud


@dataclasses.dataclass(frozen=True)
class OwnImage:
    """An AMI of ours as EC2 describes it."""

    image_id: str
    created: datetime.datetime
    tags: dict[str, str]
    snapshot_ids: tuple[str, ...]
    snapshot_tags: dict[str, dict[str, str]]
    state: str
    owner: str | None = None

    @property
    def version(self) -> str:
        return self.tags.get("golden:version", "")


def _created(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def own_image(image: calls.Resource) -> OwnImage:
    disks = (mapping.get("Ebs", {}).get("SnapshotId") for mapping in image.get("BlockDeviceMappings", []))
    return OwnImage(
        image["ImageId"],
        _created(image["CreationDate"]),
        boto3_tag_list_to_ansible_dict(image.get("Tags", [])),
        tuple(disk for disk in disks if disk),
        {},
        image.get("State", ""),
        image.get("OwnerId"),
    )


def find_own_images(cloud: Cloud, name: str) -> list[OwnImage]:
    """The account's AMIs of an image, oldest first; one call."""
    images = calls.describe_images(
        cloud.ec2(),
        Owners=["self"],
        Filters=[
            {"Name": "tag:golden:image", "Values": [name]},
            {"Name": "state", "Values": ["available", "pending"]},
        ],
    )
    return sorted((own_image(image) for image in images), key=lambda image: (image.created, image.image_id))


def describe_artifacts(cloud: Cloud, region: str, image_ids: list[str]) -> list[OwnImage]:
    """The AMIs that a build says it made; one call. Fewer come back when it did not."""
    images = calls.describe_images(cloud.ec2(region), Filters=[{"Name": "image-id", "Values": image_ids}])
    return [own_image(image) for image in images]


def tag_where_missing(
    cloud: Cloud, region: str, found: dict[str, dict[str, str]], wanted: t.Mapping[str, str]
) -> list[str]:
    """Tag those resources that lack a tag; one call for all of them, none when nothing lacks."""
    lacking = [resource for resource, tags in found.items() if any(tags.get(k) != v for k, v in wanted.items())]
    if lacking:
        calls.create_tags(cloud.ec2(region), lacking, ansible_dict_to_boto3_tag_list(dict(wanted)))
    return lacking
