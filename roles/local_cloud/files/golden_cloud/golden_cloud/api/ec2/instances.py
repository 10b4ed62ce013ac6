# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RunInstances and what becomes of instances."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.models.instances import Reservation
from moto.ec2.utils import filter_iam_instance_profiles, parse_user_data

from golden_cloud.api import keys as kms_keys
from golden_cloud.api import runtime
from golden_cloud.api.access import Identity
from golden_cloud.api.ec2 import aliases, lifecycle
from golden_cloud.api.ec2.backend import CloudEC2Backend
from golden_cloud.api.ec2.filters import PAGE, bounded, page, passes
from golden_cloud.api.ec2.image import Image, ImageVolume, override
from golden_cloud.api.ec2.instance import TRANSIENT, USER_SHUTDOWN, MachineInstance
from golden_cloud.api.ec2.tags import specified_tags
from golden_cloud.api.ec2.template import find as find_template
from golden_cloud.api.ec2.template import with_template
from golden_cloud.api.errors import CloudError, UnsupportedOption

USER_DATA_LIMIT = 16384
"""Bytes, before base64."""


@dataclass
class _Network:
    subnet_id: str | None
    groups: list[Any]
    nics: list[dict[str, Any]]
    zone: str | None
    public: bool


class InstanceOperations:
    """Operations on instances; mixed into the EC2 response class."""

    ec2_backend: CloudEC2Backend
    _get_param: Any
    _filters_from_querystring: Any
    error_on_dryrun: Any
    is_waiter: Any
    identity: Identity
    params: Any
    _given: Any

    def run_instances(self) -> ActionResult:
        backend = self.ec2_backend
        token, digest = self._get_param("ClientToken"), self._request_digest()
        known = self._launched_before(token, digest)
        if known is not None:
            return ActionResult(known)
        from_template = self._take_up_template()
        image = self._launchable_image()
        instance_type = self._checked_instance_type(image)
        volumes = self._launch_volumes(image)
        network = self._launch_network()
        keys = self._launch_keys()
        profile = self._launch_profile()
        tags = specified_tags(self._get_param("TagSpecifications", []), {"instance", "volume", "network-interface"})
        user_data = self._launch_user_data()
        count = self._launch_count()
        self.error_on_dryrun()
        reservation = backend.run_instances(
            image.id,
            count,
            user_data,
            [],
            instance_type=instance_type,
            is_instance_type_default=False,
            placement=network.zone,
            region_name=backend.region_name,
            subnet_id=network.subnet_id,
            key_name=self._get_param("KeyName"),
            security_group_ids=[group.id for group in network.groups],
            nics=network.nics,
            associate_public_ip=network.public,
            tags={"instance": tags.get("instance", {}) | from_template},
            ebs_optimized=self._get_param("EbsOptimized") or False,
            disable_api_stop=self._get_param("DisableApiStop") or False,
            disable_api_termination=self._get_param("DisableApiTermination") or False,
            instance_initiated_shutdown_behavior=self._get_param("InstanceInitiatedShutdownBehavior"),
            monitoring_state="enabled" if self._get_param("Monitoring.Enabled") else "disabled",
            metadata_options=self._metadata_options(image),
            client_token=token,
            block_device_mappings=[],
        )
        try:
            for instance in reservation.instances:
                instance.image_ref = image.image_ref
                instance.is_public = network.public
                instance.cpu_credits = self._get_param("CreditSpecification.CpuCredits")
                self._equip(instance, volumes, tags, profile)
        except Exception:
            del backend.reservations[reservation.id]
            raise
        image.last_launched = lifecycle.now()
        readable = self._may_decrypt(image, volumes)
        for instance in reservation.instances:
            if readable:
                lifecycle.launch(instance, keys)
            else:
                lifecycle.refuse(instance)
        if token:
            backend.launch_tokens[token] = (reservation.id, digest)
        return ActionResult(reservation)

    # What RunInstances asks for, checked

    def _request_digest(self) -> str:
        asked = json.dumps(self._given(), sort_keys=True, default=str)
        return hashlib.sha256(asked.encode()).hexdigest()

    def _launched_before(self, token: str | None, digest: str) -> Reservation | None:
        known = self.ec2_backend.launch_tokens.get(token) if token else None
        if known is None:
            return None
        if known[1] != digest:
            raise CloudError(
                "IdempotentParameterMismatch",
                f"The ClientToken '{token}' was used before, with other parameters",
            )
        return self.ec2_backend.find_reservation(known[0])

    def _take_up_template(self) -> dict[str, str]:
        """Let the launch template that is named fill in what the request leaves open; the tags that tell of it."""
        asked = self._get_param("LaunchTemplate")
        if not asked:
            return {}
        templates = self.ec2_backend.launch_templates
        template = find_template(templates, asked.get("LaunchTemplateId"), asked.get("LaunchTemplateName"))
        version = template.version(asked.get("Version"))
        self.params = with_template(self._given(), version.data)
        return {"aws:ec2launchtemplate:id": template.id, "aws:ec2launchtemplate:version": str(version.number)}

    def _launchable_image(self) -> Image:
        image_id = self._get_param("ImageId")
        if not image_id:
            raise CloudError("MissingParameter", "The request must contain the parameter ImageId")
        if aliases.is_alias(image_id):
            image_id = aliases.resolve(image_id, self.ec2_backend.account_id, self.ec2_backend.region_name)
        image = self.ec2_backend.find_image(image_id)
        if image.state != "available":
            raise CloudError(
                "InvalidAMIID.Unavailable", f"The image ID '{image_id}' is not available: its state is {image.state}"
            )
        return image

    def _may_decrypt(self, image: Image, volumes: list[ImageVolume]) -> bool:
        snapshots = image.ec2_backend.snapshots
        found = [snapshots[i].kms_key_id for i in image.snapshot_ids if i in snapshots and snapshots[i].encrypted]
        # Beside the image's keys those that the request names.
        found += {v.kms_key_id for v in volumes if v.kms_key_id} - {v.kms_key_id for v in image.volumes}
        return all(kms_keys.may_use(arn, self.identity, "ec2") for arn in found)

    def _checked_instance_type(self, image: Image) -> str:
        name: str = self._get_param("InstanceType") or "m1.small"
        known = INSTANCE_TYPES.get(name)
        if known is None:
            raise CloudError("InvalidParameterValue", f"Invalid value '{name}' for InstanceType.")
        architectures = known.get("ProcessorInfo", {}).get("SupportedArchitectures", [])
        if image.architecture not in architectures:
            raise CloudError(
                "InvalidParameterValue",
                f"The architecture '{','.join(architectures)}' of the specified instance type does not match "
                f"the architecture '{image.architecture}' of the specified AMI. Specify an instance type and an AMI "
                "that have matching architectures, and try again.",
            )
        return name

    def _launch_volumes(self, image: Image) -> list[ImageVolume]:
        root = image.root_volume
        for mapping in self._get_param("BlockDeviceMappings", []):
            name, ebs = mapping.get("DeviceName"), mapping.get("Ebs")
            if name == root.device_name and ebs is not None:
                root = self._with_key(override(root, ebs), ebs)
            elif "NoDevice" not in mapping and not str(mapping.get("VirtualName", "")).startswith("ephemeral"):
                raise UnsupportedOption(
                    "RunInstances", "BlockDeviceMappings", f"machines have the root volume {root.device_name} only"
                )
        return [root]

    def _with_key(self, volume: ImageVolume, ebs: dict[str, Any]) -> ImageVolume:
        if not ebs.get("KmsKeyId"):
            return volume
        backend = self.ec2_backend
        return replace(volume, kms_key_id=kms_keys.resolve(ebs["KmsKeyId"], backend.account_id, backend.region_name))

    def _launch_network(self) -> _Network:
        nic = self._primary_interface()
        subnet_id = self._get_param("SubnetId") or nic.get("SubnetId")
        group_ids = self._get_param("SecurityGroupIds", []) or nic.get("Groups") or []
        zone = self._get_param("Placement.AvailabilityZone")
        self._refuse_placement()
        subnet = self._subnet(subnet_id, zone)
        public = str(nic.get("AssociatePublicIpAddress", True)).lower() != "false"
        return _Network(subnet.id, self._groups(group_ids, subnet), [], subnet.availability_zone, public)

    def _primary_interface(self) -> dict[str, Any]:
        interfaces = self._get_param("NetworkInterfaces", [])
        if not interfaces:
            return {}
        known = {"DeviceIndex", "SubnetId", "Groups", "AssociatePublicIpAddress", "DeleteOnTermination", "Description"}
        extra = sorted(set(interfaces[0]) - known)
        if len(interfaces) > 1 or extra:
            raise UnsupportedOption(
                "RunInstances", "NetworkInterfaces", f"one interface with {', '.join(sorted(known))} is what there is"
            )
        if self._get_param("SubnetId") or self._get_param("SecurityGroupIds", []):
            raise CloudError(
                "InvalidParameterCombination",
                "Network interfaces and an instance-level subnet ID or security groups may not be specified on the "
                "same request",
            )
        return dict(interfaces[0])

    def _refuse_placement(self) -> None:
        extra = {k: v for k, v in (self._get_param("Placement", {}) or {}).items() if v}
        extra.pop("AvailabilityZone", None)
        if extra.get("Tenancy") == "default":
            extra.pop("Tenancy")
        if extra:
            raise UnsupportedOption("RunInstances", f"Placement.{sorted(extra)[0]}")

    def _subnet(self, subnet_id: str | None, zone: str | None) -> Any:
        backend = self.ec2_backend
        if subnet_id:
            subnet = backend.get_subnet(subnet_id)
            if zone and subnet.availability_zone != zone:
                raise CloudError("InvalidParameterValue", f"Subnet {subnet_id} is not in {zone}")
            return subnet
        subnets = backend.get_default_subnets()
        if zone and zone not in {z.name for z in backend.describe_availability_zones()}:
            raise CloudError("InvalidParameterValue", f"Invalid availability zone: [{zone}]")
        subnet = subnets.get(zone) if zone else next(iter(subnets.values()), None)
        if subnet is None:
            raise CloudError("MissingInput", "No subnets found for the default VPC. Please specify a subnet.")
        return subnet

    def _groups(self, group_ids: list[str], subnet: Any) -> list[Any]:
        backend = self.ec2_backend
        groups = []
        for group_id in group_ids:
            group = backend.get_security_group_from_id(group_id)
            if group is None:
                raise CloudError("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist")
            groups.append(group)
        for name in self._get_param("SecurityGroups", []):
            group = backend.get_security_group_from_name(name, subnet.vpc_id)
            if group is None:
                text = f"The security group '{name}' does not exist in VPC '{subnet.vpc_id}'"
                raise CloudError("InvalidGroup.NotFound", text)
            groups.append(group)
        if not groups:
            groups = [backend.get_default_security_group(subnet.vpc_id)]
        foreign = [g.id for g in groups if g.vpc_id != subnet.vpc_id]
        if foreign:
            raise CloudError(
                "InvalidParameter",
                f"Security group {foreign[0]} and subnet {subnet.id} belong to different networks.",
            )
        return groups

    def _launch_keys(self) -> list[str]:
        name = self._get_param("KeyName")
        if not name:
            return []
        key = self.ec2_backend.key_pairs.get(name)
        if key is None:
            raise CloudError("InvalidKeyPair.NotFound", f"The key pair '{name}' does not exist")
        return [key.public_key.strip()]

    def _launch_profile(self) -> dict[str, str]:
        profile = {k: v for k, v in (self._get_param("IamInstanceProfile", {}) or {}).items() if v}
        if profile:
            filter_iam_instance_profiles(
                self.ec2_backend.account_id,
                partition=self.ec2_backend.partition,
                iam_instance_profile_arn=profile.get("Arn"),
                iam_instance_profile_name=profile.get("Name"),
            )
        return profile

    def _launch_user_data(self) -> Any:
        user_data = parse_user_data(self._get_param("UserData") or None)
        if user_data is not None and len(base64.b64decode(str(user_data))) > USER_DATA_LIMIT:
            raise CloudError("InvalidParameterValue", f"User data is limited to {USER_DATA_LIMIT} bytes")
        return user_data

    def _launch_count(self) -> int:
        least, most = int(self._get_param("MinCount", 1)), int(self._get_param("MaxCount", 1))
        if not 1 <= least <= most:
            raise CloudError("InvalidParameterValue", f"Invalid value '{least}' for MinCount with MaxCount {most}")
        return most

    def _metadata_options(self, image: Image) -> dict[str, Any]:
        asked = dict(self._get_param("MetadataOptions", {}) or {})
        if image.imds_support == "v2.0":
            asked = {"HttpTokens": "required", "HttpPutResponseHopLimit": 2} | asked
        return asked

    def _equip(
        self,
        instance: MachineInstance,
        volumes: list[ImageVolume],
        tags: dict[str, dict[str, str]],
        profile: dict[str, str],
    ) -> None:
        backend = self.ec2_backend
        for wanted in volumes:
            volume = backend.create_volume(
                size=wanted.size,
                zone_name=instance.availability_zone,
                encrypted=wanted.encrypted,
                kms_key_id=wanted.kms_key_id,
                volume_type=wanted.volume_type,
                iops=wanted.iops,
                throughput=wanted.throughput or (125 if wanted.volume_type == "gp3" else None),
            )
            volume.snapshot_id = wanted.snapshot_id
            backend.attach_volume(volume.id, instance.id, wanted.device_name, wanted.delete_on_termination)
            volume.add_tags(tags.get("volume", {}))
        for nic in instance.nics.values():
            nic.add_tags(tags.get("network-interface", {}))
        if profile:
            backend.associate_iam_instance_profile(
                instance_id=instance.id,
                iam_instance_profile_name=profile.get("Name"),
                iam_instance_profile_arn=profile.get("Arn"),
            )

    # Changes of state

    def _instances(self) -> list[MachineInstance]:
        ids = self._get_param("InstanceIds", [])
        if not ids:
            raise CloudError("MissingParameter", "The request must contain the parameter InstanceId")
        return [self._instance(instance_id) for instance_id in dict.fromkeys(ids)]

    def _instance(self, instance_id: str) -> MachineInstance:
        if not instance_id.startswith("i-"):
            raise CloudError("InvalidInstanceID.Malformed", f'Invalid id: "{instance_id}" (expecting "i-...")')
        for instance in self.ec2_backend.all_machine_instances():
            if instance.id == instance_id:
                return instance
        raise CloudError("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist")

    def terminate_instances(self) -> ActionResult:
        instances = self._instances()
        for instance in instances:
            if instance.disable_api_termination is True:
                raise CloudError(
                    "OperationNotPermitted",
                    f"The instance '{instance.id}' may not be terminated. Modify its 'disableApiTermination' instance "
                    "attribute and try again.",
                )
        self.error_on_dryrun()
        changes = []
        for instance in instances:
            previous = instance.instance_state
            if instance.state not in {"shutting-down", "terminated"}:
                previous = instance.enter("shutting-down", USER_SHUTDOWN)
                lifecycle.terminate(instance)
            changes.append(_change(instance, previous))
        return ActionResult({"TerminatingInstances": changes})

    def stop_instances(self) -> ActionResult:
        instances = self._instances()
        for instance in instances:
            if instance.disable_api_stop is True:
                raise CloudError(
                    "OperationNotPermitted",
                    f"The instance '{instance.id}' may not be stopped. Modify its 'disableApiStop' instance attribute "
                    "and try again.",
                )
            _require(instance, {"running", "stopping", "stopped"}, "stopped")
        self.error_on_dryrun()
        changes = []
        for instance in instances:
            previous = instance.instance_state
            if instance.state == "running":
                previous = instance.enter("stopping", USER_SHUTDOWN)
                lifecycle.stop(instance)
            changes.append(_change(instance, previous))
        return ActionResult({"StoppingInstances": changes})

    def start_instances(self) -> ActionResult:
        instances = self._instances()
        for instance in instances:
            _require(instance, {"stopped", "pending", "running"}, "started")
        self.error_on_dryrun()
        changes = []
        for instance in instances:
            previous = instance.instance_state
            if instance.state == "stopped":
                previous = instance.enter("pending")
                instance.launch_time = utcnow()
                lifecycle.start(instance)
            changes.append(_change(instance, previous))
        return ActionResult({"StartingInstances": changes})

    def reboot_instances(self) -> ActionResult:
        instances = self._instances()
        for instance in instances:
            _require(instance, {"running"}, "rebooted")
        self.error_on_dryrun()
        for instance in instances:
            lifecycle.reboot(instance)
        return EmptyResult()

    # Reading

    def describe_instances(self) -> ActionResult:
        self.error_on_dryrun()
        backend = self.ec2_backend
        backend.forget_terminated()
        ids, size = self._get_param("InstanceIds", []), bounded(self._get_param("MaxResults"), *PAGE)
        if ids and size is not None:
            text = "The parameter instancesSet cannot be used with the parameter maxResults"
            raise CloudError("InvalidParameterCombination", text)
        for instance_id in ids:
            self._instance(instance_id)
        filters = self._filters_from_querystring()
        self._keep_waiter(ids or filters.get("instance-id", []))
        shown = []
        for reservation in list(backend.reservations.values()):
            instances = [
                i
                for i in reservation.instances
                if (not ids or i.id in ids) and passes(i, filters, INSTANCE_FILTERS, backend.tags.get(i.id, {}))
            ]
            if instances:
                part = Reservation(reservation.id, reservation.owner_id)
                part.instances = instances
                shown.append(part)
        reservations, token = page(shown, size, self._get_param("NextToken"))
        return ActionResult({"Reservations": reservations, "NextToken": token})

    def describe_instance_status(self) -> ActionResult:
        backend = self.ec2_backend
        ids = self._get_param("InstanceIds", [])
        for instance_id in ids:
            self._instance(instance_id)
        self.error_on_dryrun()
        filters = self._filters_from_querystring()
        self._keep_waiter(ids)
        shown = [
            i
            for i in backend.all_machine_instances()
            if (not ids or i.id in ids)
            and (i.state == "running" or self._get_param("IncludeAllInstances"))
            and passes(i, filters, STATUS_FILTERS, {})
        ]
        size = bounded(self._get_param("MaxResults"), *PAGE)
        statuses, token = page(shown, size, self._get_param("NextToken"))
        return ActionResult({"InstanceStatuses": statuses, "NextToken": token})

    def _keep_waiter(self, ids: list[str]) -> None:
        """Answer a waiter when the states it asks for have settled."""
        waited = [i for i in self.ec2_backend.all_machine_instances() if i.id in ids]
        if waited and self.is_waiter():
            runtime.current().wait_while(lambda: any(i.state in TRANSIENT for i in waited))

    def describe_instance_credit_specifications(self) -> ActionResult:
        ids = self._get_param("InstanceIds", [])
        instances = [self._instance(i) for i in ids] or self.ec2_backend.all_machine_instances()
        told = [
            {"InstanceId": i.id, "CpuCredits": i.cpu_credits or ("standard" if i.instance_type < "t3" else "unlimited")}
            for i in instances
            if i.instance_type.startswith("t")
        ]
        return ActionResult({"InstanceCreditSpecifications": told})

    def get_console_output(self) -> ActionResult:
        instance = self._instance(self._get_param("InstanceId"))
        self.error_on_dryrun()
        cloud = runtime.current()
        output = ""
        if instance.state not in {"pending", "terminated"}:
            with cloud.unlocked():
                output = cloud.machines.console_output(instance.id)
        encoded = base64.b64encode(output.encode()[-65536:]).decode()
        return ActionResult({"InstanceId": instance.id, "Output": encoded or None, "Timestamp": utcnow()})


