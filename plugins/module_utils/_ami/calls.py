# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

Client = t.Any
Resource = dict[str, t.Any]

_GONE = [
    "InvalidInstanceID.NotFound",
    "InvalidGroup.NotFound",
    "InvalidGroupId.NotFound",
    "InvalidVolume.NotFound",
    "InvalidKeyPair.NotFound",
    "InvalidAMIID.NotFound",
    "InvalidAMIID.Unavailable",
    "InvalidSnapshot.NotFound",
    "InvalidSpotInstanceRequestID.NotFound",
    "ParameterNotFound",
]


class AmiError(AnsibleAWSError):
    """A call about an AMI, or about what is needed to make one, failed."""


class _Handler(AWSErrorHandler):
    _CUSTOM_EXCEPTION = AmiError

    @classmethod
    def _is_missing(cls) -> t.Any:
        return is_boto3_error_code(_GONE)


# SSM says ThrottlingException where EC2 says RequestLimitExceeded.
_retry = AWSRetry.jittered_backoff(retries=6, delay=1, max_delay=15, catch_extra_error_codes=["ThrottlingException"])


@_Handler.list_error_handler("read the SSM parameter {name}", None)
@_retry
def get_parameter(ssm: Client, name: str) -> str | None:
    value: str = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    return value


@_Handler.common_error_handler("write the SSM parameter {name}")
@_retry
def put_image_parameter(ssm: Client, name: str, image_id: str, description: str) -> None:
    """Create a parameter that SSM knows to be an AMI; an existing one is an error, versions are written once."""
    ssm.put_parameter(Name=name, Value=image_id, Description=description, Type="String", DataType="aws:ec2:image")


@_Handler.common_error_handler("describe images")
@_retry
def describe_images(ec2: Client, **request: t.Any) -> list[Resource]:
    images: list[Resource] = ec2.describe_images(**request)["Images"]
    return images


@_Handler.common_error_handler("describe tags")
@_retry
def describe_tags(ec2: Client, filters: list[Resource]) -> list[Resource]:
    found: Resource = ec2.get_paginator("describe_tags").paginate(Filters=filters).build_full_result()
    tags: list[Resource] = found["Tags"]
    return tags


@_Handler.common_error_handler("tag {resources}")
@_retry
def create_tags(ec2: Client, resources: list[str], tags: list[Resource]) -> None:
    ec2.create_tags(Resources=resources, Tags=tags)


@_Handler.common_error_handler("describe the instances {ids}")
@_retry
def describe_instances(ec2: Client, ids: list[str]) -> list[Resource]:
    found = ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": ids}])
    return [instance for reservation in found["Reservations"] for instance in reservation["Instances"]]


@_Handler.common_error_handler("describe the snapshots {ids}")
@_retry
def describe_snapshots(ec2: Client, ids: list[str]) -> list[Resource]:
    snapshots: list[Resource] = ec2.describe_snapshots(Filters=[{"Name": "snapshot-id", "Values": ids}])["Snapshots"]
    return snapshots


@_Handler.common_error_handler("describe the volumes {ids}")
@_retry
def describe_volumes(ec2: Client, ids: list[str]) -> list[Resource]:
    volumes: list[Resource] = ec2.describe_volumes(Filters=[{"Name": "volume-id", "Values": ids}])["Volumes"]
    return volumes


@_Handler.common_error_handler("describe the security groups {filters}")
@_retry
def describe_security_groups(ec2: Client, filters: list[Resource]) -> list[Resource]:
    groups: list[Resource] = ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    return groups


@_Handler.common_error_handler("describe the key pairs {filters}")
@_retry
def describe_key_pairs(ec2: Client, filters: list[Resource]) -> list[Resource]:
    pairs: list[Resource] = ec2.describe_key_pairs(Filters=filters)["KeyPairs"]
    return pairs


@_Handler.deletion_error_handler("terminate the instances {ids}")
@_retry
def terminate_instances(ec2: Client, ids: list[str]) -> None:
    ec2.terminate_instances(InstanceIds=ids)


@_Handler.deletion_error_handler("cancel the spot requests {ids}")
@_retry
def cancel_spot_requests(ec2: Client, ids: list[str]) -> None:
    ec2.cancel_spot_instance_requests(SpotInstanceRequestIds=ids)


@_Handler.deletion_error_handler("delete the security group {group_id}")
@_retry
def delete_security_group(ec2: Client, group_id: str) -> None:
    ec2.delete_security_group(GroupId=group_id)


@_Handler.deletion_error_handler("delete the volume {volume_id}")
@_retry
def delete_volume(ec2: Client, volume_id: str) -> None:
    ec2.delete_volume(VolumeId=volume_id)


@_Handler.deletion_error_handler("delete the key pair {name}")
@_retry
def delete_key_pair(ec2: Client, name: str) -> None:
    ec2.delete_key_pair(KeyName=name)


@_Handler.deletion_error_handler("deregister the image {image_id}")
@_retry
def deregister_image(ec2: Client, image_id: str) -> None:
    ec2.deregister_image(ImageId=image_id)


@_Handler.deletion_error_handler("delete the snapshot {snapshot_id}")
@_retry
def delete_snapshot(ec2: Client, snapshot_id: str) -> None:
    ec2.delete_snapshot(SnapshotId=snapshot_id)
