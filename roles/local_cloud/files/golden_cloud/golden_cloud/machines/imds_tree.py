# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the instance metadata service tells a machine, as paths and texts."""

from __future__ import annotations

import json

from golden_cloud.ports import InstanceMetadata

VERSIONS = ("1.0", "2009-04-04", "2016-09-02", "2018-09-24", "2020-10-27", "2021-03-23", "2021-07-15", "2024-04-11")
"""Versions of the service that are answered, besides ``latest``."""


def meta_data(about: InstanceMetadata) -> dict[str, str]:
    """The leaves below ``meta-data/``; a value that the instance does not have is no leaf."""
    leaves: dict[str, str | None] = {
        "ami-id": about.ami_id,
        "ami-launch-index": str(about.ami_launch_index),
        "ami-manifest-path": "(unknown)",
        "hostname": about.hostname,
        "instance-action": "none",
        "instance-id": about.instance_id,
        "instance-life-cycle": "on-demand",
        "instance-type": about.instance_type,
        "local-hostname": about.hostname,
        "local-ipv4": about.private_ip,
        "mac": about.mac,
        "placement/availability-zone": about.availability_zone,
        "placement/availability-zone-id": about.availability_zone_id,
        "placement/region": about.region,
        "profile": "default-hvm",
        "public-hostname": about.hostname if about.public_ip else None,
        "public-ipv4": about.public_ip,
        "reservation-id": about.reservation_id,
        "security-groups": "\n".join(about.security_groups) or None,
        "services/domain": "amazonaws.com",
        "services/partition": "aws",
        "system": "nitro",
    }
    leaves |= {f"block-device-mapping/{key}": device for key, device in about.block_device_mapping}
    leaves |= {f"public-keys/{number}/openssh-key": key for number, (_name, key) in enumerate(about.public_keys)}
    leaves |= {f"tags/instance/{key}": value for key, value in (about.tags or {}).items()}
    leaves |= _network(about) | _iam(about)
    return {path: text for path, text in leaves.items() if text is not None}


def _network(about: InstanceMetadata) -> dict[str, str | None]:
    root = f"network/interfaces/macs/{about.mac}"
    return {
        f"{root}/device-number": "0",
        f"{root}/local-hostname": about.hostname,
        f"{root}/local-ipv4s": about.private_ip,
        f"{root}/mac": about.mac,
        f"{root}/owner-id": about.account_id,
        f"{root}/public-ipv4s": about.public_ip,
        f"{root}/security-group-ids": "\n".join(about.security_group_ids) or None,
        f"{root}/security-groups": "\n".join(about.security_groups) or None,
        f"{root}/subnet-id": about.subnet_id,
        f"{root}/vpc-id": about.vpc_id,
    }


def _iam(about: InstanceMetadata) -> dict[str, str | None]:
    role = about.role_credentials
    leaves: dict[str, str | None] = {}
    if about.iam_instance_profile_arn:
        leaves["iam/info"] = json.dumps(
            {
                "Code": "Success",
                "LastUpdated": role.last_updated if role else about.pending_time,
                "InstanceProfileArn": about.iam_instance_profile_arn,
                "InstanceProfileId": about.iam_instance_profile_id,
            },
            indent=2,
        )
    if role:
        leaves[f"iam/security-credentials/{role.role_name}"] = json.dumps(
            {
                "Code": "Success",
                "LastUpdated": role.last_updated,
                "Type": "AWS-HMAC",
                "AccessKeyId": role.access_key_id,
                "SecretAccessKey": role.secret_access_key,
                "Token": role.session_token,
                "Expiration": role.expiration,
            },
            indent=2,
        )
    return leaves


def identity_document(about: InstanceMetadata) -> str:
    """``dynamic/instance-identity/document``, unsigned."""
    return json.dumps(
        {
            "accountId": about.account_id,
            "architecture": about.architecture,
            "availabilityZone": about.availability_zone,
            "billingProducts": None,
            "devpayProductCodes": None,
            "marketplaceProductCodes": None,
            "imageId": about.ami_id,
            "instanceId": about.instance_id,
            "instanceType": about.instance_type,
            "kernelId": None,
            "pendingTime": about.pending_time,
            "privateIp": about.private_ip,
            "ramdiskId": None,
            "region": about.region,
            "version": "2017-09-30",
        },
        indent=2,
    )


def answer(about: InstanceMetadata, path: str) -> bytes | None:
    """The body for a path such as ``/latest/meta-data/placement/``; None when there is no such thing."""
    version, _slash, rest = path.strip("/").partition("/")
    if not version:
        return "\n".join([*VERSIONS, "latest"]).encode()
    if version != "latest" and version not in VERSIONS:
        return None
    if rest == "user-data":
        return about.user_data
    leaves = {f"meta-data/{key}": text for key, text in meta_data(about).items()}
    leaves["dynamic/instance-identity/document"] = identity_document(about)
    if rest in leaves:
        return leaves[rest].encode()
    if rest == "meta-data/public-keys":
        return "\n".join(f"{number}={name}" for number, (name, _key) in enumerate(about.public_keys)).encode() or None
    if not rest:
        return "\n".join(["dynamic", "meta-data", *(["user-data"] if about.user_data else [])]).encode()
    return _listing(leaves, rest)


def _listing(leaves: dict[str, str], directory: str) -> bytes | None:
    """The names in a directory, each once; those that are directories themselves end with a slash."""
    names = set()
    for path in leaves:
        if path.startswith(directory + "/"):
            name, slash, _more = path.removeprefix(directory + "/").partition("/")
            names.add(name + slash)
    return "\n".join(sorted(names)).encode() if names else None
