# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the instance metadata service tells, from EC2's records."""

from __future__ import annotations

import datetime

from golden_cloud.api import permitted
from golden_cloud.api.ec2.backend import CloudEC2Backend, all_backends
from golden_cloud.api.ec2.instance import MachineInstance
from golden_cloud.ports import InstanceMetadata, RoleCredentials

_LIVE = {"pending", "running", "stopping", "shutting-down"}


def find(address: str, instance_id: str | None) -> InstanceMetadata | None:
    """Of the machine with this address; ``instance_id`` says which while its address is not known yet."""
    for account_id, backend in all_backends():
        for instance in backend.all_machine_instances():
            if instance.state in _LIVE and (instance.machine_address == address or instance.id == instance_id):
                return _metadata(account_id, backend, instance, address)
    return None


def _metadata(account_id: str, backend: CloudEC2Backend, instance: MachineInstance, address: str) -> InstanceMetadata:
    options = instance.metadata_options
    zone = instance.availability_zone or f"{backend.region_name}a"
    zones = {z.name: z.zone_id for z in backend.describe_availability_zones()}
    reservation = next(r.id for r in backend.reservations.values() if instance in r.instances)
    key = backend.key_pairs.get(instance.key_name or "")
    association = backend.iam_instance_profile_associations.get(instance.id)
    profile = association.iam_instance_profile if association else None
    nic = instance.nics.get(0)
    devices = list(instance.block_device_mapping)
    mapping = [("ami", instance.root_device_name), ("root", instance.root_device_name)]
    mapping += [(f"ebs{n}", d) for n, d in enumerate((d for d in devices if d != instance.root_device_name), 1)]
    return InstanceMetadata(
        instance_id=instance.id,
        ami_id=instance.image_id,
        ami_launch_index=int(instance.ami_launch_index),
        instance_type=instance.instance_type,
        reservation_id=reservation,
        account_id=account_id,
        region=backend.region_name,
        availability_zone=zone,
        availability_zone_id=zones.get(zone, ""),
        architecture=instance.architecture,
        private_ip=instance.machine_address or address,
        public_ip=(instance.machine_address or address) if instance.is_public else None,
        hostname=instance.private_dns_name,
        mac=nic.mac_address if nic else "",
        subnet_id=instance.subnet_id,
        vpc_id=instance.vpc_id,
        security_groups=tuple(group.name for group in instance.security_groups),
        security_group_ids=tuple(group.id for group in instance.security_groups),
        public_keys=((key.key_name, key.public_key.strip()),) if key else (),
        user_data=instance.raw_user_data,
        block_device_mapping=tuple(mapping),
        pending_time=instance.launch_time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        tags=dict(backend.tags.get(instance.id, {})) if options.instance_metadata_tags == "enabled" else None,
        http_endpoint_enabled=options.http_endpoint == "enabled",
        http_tokens_required=options.http_tokens == "required",
        hop_limit=int(options.http_put_response_hop_limit),
        iam_instance_profile_arn=profile.arn if profile else None,
        iam_instance_profile_id=profile.id if profile else None,
        role_credentials=_credentials(account_id, backend, instance, profile),
    )


def _credentials(
    account_id: str, backend: CloudEC2Backend, instance: MachineInstance, profile: object | None
) -> RoleCredentials | None:
    """Keys of the profile's role, from our own STS, so that calls from the machine are accepted; new ones in time."""
    from moto.sts.models import sts_backends

    role = next(iter(getattr(profile, "roles", [])), None)
    if role is None or permitted.decide("ec2.amazonaws.com", "sts:AssumeRole", role.arn, {}):
        return None
    sts = sts_backends[account_id]["aws"]
    soon = datetime.datetime.now(datetime.UTC).replace(tzinfo=None) + datetime.timedelta(minutes=15)
    for known in sts.assumed_roles:
        if known.session_name == instance.id and known.role_arn == role.arn and known.expiration > soon:
            break
    else:
        known = sts.assume_role(
            region_name=backend.region_name,
            role_session_name=instance.id,
            role_arn=role.arn,
            policy="",
            duration=21600,
            external_id="",
        )
    began = known.expiration - datetime.timedelta(hours=6)
    return RoleCredentials(
        role_name=role.name,
        access_key_id=known.access_key_id,
        secret_access_key=known.secret_access_key,
        session_token=known.session_token,
        last_updated=began.strftime("%Y-%m-%dT%H:%M:%SZ"),
        expiration=known.expiration.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
