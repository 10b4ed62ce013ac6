# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An AMI: what EC2 tells of it, and where its file system is kept."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from golden_cloud.api.errors import CloudError
from golden_cloud.api.organizations import memberships
from golden_cloud.ports import BaseImage

ACCOUNT = re.compile(r"[0-9]{12}")
ORGANIZATION = re.compile(r"arn:aws:organizations::[0-9]{12}:organization/o-[a-z0-9]{10,32}")
UNIT = re.compile(r"arn:aws:organizations::[0-9]{12}:ou/o-[a-z0-9]{10,32}/ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}")
NAME = re.compile(r"[A-Za-z0-9()\[\] ./\-'@_]{3,128}")


@dataclass(frozen=True)
class ImageVolume:
    """One entry of an image's block device mapping."""

    device_name: str
    snapshot_id: str | None = None
    size: int = 8
    """GiB."""
    volume_type: str = "gp3"
    iops: int | None = None
    throughput: int | None = None
    encrypted: bool = False
    kms_key_id: str | None = None
    delete_on_termination: bool = True
    virtual_name: str | None = None
    """``ephemeral0``…: instance store; then nothing else counts."""

    def describe(self) -> dict[str, Any]:
        if self.virtual_name:
            return {"DeviceName": self.device_name, "VirtualName": self.virtual_name}
        ebs = {
            "SnapshotId": self.snapshot_id,
            "VolumeSize": self.size,
            "VolumeType": self.volume_type,
            "DeleteOnTermination": self.delete_on_termination,
            "Encrypted": self.encrypted,
            "Iops": self.iops if self.volume_type in {"gp3", "io1", "io2"} else None,
            "Throughput": self.throughput if self.volume_type == "gp3" else None,
        }
        return {"DeviceName": self.device_name, "Ebs": {k: v for k, v in ebs.items() if v is not None}}


@dataclass
class Image:
    """An AMI of one account and Region (a base image: of every one)."""

    ec2_backend: Any
    id: str
    name: str
    owner_id: str
    image_ref: str
    volumes: list[ImageVolume]
    root_device_name: str
    description: str = ""
    owner_alias: str | None = None
    architecture: str = "x86_64"
    creation_date: datetime = field(default_factory=lambda: datetime.now(UTC))
    state: str = "available"
    state_reason: dict[str, str] | None = None
    public: bool = False
    launch_permissions: list[dict[str, str]] = field(default_factory=list)
    ena_support: bool = True
    sriov_net_support: str | None = "simple"
    imds_support: str | None = None
    boot_mode: str | None = None
    tpm_support: str | None = None
    source_instance_id: str | None = None
    source_image_id: str | None = None
    source_image_region: str | None = None
    deprecation_time: datetime | None = None
    deregistration_protection: str = "disabled"
    base: bool = False
    last_launched: datetime | None = None
    protected_until: datetime | None = None
    """When the cooldown of its deregistration protection ends."""

    # What moto's Instance reads from the image it is launched from.
    virtualization_type = "hvm"
    root_device_type = "ebs"
    platform = None
    kernel_id = None

    @property
    def is_public(self) -> bool:
        return self.public or {"Group": "all"} in self.launch_permissions

    @property
    def root_volume(self) -> ImageVolume:
        return next(v for v in self.volumes if v.device_name == self.root_device_name)

    @property
    def snapshot_ids(self) -> list[str]:
        return [v.snapshot_id for v in self.volumes if v.snapshot_id]

    @property
    def location(self) -> str:
        return f"{self.owner_alias or self.owner_id}/{self.name}"

    def may_be_used_by(self, account_id: str) -> bool:
        return self.is_public or account_id == self.owner_id or self.shared_with(account_id)

    def shared_with(self, account_id: str) -> bool:
        """By name, or through the account's organization or one of its units."""
        if {"UserId": account_id} in self.launch_permissions:
            return True
        arns = {p.get("OrganizationArn") or p.get("OrganizationalUnitArn") for p in self.launch_permissions} - {None}
        return bool(arns) and bool(arns & memberships(account_id))

    def __setstate__(self, state: dict[str, Any]) -> None:
        """States that were saved before an attribute came have none of it."""
        self.__dict__.update({"last_launched": None, "protected_until": None} | state)

    def deprecated(self, now: datetime) -> bool:
        return self.deprecation_time is not None and self.deprecation_time <= now

    def describe(self, tags: dict[str, str]) -> dict[str, Any]:
        """The image as DescribeImages tells it; ``tags`` are those that the asking account has put on it."""
        return {
            "ImageId": self.id,
            "ImageLocation": self.location,
            "ImageType": "machine",
            "Public": self.is_public,
            "OwnerId": self.owner_id,
            "ImageOwnerAlias": self.owner_alias,
            "PlatformDetails": "Linux/UNIX",
            "UsageOperation": "RunInstances",
            "State": self.state,
            "StateReason": self.state_reason,
            "BlockDeviceMappings": [volume.describe() for volume in self.volumes],
            "Description": self.description or None,
            "EnaSupport": self.ena_support,
            "Hypervisor": "xen",
            "Name": self.name,
            "RootDeviceName": self.root_device_name,
            "RootDeviceType": self.root_device_type,
            "SriovNetSupport": self.sriov_net_support,
            "Tags": [{"Key": k, "Value": v} for k, v in tags.items()] or None,
            "VirtualizationType": self.virtualization_type,
            "Architecture": self.architecture,
            "CreationDate": self.creation_date,
            "BootMode": self.boot_mode,
            "TpmSupport": self.tpm_support,
            "ImdsSupport": self.imds_support,
            "DeprecationTime": _minute(self.deprecation_time),
            "LastLaunchedTime": second(self.last_launched),
            "SourceInstanceId": self.source_instance_id,
            "SourceImageId": self.source_image_id,
            "SourceImageRegion": self.source_image_region,
            "DeregistrationProtection": None if self.base else self.deregistration_protection,
        }


