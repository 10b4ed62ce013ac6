# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Calls that copy AMIs, and let another account do so."""

from __future__ import annotations

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code

from .calls import _NOT_YET, Client, Resource, _call, _call_about_new
from .calls_images import PAGE

# A permission that was given a moment ago may not be known everywhere; EC2's word is the general one of a bad request.
_NOT_SHARED_YET = [*_NOT_YET, "InvalidRequest", "AuthFailure", "InvalidAMIID.Unavailable"]


@_call("copy the image {image_id} to {region}")
def copy_image(ec2: Client, image_id: str, region: str, request: Resource) -> str:
    """Gives the id of the copy, of the same one for the same C(ClientToken)."""
    return str(ec2.copy_image(SourceImageId=image_id, **request)["ImageId"])


@_call("copy the image {image_id} to {region}", patient_with=_NOT_SHARED_YET)
def copy_shared_image(ec2: Client, image_id: str, region: str, request: Resource) -> str:
    """The same for an AMI that this task has shared."""
    return str(ec2.copy_image(SourceImageId=image_id, **request)["ImageId"])


@_call("share the image {image_id} with {accounts}")
def share_image(ec2: Client, image_id: str, accounts: list[str]) -> None:
    added = {"Add": [{"UserId": account} for account in accounts]}
    ec2.modify_image_attribute(ImageId=image_id, LaunchPermission=added)


@_call("share the snapshot {snapshot_id} with {accounts}")
def share_snapshot(ec2: Client, snapshot_id: str, accounts: list[str]) -> None:
    added = {"Add": [{"UserId": account} for account in accounts]}
    ec2.modify_snapshot_attribute(
        SnapshotId=snapshot_id, Attribute="createVolumePermission", CreateVolumePermission=added
    )


@_call_about_new("describe the image {image_id}")
def set_description(ec2: Client, image_id: str, text: str) -> None:
    ec2.modify_image_attribute(ImageId=image_id, Description={"Value": text})


@_call("list snapshots")
def describe_own_snapshots(ec2: Client, filters: list[Resource]) -> list[Resource]:
    pages = ec2.get_paginator("describe_snapshots").paginate(OwnerIds=["self"], Filters=filters, PaginationConfig=PAGE)
    snapshots: list[Resource] = pages.build_full_result()["Snapshots"]
    return snapshots


@_call("describe the KMS key {key}")
def describe_key(kms: Client, key: str) -> Resource | None:
    """A key by its id, ARN or alias; None when there is none of that name in the account and Region."""
    try:
        found: Resource = kms.describe_key(KeyId=key)["KeyMetadata"]
    except is_boto3_error_code("NotFoundException"):
        return None
    return found


def can_set_completion(ec2: Client) -> bool:
    """Whether botocore is new enough for copies that end within a time."""
    shape = ec2.meta.service_model.operation_model("CopyImage").input_shape
    return "SnapshotCopyCompletionDurationMinutes" in shape.members


def tells_source(ec2: Client) -> bool:
    """Whether botocore is new enough to tell what an AMI was copied from."""
    return "SourceImageId" in ec2.meta.service_model.shape_for("Image").members
