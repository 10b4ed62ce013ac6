# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from .calling import Calling, Function

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


# With these no later call of a build can succeed.
_EXPIRED = ["RequestExpired", "ExpiredToken", "ExpiredTokenException"]
EXPIRED = "the credentials have expired: get new ones"
# EC2 says so of credentials, and of a request whose time is more than a few minutes off.
_CLOCK = ["RequestExpired"]
CLOCK = "or this machine's clock is wrong: set it"


class AmiError(AnsibleAWSError):
    """A call about an AMI, or about what is needed to make one, failed."""

    def __init__(self, message: str | None = None, exception: Exception | None = None, **more: t.Any) -> None:
        if message and exception and isinstance(exception, is_boto3_error_code(_EXPIRED, exception)):
            clock = f", {CLOCK}" if isinstance(exception, is_boto3_error_code(_CLOCK, exception)) else ""
            message = f"{message} ({EXPIRED}{clock})"
        super().__init__(message=message, exception=exception, **more)


def is_expired(error: AmiError) -> bool:
    return isinstance(error.exception, is_boto3_error_code(_EXPIRED, error.exception))


# Of the words in which AWS says "not so fast" AWSRetry knows EC2's RequestLimitExceeded only; SSM says ThrottlingException.
# TooManyUpdates: another write to a parameter is under way.
_THROTTLED = [
    "ThrottlingException",
    "RequestThrottled",
    "RequestThrottledException",
    "EC2ThrottledException",
    "TooManyUpdates",
]
# EC2 may not know what it has just made itself: its API reference, "Ensuring idempotency" and "Eventual consistency".
_NOT_YET = ["InvalidAMIID.NotFound", "InvalidSnapshot.NotFound"]
_calling = Calling(AmiError, gone=_GONE, throttled=_THROTTLED)
_call = _calling.call
_lookup = _calling.lookup
_deletion = _calling.deletion


def _call_about_new(description: str) -> t.Callable[[Function], Function]:
    """The same as a call, about what was made a moment ago: that EC2 does not know it is no reason to give up at once."""
    return _call(description, patient_with=_NOT_YET)


@_lookup("read the SSM parameter {name}")
def get_parameter(ssm: Client, name: str) -> str | None:
    value: str = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    return value


# What GetParameters takes at once.
_NAMES = 10


@_call("read the SSM parameters {names}")
def get_parameters(ssm: Client, names: list[str]) -> dict[str, str]:
    """The values of those that are there, by name."""
    found: dict[str, str] = {}
    for start in range(0, len(names), _NAMES):
        answer = ssm.get_parameters(Names=names[start : start + _NAMES])
        found.update({parameter["Name"]: parameter["Value"] for parameter in answer["Parameters"]})
    return found


@_call("write the SSM parameter {name}")
def put_image_parameter(ssm: Client, name: str, image_id: str, description: str) -> None:
    """Create a parameter that SSM knows to be an AMI. Versions are written once: an existing one is an error.

    Unless it names the same AMI: botocore repeats a call whose answer got lost, and the first one had done it.
    """
    try:
        ssm.put_parameter(Name=name, Value=image_id, Description=description, Type="String", DataType="aws:ec2:image")
    except is_boto3_error_code("ParameterAlreadyExists"):
        if ssm.get_parameter(Name=name)["Parameter"]["Value"] != image_id:
            raise


@_call("create the SSM parameter {name}")
def create_parameter(ssm: Client, name: str, value: str, description: str) -> bool:
    """Create a parameter of text; False when there is one of that name. SSM lets one of several callers win."""
    try:
        ssm.put_parameter(Name=name, Value=value, Description=description, Type="String")
    except is_boto3_error_code("ParameterAlreadyExists"):
        return False
    return True


@_deletion("delete the SSM parameter {name}")
def delete_parameter(ssm: Client, name: str) -> None:
    ssm.delete_parameter(Name=name)


@_call("describe images")
def describe_images(ec2: Client, **request: t.Any) -> list[Resource]:
    images: list[Resource] = ec2.describe_images(**request)["Images"]
    return images


@_call("describe tags")
def describe_tags(ec2: Client, filters: list[Resource]) -> list[Resource]:
    found: Resource = ec2.get_paginator("describe_tags").paginate(Filters=filters).build_full_result()
    tags: list[Resource] = found["Tags"]
    return tags