def _require(instance: MachineInstance, states: set[str], verb: str) -> None:
    if instance.state not in states:
        raise CloudError(
            "IncorrectInstanceState",
            f"The instance '{instance.id}' is not in a state from which it can be {verb} (it is {instance.state}).",
        )


def _change(instance: MachineInstance, previous: Any) -> dict[str, Any]:
    return {
        "InstanceId": instance.id,
        "CurrentState": {"Code": instance.state_code, "Name": instance.state},
        "PreviousState": {"Code": previous.code, "Name": previous.name},
    }


def _volumes(instance: MachineInstance, attribute: str) -> list[Any]:
    return [getattr(device, attribute) for device in instance.block_device_mapping.values()]


def _groups_of(instance: MachineInstance, attribute: str) -> list[str]:
    return [getattr(group, attribute) for group in instance.security_groups]


INSTANCE_FILTERS: dict[str, Any] = {
    "architecture": lambda i: i.architecture,
    "availability-zone": lambda i: i.availability_zone,
    "block-device-mapping.delete-on-termination": lambda i: _volumes(i, "delete_on_termination"),
    "block-device-mapping.device-name": lambda i: list(i.block_device_mapping),
    "block-device-mapping.volume-id": lambda i: _volumes(i, "volume_id"),
    "client-token": lambda i: i.client_token,
    "dns-name": lambda i: i.public_dns_name,
    "group-id": lambda i: _groups_of(i, "id"),
    "group-name": lambda i: _groups_of(i, "name"),
    "hypervisor": lambda i: i.hypervisor,
    "image-id": lambda i: i.image_id,
    "instance-id": lambda i: i.id,
    "instance-state-code": lambda i: i.state_code,
    "instance-state-name": lambda i: i.state,
    "instance-type": lambda i: i.instance_type,
    "instance.group-id": lambda i: _groups_of(i, "id"),
    "instance.group-name": lambda i: _groups_of(i, "name"),
    "ip-address": lambda i: i.public_ip,
    "key-name": lambda i: i.key_name,
    "launch-index": lambda i: i.ami_launch_index,
    "launch-time": lambda i: i.launch_time.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    "metadata-options.http-tokens": lambda i: i.metadata_options.http_tokens,
    "metadata-options.http-endpoint": lambda i: i.metadata_options.http_endpoint,
    "monitoring-state": lambda i: i.monitoring_state,
    "network-interface.network-interface-id": lambda i: [n.id for n in i.nics.values()],
    "owner-id": lambda i: i.owner_id,
    "private-dns-name": lambda i: i.private_dns_name,
    "private-ip-address": lambda i: i.private_ip,
    "root-device-name": lambda i: i.root_device_name,
    "root-device-type": lambda i: i.root_device_type,
    "source-dest-check": lambda i: i.source_dest_check,
    "state-reason-code": lambda i: i.state_reason.code if i.state_reason else None,
    "subnet-id": lambda i: i.subnet_id,
    "virtualization-type": lambda i: i.virtualization_type,
    "vpc-id": lambda i: i.vpc_id,
}

STATUS_FILTERS: dict[str, Any] = {
    "availability-zone": lambda i: i.availability_zone,
    "instance-state-code": lambda i: i.state_code,
    "instance-state-name": lambda i: i.state,
    "instance-status.reachability": lambda i: "passed" if i.state == "running" else None,
    "instance-status.status": lambda i: i.instance_status["Status"],
    "system-status.reachability": lambda i: "passed" if i.state == "running" else None,
    "system-status.status": lambda i: i.system_status["Status"],
}
