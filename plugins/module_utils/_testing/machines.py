# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The temporary instances of a run, and what they need: a key pair and security groups. All of it carries the run's id."""

from __future__ import annotations

import dataclasses
import hashlib
import pathlib
import threading
import time
import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.tagging import ansible_dict_to_boto3_tag_list

from .._ami import calls, calls_instances
from .._ami.cloud import Cloud
from .._ami.leftovers import RUN_TAG
from .._packer.keep import KeyPair, make_key_pair
from .._packer.record import RunRecord
from .commands import Commands
from .errors import TestError
from .matrix import Cell
from .options import Options
from .ssh import SESSION

_POLL = 1.0
# How long EC2 may not know an instance that it has just launched.
_GRACE = 30.0
_OVER = ("shutting-down", "terminated", "stopping", "stopped")
_ADDRESSES = {"private_ip": "PrivateIpAddress", "public_dns": "PublicDnsName", "private_dns": "PrivateDnsName"}
_SSH = 22

Resource = dict[str, t.Any]


class Gone(Exception):
    """An instance that is not there any more, or never came up: why."""


@dataclasses.dataclass
class Ground:
    """What all instances of a run share."""

    cloud: Cloud
    options: Options
    record: RunRecord
    key: KeyPair
    # The security group of each VPC; of None that of the default one.
    groups: dict[str | None, list[str]]
    vpcs: dict[str, str]
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def tags(self, cell: Cell) -> list[Resource]:
        told = {RUN_TAG: self.record.run_id, "Name": f"test of {self.record.image} on {cell.name}"[:256]}
        known = {"golden:image": cell.ami.image, "golden:version": cell.ami.version}
        tags: list[Resource] = ansible_dict_to_boto3_tag_list(
            {**told, **{name: value for name, value in known.items() if value}}
        )
        return tags


def prepare(cloud: Cloud, options: Options, record: RunRecord) -> Ground:
    """Make the key pair, and a group in each VPC unless groups are given."""
    ec2 = cloud.ec2()
    vpcs = calls_instances.describe_subnets(ec2, list(options.subnet_ids)) if options.subnet_ids else {}
    key = make_key_pair(cloud, record, {RUN_TAG: record.run_id})
    wanted: list[str | None] = [*dict.fromkeys(vpcs.values())] if vpcs else [None]
    if options.security_group_ids:
        return Ground(cloud, options, record, key, dict.fromkeys(wanted, list(options.security_group_ids)), vpcs)
    tags = ansible_dict_to_boto3_tag_list({RUN_TAG: record.run_id})
    groups: dict[str | None, list[str]] = {}
    for vpc in wanted:
        name = f"{record.run_id}-{vpc}" if vpc else record.run_id
        group = calls_instances.create_security_group(ec2, name, "Temporary group for tests of an AMI", vpc, tags)
        groups[vpc] = [group]
        ports = [] if options.ssh_interface == SESSION else [_SSH, *(port for port in options.ports if port != _SSH)]
        if ports and options.allow_from:
            calls_instances.authorize_ingress(ec2, group, options.allow_from, ports)
    return Ground(cloud, options, record, key, groups, vpcs)


def request_of(ground: Ground, cell: Cell) -> Resource:
    """What RunInstances is asked for a cell."""
    options = ground.options
    groups = ground.groups[ground.vpcs.get(cell.subnet_id or "")]
    subnet = {"SubnetId": cell.subnet_id} if cell.subnet_id else {}
    if options.public_ip is None:
        network: Resource = {"SecurityGroupIds": groups, **subnet}
    else:
        address = {"DeviceIndex": 0, "AssociatePublicIpAddress": options.public_ip, "Groups": groups, **subnet}
        network = {"NetworkInterfaces": [address]}
    user_data = {"UserData": pathlib.Path(cell.user_data).read_text(encoding="utf-8")} if cell.user_data else {}
    profile = {"IamInstanceProfile": {"Name": options.instance_profile}} if options.instance_profile else {}
    tags = ground.tags(cell)
    return {
        "InstanceType": cell.instance_type,
        "KeyName": ground.key.name,
        "ClientToken": hashlib.sha256(f"{ground.record.run_id}/{cell.name}".encode()).hexdigest(),
        "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled"},
        # One that shuts itself down is gone, and costs nothing.
        "InstanceInitiatedShutdownBehavior": "terminate",
        "TagSpecifications": [{"ResourceType": kind, "Tags": tags} for kind in ("instance", "volume")],
        **network,
        **user_data,
        **profile,
    }


class Machine:
    """An instance that was launched for a cell."""

    def __init__(self, ground: Ground, cell: Cell, commands: Commands) -> None:
        self._ground = ground
        self._commands = commands
        self._ec2 = ground.cloud.ec2()
        launched = calls_instances.run_instance(self._ec2, cell.ami.image_id, **request_of(ground, cell))
        self.id = str(launched["InstanceId"])
        self.began = time.monotonic()
        with ground.lock:
            ground.record.learned.instances.append(self.id)
            ground.record.write()

    def wait_until_running(self, seconds: float) -> Resource:
        """Until EC2 says that it runs. Raises Gone when it will not, or not in time."""
        until = time.monotonic() + seconds
        while True:
            found = self._describe()
            state = found["State"]["Name"] if found else "pending"
            if found and state == "running" and self._address(found):
                return found
            if state in _OVER or (not found and time.monotonic() - self.began > _GRACE):
                raise Gone(self._why(found))
            if time.monotonic() > until:
                raise Gone(f"{self.id} is still {state} after {seconds:g} s")
            self._commands.pause(_POLL)

    def gone(self) -> str | None:
        """Why it will never answer again; None while it may."""
        found = self._describe()
        if found is None or found["State"]["Name"] in _OVER:
            return self._why(found)
        return None

    def address(self, found: Resource) -> str:
        return self._address(found)

    def _address(self, found: Resource) -> str:
        if self._ground.options.ssh_interface == SESSION:
            return self.id
        wanted = _ADDRESSES.get(self._ground.options.ssh_interface)
        if wanted:
            return str(found.get(wanted) or "")
        return str(found.get("PublicIpAddress") or found.get("PrivateIpAddress") or "")

    def reboot(self) -> None:
        calls_instances.reboot_instance(self._ec2, self.id)

    def terminate(self) -> None:
        calls.terminate_instances(self._ec2, [self.id])

    def _describe(self) -> Resource | None:
        return next(iter(calls.describe_instances(self._ec2, [self.id])), None)

    def _why(self, found: Resource | None) -> str:
        if found is None:
            return f"{self.id} is gone"
        reason = (found.get("StateReason") or {}).get("Message") or found.get("StateTransitionReason")
        return f"{self.id} is {found['State']['Name']}{f' ({reason})' if reason else ''}"


def architectures(cloud: Cloud, options: Options) -> dict[str, list[str]]:
    """What each instance type runs. Refuses one that there is not."""
    try:
        return calls_instances.describe_instance_types(cloud.ec2(), list(dict.fromkeys(options.instance_types)))
    except calls.AmiError as error:
        raise TestError(f"instance_types: {error.message}: {error.exception}. Nothing was launched.") from error
