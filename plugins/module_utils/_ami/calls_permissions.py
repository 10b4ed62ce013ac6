# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Calls about who may use AMIs and snapshots."""

from __future__ import annotations

from .calls import Client, Resource, _call


@_call("read the launch permissions of {image_id}")
def read_launch_permissions(ec2: Client, image_id: str) -> list[Resource]:
    found = ec2.describe_image_attribute(ImageId=image_id, Attribute="launchPermission")
    permissions: list[Resource] = found.get("LaunchPermissions", [])
    return permissions


@_call("read the createVolume permissions of {snapshot_id}")
def read_volume_permissions(ec2: Client, snapshot_id: str) -> list[Resource]:
    found = ec2.describe_snapshot_attribute(SnapshotId=snapshot_id, Attribute="createVolumePermission")
    permissions: list[Resource] = found.get("CreateVolumePermissions", [])
    return permissions


@_call("change the launch permissions of {image_id}")
def modify_launch_permissions(ec2: Client, image_id: str, changes: dict[str, list[Resource]]) -> None:
    ec2.modify_image_attribute(ImageId=image_id, Attribute="launchPermission", LaunchPermission=changes)


@_call("change the createVolume permissions of {snapshot_id}")
def modify_volume_permissions(ec2: Client, snapshot_id: str, operation: str, entries: list[Resource]) -> None:
    """C(operation) is add or remove: EC2 does one of them in a call."""
    ec2.modify_snapshot_attribute(
        SnapshotId=snapshot_id,
        Attribute="createVolumePermission",
        OperationType=operation,
        CreateVolumePermission={operation.capitalize(): entries},
    )


@_call("read whether AMIs of the account can be public")
def read_image_block(ec2: Client) -> str:
    """C(unblocked) when they can."""
    return str(ec2.get_image_block_public_access_state()["ImageBlockPublicAccessState"])


@_call("read whether snapshots of the account can be public")
def read_snapshot_block(ec2: Client) -> str:
    """C(unblocked) when they can."""
    return str(ec2.get_snapshot_block_public_access_state()["State"])


@_call("read the KMS key {key_id}")
def describe_key(kms: Client, key_id: str) -> Resource:
    key: Resource = kms.describe_key(KeyId=key_id)["KeyMetadata"]
    return key


@_call("read the policy of the KMS key {key_id}")
def read_key_policy(kms: Client, key_id: str) -> str:
    return str(kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"])


@_call("list the grants of the KMS key {key_id}")
def list_grants(kms: Client, key_id: str) -> list[Resource]:
    grants: list[Resource] = kms.get_paginator("list_grants").paginate(KeyId=key_id).build_full_result()["Grants"]
    return grants
