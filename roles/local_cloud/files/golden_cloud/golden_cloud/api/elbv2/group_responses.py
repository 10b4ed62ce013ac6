# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations of target groups."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, EmptyResult

from golden_cloud.api.elbv2 import attributes, health_check
from golden_cloud.api.elbv2.asked import Asked
from golden_cloud.api.elbv2.target_group import TargetGroup, TargetKey
from golden_cloud.api.elbv2.words import arn_of, checked_name, invalid
from golden_cloud.api.errors import CloudError, UnsupportedOption

PROTOCOLS = ("HTTP", "TCP")
_ADDRESSES = [ipaddress.ip_network(text) for text in ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")]
"""Where AWS lets targets be."""
_INSTANCE = re.compile(r"i-[0-9a-f]{8,17}")


class TargetGroupResponses(Asked):
    """Target groups, their targets, and how these are."""

    def create_target_group(self) -> ActionResult:
        name = checked_name("Target group", str(self._get_param("Name")))
        given = self._get_params()
        target_type = str(given.get("TargetType") or "instance")
        if target_type not in ("instance", "ip"):
            raise UnsupportedOption("CreateTargetGroup", f"TargetType={target_type}", "there are instance and ip")
        protocol = self._protocol(given)
        if not given.get("Port"):
            raise invalid("A port must be specified")
        port = int(given["Port"])
        if not 1 <= port <= 65535:
            raise invalid(f"Port '{port}' must be a number from 1 to 65535")
        vpc_id = str(given.get("VpcId") or "")
        if not vpc_id:
            raise invalid("A VPC ID must be specified")
        if vpc_id not in self._backend.ec2.vpcs:
            raise invalid(f"The VPC ID '{vpc_id}' is not found")
        made = TargetGroup(
            arn=arn_of(self.region, self.identity.account_id, "targetgroup", name),
            name=name,
            protocol=protocol,
            port=port,
            vpc_id=vpc_id,
            target_type=target_type,
            check=health_check.new(protocol == "HTTP", given),
            tags=self._tags(),
        )
        known = next((group for group in self._backend.groups.values() if group.name == name), None)
        if known is not None and known.settings() != made.settings():
            text = f"A target group with the same name '{name}' exists, but with different settings"
            raise CloudError("DuplicateTargetGroupName", text)
        if known is None:
            self._backend.groups[made.arn] = made
        return ActionResult({"TargetGroups": [self._told(known or made)]})

    @staticmethod
    def _protocol(given: dict[str, Any]) -> str:
        protocol = str(given.get("Protocol") or "")
        if not protocol:
            raise invalid("A protocol must be specified")
        if protocol not in PROTOCOLS:
            raise UnsupportedOption("CreateTargetGroup", f"Protocol={protocol}", f"there are {', '.join(PROTOCOLS)}")
        version = given.get("ProtocolVersion") or None
        if version and protocol == "TCP":
            raise invalid("You cannot specify a protocol version for a target group with protocol 'TCP'")
        if version not in (None, "HTTP1"):
            raise UnsupportedOption("CreateTargetGroup", f"ProtocolVersion={version}", "there is HTTP1")
        return protocol

    def modify_target_group(self) -> ActionResult:
        group = self._group()
        group.check = health_check.changed(group.of_http, group.check, self._get_params())
        return ActionResult({"TargetGroups": [self._told(group)]})

    def delete_target_group(self) -> ActionResult:
        """One that is gone already is no error, as on AWS."""
        arn = str(self._get_param("TargetGroupArn"))
        group = self._backend.groups.get(arn)
        if group is None:
            return EmptyResult()
        if self._backend.balancer_of(group) is not None:
            raise CloudError("ResourceInUse", f"Target group '{arn}' is currently in use by a listener or a rule")
        del self._backend.groups[arn]
        return EmptyResult()

    def describe_target_groups(self) -> ActionResult:
        groups = list(self._backend.groups.values())
        arns, names = self._get_param("TargetGroupArns") or [], self._get_param("Names") or []
        balancer = self._get_param("LoadBalancerArn")
        if balancer:
            used = {one.group_arn for one in self._balancer(balancer).listeners.values()}
            groups = [group for group in groups if group.arn in used]
        known = {group.arn for group in groups} | {group.name for group in groups}
        if any(one not in known for one in [*arns, *names]):
            raise CloudError("TargetGroupNotFound", "One or more target groups not found")
        shown = [group for group in groups if (not arns or group.arn in arns) and (not names or group.name in names)]
        page, marker = self._page(shown)
        return ActionResult({"TargetGroups": [self._told(group) for group in page], "NextMarker": marker})

    def describe_target_group_attributes(self) -> ActionResult:
        return ActionResult({"Attributes": attributes.pairs_of(self._group().all_attributes())})

    def modify_target_group_attributes(self) -> ActionResult:
        group = self._group()
        group.attributes |= group.known_attributes.checked("ModifyTargetGroupAttributes", self._get_param("Attributes"))
        return ActionResult({"Attributes": attributes.pairs_of(group.all_attributes())})

    # Targets

    def register_targets(self) -> ActionResult:
        group = self._group()
        told = self._get_param("Targets")
        places = {self._key(group, one): self._place(group, one) for one in told}
        for key, zone in places.items():
            group.register(key, zone)
        return EmptyResult()

    def deregister_targets(self) -> ActionResult:
        group = self._group()
        for key in [self._key(group, one) for one in self._get_param("Targets")]:
            state = self._backend.health_of(group, key).state
            group.deregister(key, drains=state != "unused")
        return EmptyResult()

    def describe_target_health(self) -> ActionResult:
        group = self._group()
        keys = [self._key(group, one) for one in self._get_param("Targets") or []] or list(group.targets)
        return ActionResult({"TargetHealthDescriptions": [self._health(group, key) for key in keys]})

    def _health(self, group: TargetGroup, key: TargetKey) -> dict[str, Any]:
        known = group.targets.get(key)
        return {
            "Target": known.describe() if known is not None else {"Id": key[0], "Port": key[1]},
            "HealthCheckPort": str(group.check.port_of(key[1])) if known is not None else None,
            "TargetHealth": self._backend.health_of(group, key).describe(),
        }

    @staticmethod
    def _key(group: TargetGroup, told: dict[str, Any]) -> TargetKey:
        if told.get("QuicServerId"):
            raise UnsupportedOption("RegisterTargets", "Targets.QuicServerId")
        key = group.key_of(told)
        if not 1 <= key[1] <= 65535:
            raise invalid(f"Port '{key[1]}' must be a number from 1 to 65535")
        return key

    def _place(self, group: TargetGroup, told: dict[str, Any]) -> str | None:
        """The zone of an address; what cannot be a target is refused."""
        target_id, zone = str(told["Id"]), told.get("AvailabilityZone")
        if group.target_type == "instance":
            if zone:
                raise invalid("You cannot specify an Availability Zone for targets of type 'instance'")
            self._check_instance(group, target_id)
            return None
        try:
            address = ipaddress.IPv4Address(target_id)
        except ValueError:
            raise invalid(f"The IP address '{target_id}' is not a valid IPv4 address") from None
        if not any(address in network for network in _ADDRESSES):
            raise CloudError(
                "InvalidTarget", f"The IP address '{target_id}' must be within {', '.join(map(str, _ADDRESSES))}"
            )
        zones = {one.name for one in self._backend.ec2.describe_availability_zones()}
        if zone not in (None, "all") and zone not in zones:
            raise invalid(f"The Availability Zone '{zone}' is not valid")
        return str(zone) if zone else None

    def _check_instance(self, group: TargetGroup, instance_id: str) -> None:
        if not _INSTANCE.fullmatch(instance_id):
            raise invalid(f"Instance ID '{instance_id}' is not valid")
        try:
            instance = self._backend.ec2.get_instance(instance_id)
        except ServiceException:
            text = f"The following targets do not exist: '{instance_id}'"
            raise CloudError("InvalidTarget", text) from None
        if instance.vpc_id != group.vpc_id:
            text = f"The following targets are not in the target group VPC '{group.vpc_id}': '{instance_id}'"
            raise CloudError("InvalidTarget", text)
        if instance.state != "running":
            text = f"The following targets are not in a running state and cannot be registered: '{instance_id}'"
            raise CloudError("InvalidTarget", text)

    def _told(self, group: TargetGroup) -> dict[str, Any]:
        balancer = self._backend.balancer_of(group)
        return group.describe([balancer.arn] if balancer is not None else [])
