# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AMIs: made from instances or snapshots, described, shared, deprecated, deregistered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.utils import random_ami_id

from golden_cloud.api import runtime
from golden_cloud.api.ec2 import lifecycle
from golden_cloud.api.ec2.backend import CloudEC2Backend, CloudSnapshot
from golden_cloud.api.ec2.filters import PAGE, bounded, page, passes
from golden_cloud.api.ec2.image import Image, ImageVolume, check_name, override, second
from golden_cloud.api.ec2.instance import MachineInstance
from golden_cloud.api.ec2.tags import specified_tags
from golden_cloud.api.errors import CloudError, UnsupportedOption
from golden_cloud.api.faults.fault import Fault


class ImageOperations:
    """Operations on AMIs; mixed into the EC2 response class."""

    ec2_backend: CloudEC2Backend
    _get_param: Any
    _filters_from_querystring: Any
    error_on_dryrun: Any
    _instance: Any
    is_waiter: Any
    image_fault: Fault | None

    # Making

    def create_image(self) -> ActionResult:
        backend = self.ec2_backend
        instance: MachineInstance = self._instance(self._get_param("InstanceId"))
        if instance.state not in {"running", "stopped", "stopping"}:
            raise CloudError(
                "IncorrectState", f"The instance '{instance.id}' is {instance.state}; no image can be made of it"
            )
        name = self._free_name()
        tags = specified_tags(self._get_param("TagSpecifications", []), {"image", "snapshot"})
        source = backend.visible_images().get(instance.image_id)
        root_volume = backend.get_volume(instance.block_device_mapping[instance.root_device_name].volume_id)
        volumes = self._image_volumes(instance, root_volume)
        self.error_on_dryrun()
        image = Image(
            ec2_backend=backend,
            id=random_ami_id(),
            name=name,
            owner_id=backend.account_id,
            image_ref="",
            volumes=[],
            root_device_name=instance.root_device_name,
            description=self._get_param("Description") or "",
            architecture=instance.architecture,
            state="pending",
            imds_support=source.imds_support if source else None,
            boot_mode=source.boot_mode if source else None,
            source_instance_id=instance.id,
            source_image_id=instance.image_id,
            source_image_region=backend.region_name,
        )
        text = f"Created by CreateImage({instance.id}) for {image.id}"
        snapshot = backend.new_snapshot(root_volume, text, from_ami=image.id)
        snapshot.fixed_size = volumes[0].size
        image.volumes = [replace(volumes[0], snapshot_id=snapshot.id), *volumes[1:]]
        self._register(image, tags)
        snapshot.add_tags(tags.get("snapshot", {}))
        reboot = instance.state == "running" and not self._get_param("NoReboot")
        lifecycle.create_image(instance, image, snapshot, reboot=reboot, fault=self.image_fault)
        return ActionResult({"ImageId": image.id})

    def _image_volumes(self, instance: MachineInstance, root: Any) -> list[ImageVolume]:
        device = instance.block_device_mapping[instance.root_device_name]
        volume = ImageVolume(
            device_name=instance.root_device_name,
            size=root.size,
            volume_type=root.volume_type,
            iops=root.iops,
            throughput=root.throughput,
            encrypted=bool(root.encrypted),
            kms_key_id=root.kms_key_id,
            delete_on_termination=bool(device.delete_on_termination),
        )
        volumes, extra = self._mapped(volume, "CreateImage")
        return [volumes, *extra]

    def _mapped(self, root: ImageVolume, operation: str) -> tuple[ImageVolume, list[ImageVolume]]:
        """The root volume as the request's block device mapping changes it, and its instance-store entries."""
        stores = []
        for mapping in self._get_param("BlockDeviceMappings", []):
            name, ebs = mapping.get("DeviceName"), mapping.get("Ebs")
            if name == root.device_name and ebs is not None:
                root = override(root, ebs)
            elif str(mapping.get("VirtualName", "")).startswith("ephemeral"):
                stores.append(ImageVolume(name, virtual_name=mapping["VirtualName"]))
            elif "NoDevice" not in mapping:
                raise UnsupportedOption(
                    operation, "BlockDeviceMappings", f"images have the root volume {root.device_name} only"
                )
        return root, stores

    def _free_name(self) -> str:
        name = check_name(self._get_param("Name"))
        for image in self.ec2_backend.amis.values():
            if image.name == name:
                text = f"AMI name {name} is already in use by AMI {image.id}"
                raise CloudError("InvalidAMIName.Duplicate", text)
        return name

    def _register(self, image: Image, tags: dict[str, dict[str, str]]) -> None:
        self.ec2_backend.amis[image.id] = image
        if tags.get("image"):
            self.ec2_backend.create_tags([image.id], tags["image"])

    def register_image(self) -> ActionResult:
        backend = self.ec2_backend
        name = self._free_name()
        tags = specified_tags(self._get_param("TagSpecifications", []), {"image"})
        root_name = self._get_param("RootDeviceName")
        snapshot = self._root_snapshot(root_name)
        if self._get_param("VirtualizationType", "hvm") != "hvm":
            raise UnsupportedOption("RegisterImage", "VirtualizationType", "machines are hvm")
        root = ImageVolume(root_name, snapshot.id, snapshot.volume_size, "gp2", encrypted=snapshot.encrypted)
        root, stores = self._mapped(root, "RegisterImage")
        self.error_on_dryrun()
        image = Image(
            ec2_backend=backend,
            id=random_ami_id(),
            name=name,
            owner_id=backend.account_id,
            image_ref=snapshot.image_ref or "",
            volumes=[root, *stores],
            root_device_name=root_name,
            description=self._get_param("Description") or "",
            architecture=self._get_param("Architecture") or "i386",
            ena_support=bool(self._get_param("EnaSupport", False)),
            sriov_net_support=self._get_param("SriovNetSupport"),
            imds_support=self._get_param("ImdsSupport"),
            boot_mode=self._get_param("BootMode"),
            tpm_support=self._get_param("TpmSupport"),
        )
        self._register(image, tags)
        self._meet_fault(image)
        return ActionResult({"ImageId": image.id})

    def _meet_fault(self, image: Image) -> None:
        """A registered image is available at once, unless a fault says otherwise; its snapshot is the user's."""
        if self.image_fault is not None and self.image_fault.action == "image_failed":
            lifecycle.fail_image(image, None, self.image_fault)
        elif self.image_fault is not None:
            image.state = "pending"
            lifecycle.complete_image(image, None, self.image_fault)

    def _root_snapshot(self, root_name: str | None) -> CloudSnapshot:
        for mapping in self._get_param("BlockDeviceMappings", []):
            snapshot_id = (mapping.get("Ebs") or {}).get("SnapshotId")
            if root_name and mapping.get("DeviceName") == root_name and snapshot_id:
                snapshot: CloudSnapshot | None = self.ec2_backend.snapshots.get(snapshot_id)
                if snapshot is None:
                    raise CloudError("InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id}' does not exist.")
                if snapshot.status == "pending":
                    raise CloudError("IncorrectState", f"The snapshot '{snapshot_id}' is pending, not completed")
                if not getattr(snapshot, "image_ref", None):
                    raise UnsupportedOption(
                        "RegisterImage", "BlockDeviceMappings", f"{snapshot_id} is not of an instance's root volume"
                    )
                return snapshot
        raise CloudError("MissingParameter", "RegisterImage needs a snapshot for the device that RootDeviceName names")

    # Reading

    def describe_images(self) -> ActionResult:
        self.error_on_dryrun()
        backend = self.ec2_backend
        ids, size = self._get_param("ImageIds", []), bounded(self._get_param("MaxResults"), *PAGE)
        if ids and self.is_waiter():
            runtime.current().wait_while(lambda: any(image.state == "pending" for image in self._listed(ids)))
        images: Iterable[Image] = self._listed(ids) if ids else backend.visible_images().values()
        filters = self._filters_from_querystring()
        shown = [
            image
            for image in images
            if self._is_asked_for(image, listed=bool(ids))
            and passes(image, filters, IMAGE_FILTERS, backend.tags.get(image.id, {}))
        ]
        described = [image.describe(backend.tags.get(image.id, {})) for image in shown]
        result, token = page(described, size, self._get_param("NextToken"))
        return ActionResult({"Images": result, "NextToken": token})

    def _listed(self, ids: list[str]) -> list[Image]:
        """The images; one that was deregistered is left out, as EC2 does for a while; one that never was: error."""
        backend = self.ec2_backend
        known = [image_id for image_id in dict.fromkeys(ids) if image_id not in backend.deleted_amis]
        return [backend.find_image(image_id) for image_id in known]

    def _is_asked_for(self, image: Image, *, listed: bool) -> bool:
        account = self.ec2_backend.account_id
        own = image.owner_id == account
        hidden = image.deprecated(datetime.now(UTC)) and not (own or listed or self._get_param("IncludeDeprecated"))
        disabled = image.state == "disabled" and not (listed or self._get_param("IncludeDisabled"))
        owners = {account if o == "self" else o for o in self._get_param("Owners", [])}
        executable = {account if u == "self" else u for u in self._get_param("ExecutableUsers", [])}
        return (
            not hidden
            and not disabled
            and (not owners or bool(owners & {image.owner_id, image.owner_alias}))
            and (not executable or _may_run(image, executable, account))
        )

    def describe_image_attribute(self) -> ActionResult:
        image = self.ec2_backend.own_image(self._get_param("ImageId"))
        self.error_on_dryrun()
        attribute = self._get_param("Attribute")
        values: dict[str, tuple[str, Any]] = {
            "description": ("Description", {"Value": image.description}),
            "launchPermission": ("LaunchPermissions", image.launch_permissions),
            "sriovNetSupport": ("SriovNetSupport", {"Value": image.sriov_net_support}),
            "bootMode": ("BootMode", {"Value": image.boot_mode}),
            "tpmSupport": ("TpmSupport", {"Value": image.tpm_support}),
            "imdsSupport": ("ImdsSupport", {"Value": image.imds_support}),
            "productCodes": ("ProductCodes", []),
            "deregistrationProtection": ("DeregistrationProtection", {"Value": image.deregistration_protection}),
            "lastLaunchedTime": ("LastLaunchedTime", {"Value": second(image.last_launched)}),
        }
        if attribute not in values:
            raise UnsupportedOption("DescribeImageAttribute", f"Attribute={attribute}")
        name, value = values[attribute]
        return ActionResult({"ImageId": image.id, name: value})


