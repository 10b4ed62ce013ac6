# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Calls that take AMIs out of use, stage by stage, and what only a retention reads."""

from __future__ import annotations

import datetime
import typing as t

from .calls import Client, Resource, _call, _deletion, _lookup

# What DeleteParameters takes at once.
_NAMES = 10


@_lookup("ask when the image {image_id} was launched last")
def last_launched(ec2: Client, image_id: str) -> str | None:
    answer = ec2.describe_image_attribute(ImageId=image_id, Attribute="lastLaunchedTime")
    value: str | None = answer.get("LastLaunchedTime", {}).get("Value")
    return value


@_call("describe the snapshots of images that {filters} finds")
def own_snapshots(ec2: Client, filters: list[Resource]) -> list[Resource]:
    pages = ec2.get_paginator("describe_snapshots").paginate(
        OwnerIds=["self"], Filters=filters, PaginationConfig={"PageSize": 1000}
    )
    return [snapshot for page in pages for snapshot in page["Snapshots"]]


@_call("deprecate the image {image_id}")
def deprecate_image(ec2: Client, image_id: str, at: datetime.datetime) -> None:
    ec2.enable_image_deprecation(ImageId=image_id, DeprecateAt=at)


@_call("disable the image {image_id}")
def disable_image(ec2: Client, image_id: str) -> None:
    ec2.disable_image(ImageId=image_id)


@_call("delete the SSM parameters {names}")
def delete_parameters(ssm: Client, names: list[str]) -> None:
    """Those that are gone already are no error."""
    for start in range(0, len(names), _NAMES):
        ssm.delete_parameters(Names=names[start : start + _NAMES])


@_call("delete the versions {versions} of the launch template {template_id}")
def delete_template_versions(ec2: Client, template_id: str, versions: list[str]) -> list[str]:
    """Those that EC2 did not delete, with its words."""
    answer = ec2.delete_launch_template_versions(LaunchTemplateId=template_id, Versions=versions)
    return [
        f"{template_id}:{one.get('VersionNumber')}: {one.get('ResponseError', {}).get('Message', 'no reason given')}"
        for one in answer.get("UnsuccessfullyDeletedLaunchTemplateVersions", [])
    ]


def deletes_snapshots(ec2: Client) -> bool:
    """Whether the installed botocore can ask that the snapshots go with their image."""
    return "DeleteAssociatedSnapshots" in ec2.meta.service_model.operation_model("DeregisterImage").input_shape.members


def tells_launches(ec2: Client) -> bool:
    """Whether the installed botocore reads from DescribeImages when an image was launched last."""
    return "LastLaunchedTime" in ec2.meta.service_model.shape_for("Image").members


@_deletion("deregister the image {image_id} and delete its snapshots")
def deregister_with_snapshots(ec2: Client, image_id: str) -> list[Resource]:
    """One call; gives what became of each snapshot."""
    results: list[Resource] = ec2.deregister_image(ImageId=image_id, DeleteAssociatedSnapshots=True).get(
        "DeleteSnapshotResults", []
    )
    return results


@_call("find the images that use the snapshots {snapshot_ids}")
def images_with_snapshots(ec2: Client, snapshot_ids: list[str]) -> list[Resource]:
    request: dict[str, t.Any] = {"IncludeDeprecated": True, "IncludeDisabled": True, "Owners": ["self"]}
    filters = [{"Name": "block-device-mapping.snapshot-id", "Values": snapshot_ids}]
    pages = ec2.get_paginator("describe_images").paginate(
        **request, Filters=filters, PaginationConfig={"PageSize": 1000}
    )
    return [image for page in pages for image in page["Images"]]