def from_base(base: BaseImage, backend: Any) -> Image:
    """A base image as an AMI; it and its snapshot have the same ids everywhere, always."""
    snapshot = "snap-" + hashlib.sha256(f"snapshot of {base.name}".encode()).hexdigest()[:17]
    root = ImageVolume(base.root_device_name, snapshot_id=snapshot, size=base.volume_size, iops=3000, throughput=125)
    return Image(
        ec2_backend=backend,
        id=base.image_id,
        name=base.name,
        owner_id=base.owner_id,
        owner_alias=base.owner_alias,
        image_ref=base.image_ref,
        volumes=[root],
        root_device_name=base.root_device_name,
        description=base.description,
        architecture=base.architecture,
        creation_date=datetime.strptime(base.creation_date, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC),
        public=True,
        boot_mode="uefi-preferred",
        base=True,
    )


def check_name(name: str | None) -> str:
    """The name of a new AMI, or the error that EC2 has for it."""
    if not name:
        raise CloudError("MissingParameter", "The request must contain the parameter name")
    if not NAME.fullmatch(name):
        raise CloudError(
            "InvalidAMIName.Malformed",
            "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, "
            "'(', ')', '[', ']', ' ', '.', '/', '-', \"'\", '@' and '_'",
        )
    return name


def override(volume: ImageVolume, ebs: dict[str, Any]) -> ImageVolume:
    """The volume with what a request's ``Ebs`` says otherwise."""
    names = {
        "VolumeSize": "size",
        "VolumeType": "volume_type",
        "Iops": "iops",
        "Throughput": "throughput",
        "Encrypted": "encrypted",
        "KmsKeyId": "kms_key_id",
        "DeleteOnTermination": "delete_on_termination",
    }
    changed: dict[str, Any] = {names[k]: v for k, v in ebs.items() if k in names and v is not None}
    if changed.get("volume_type", volume.volume_type) != volume.volume_type:
        changed = {"iops": None, "throughput": None} | changed
    size = int(changed.get("size", volume.size))
    if size < volume.size:
        raise CloudError(
            "InvalidBlockDeviceMapping",
            f"Volume of size {size}GB is smaller than snapshot '{volume.snapshot_id}', expect size>= {volume.size}GB",
        )
    if changed.get("encrypted") is False and volume.encrypted:
        raise CloudError("InvalidParameterCombination", "The snapshot is encrypted; so is every volume made from it")
    if changed.get("kms_key_id") and not changed.get("encrypted", volume.encrypted):
        raise CloudError("InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted")
    return replace(volume, **changed | {"size": size})


def second(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def _minute(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:00.000Z") if moment else None


# Key of a permission → what it is called in an error, and the form that it has.
_PERMITTED = {
    "UserId": ("userId", ACCOUNT),
    "Group": ("UserGroup", re.compile("all")),
    "OrganizationArn": ("organizationArn", ORGANIZATION),
    "OrganizationalUnitArn": ("organizationalUnitArn", UNIT),
}


def check_permission(permission: dict[str, str]) -> None:
    """Refuse who can't be given a permission of an image or a snapshot."""
    for key, value in permission.items():
        kind, form = _PERMITTED[key]
        if not form.fullmatch(value):
            text = f'Invalid attribute item value "{value}" for {kind} item type.'
            raise CloudError("InvalidAMIAttributeItemValue", text)