@_call_about_new("tag {resources}")
def create_tags(ec2: Client, resources: list[str], tags: list[Resource]) -> None:
    ec2.create_tags(Resources=resources, Tags=tags)


@_call("describe the instances {ids}")
def describe_instances(ec2: Client, ids: list[str]) -> list[Resource]:
    found = ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": ids}])
    return [instance for reservation in found["Reservations"] for instance in reservation["Instances"]]


@_call("describe the snapshots {ids}")
def describe_snapshots(ec2: Client, ids: list[str]) -> list[Resource]:
    snapshots: list[Resource] = ec2.describe_snapshots(Filters=[{"Name": "snapshot-id", "Values": ids}])["Snapshots"]
    return snapshots


@_call("describe the volumes {ids}")
def describe_volumes(ec2: Client, ids: list[str]) -> list[Resource]:
    volumes: list[Resource] = ec2.describe_volumes(Filters=[{"Name": "volume-id", "Values": ids}])["Volumes"]
    return volumes


@_call("describe the spot requests {ids}")
def describe_spot_requests(ec2: Client, ids: list[str]) -> list[Resource]:
    filters = [{"Name": "spot-instance-request-id", "Values": ids}]
    requests: list[Resource] = ec2.describe_spot_instance_requests(Filters=filters)["SpotInstanceRequests"]
    return requests


@_call("ask whose credentials these are")
def get_account(sts: Client) -> str:
    """The id of the AWS account. AWS answers this whatever the policy, unless the way to STS is closed."""
    account: str = sts.get_caller_identity()["Account"]
    return account


@_call("enter another account by the role {role_arn}")
def assume_role(sts: Client, role_arn: str) -> Resource:
    """Credentials of an hour: keys, token and C(Expiration)."""
    session: Resource = sts.assume_role(RoleArn=role_arn, RoleSessionName="golden.ami")["Credentials"]
    return session


@_call("list the Regions")
def describe_regions(ec2: Client) -> list[str]:
    """Those that the account has enabled."""
    return [region["RegionName"] for region in ec2.describe_regions()["Regions"]]


@_call("describe the security groups {filters}")
def describe_security_groups(ec2: Client, filters: list[Resource]) -> list[Resource]:
    groups: list[Resource] = ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    return groups


@_call("describe the key pairs {filters}")
def describe_key_pairs(ec2: Client, filters: list[Resource]) -> list[Resource]:
    pairs: list[Resource] = ec2.describe_key_pairs(Filters=filters)["KeyPairs"]
    return pairs


@_deletion("terminate the instances {ids}")
def terminate_instances(ec2: Client, ids: list[str]) -> None:
    ec2.terminate_instances(InstanceIds=ids)


@_deletion("cancel the spot requests {ids}")
def cancel_spot_requests(ec2: Client, ids: list[str]) -> None:
    ec2.cancel_spot_instance_requests(SpotInstanceRequestIds=ids)


@_deletion("delete the security group {group_id}")
def delete_security_group(ec2: Client, group_id: str) -> None:
    ec2.delete_security_group(GroupId=group_id)


@_deletion("delete the volume {volume_id}")
def delete_volume(ec2: Client, volume_id: str) -> None:
    ec2.delete_volume(VolumeId=volume_id)


@_call("import the key pair {name}")
def import_key_pair(ec2: Client, name: str, public_key: bytes, tags: list[Resource]) -> str:
    """Tell EC2 a public key; gives the id of the pair."""
    specifications = [{"ResourceType": "key-pair", "Tags": tags}]
    imported = ec2.import_key_pair(KeyName=name, PublicKeyMaterial=public_key, TagSpecifications=specifications)
    return str(imported["KeyPairId"])


@_deletion("delete the key pair {name}")
def delete_key_pair(ec2: Client, name: str) -> None:
    ec2.delete_key_pair(KeyName=name)


@_deletion("deregister the image {image_id}")
def deregister_image(ec2: Client, image_id: str) -> None:
    ec2.deregister_image(ImageId=image_id)


@_deletion("delete the snapshot {snapshot_id}")
def delete_snapshot(ec2: Client, snapshot_id: str) -> None:
    ec2.delete_snapshot(SnapshotId=snapshot_id)