def _may_run(image: Image, users: set[str], account: str) -> bool:
    """By its permissions; what is shared with an organization counts for the caller only, as on EC2."""
    if image.is_public and "all" in users:
        return True
    if account in users and image.shared_with(account):
        return True
    return any(permission.get("UserId") in users for permission in image.launch_permissions)


def _public_parameters(image: Image) -> list[str]:
    bases = runtime.current().machines.base_images() if image.base else []
    return [name for base in bases if base.image_id == image.id for name in base.ssm_parameters]


def _of_volumes(image: Image, attribute: str) -> list[Any]:
    return [getattr(v, attribute) for v in image.volumes if not v.virtual_name]


IMAGE_FILTERS: dict[str, Any] = {
    "architecture": lambda i: i.architecture,
    "block-device-mapping.delete-on-termination": lambda i: _of_volumes(i, "delete_on_termination"),
    "block-device-mapping.device-name": lambda i: [v.device_name for v in i.volumes],
    "block-device-mapping.encrypted": lambda i: _of_volumes(i, "encrypted"),
    "block-device-mapping.snapshot-id": lambda i: i.snapshot_ids,
    "block-device-mapping.volume-size": lambda i: _of_volumes(i, "size"),
    "block-device-mapping.volume-type": lambda i: _of_volumes(i, "volume_type"),
    "boot-mode": lambda i: i.boot_mode,
    "creation-date": lambda i: i.creation_date.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    "description": lambda i: i.description,
    "ena-support": lambda i: i.ena_support,
    "free-tier-eligible": lambda i: False,
    "hypervisor": lambda i: "xen",
    "image-id": lambda i: i.id,
    "image-type": lambda i: "machine",
    "is-public": lambda i: i.is_public,
    "manifest-location": lambda i: i.location,
    "name": lambda i: i.name,
    "owner-alias": lambda i: i.owner_alias,
    "owner-id": lambda i: i.owner_id,
    "platform": lambda i: None,
    "public-ssm-parameter-name": _public_parameters,
    "root-device-name": lambda i: i.root_device_name,
    "root-device-type": lambda i: i.root_device_type,
    "source-image-id": lambda i: i.source_image_id,
    "source-image-region": lambda i: i.source_image_region,
    "source-instance-id": lambda i: i.source_instance_id,
    "sriov-net-support": lambda i: i.sriov_net_support,
    "state": lambda i: i.state,
    "state-reason-code": lambda i: (i.state_reason or {}).get("Code"),
    "state-reason-message": lambda i: (i.state_reason or {}).get("Message"),
    "virtualization-type": lambda i: i.virtualization_type,
}

# No image has any of these: licences, kernels of its own, watermarks, findings of Inspector.
_NEVER = """
    kernel-id ramdisk-id product-code product-code.type
    image-watermark.source-image-creation-time image-watermark.source-image-id image-watermark.source-image-region
    image-watermark.watermark-creation-time image-watermark.watermark-key
    instance-type-specification.supported-instance-type instance-type-specification.unsupported-instance-type
    scan-result.critical-fix-available-since scan-result.finding-scan-date scan-result.high-fix-available-since
    scan-result.highest-finding-severity-label scan-result.informational-fix-available-since
    scan-result.low-fix-available-since scan-result.medium-fix-available-since
    """
IMAGE_FILTERS |= dict.fromkeys(_NEVER.split(), lambda i: None)
