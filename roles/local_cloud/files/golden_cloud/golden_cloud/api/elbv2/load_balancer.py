# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A load balancer and its listeners."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from golden_cloud.api.elbv2.attributes import IDLE, PROTECTED, TCP_IDLE, Known, of_balancer, of_listener

ZONE_ID = "Z0000000LOCALCLOUD"
"""There is no Route 53 here, so its hosted zone is no real one."""


@dataclass
class Listener:
    """A port of a load balancer, and the target group that it forwards to."""

    arn: str
    balancer_arn: str
    protocol: str
    port: int
    group_arn: str
    tags: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def of_http(self) -> bool:
        return self.protocol == "HTTP"

    @property
    def known_attributes(self) -> Known:
        return of_listener(self.of_http)

    def all_attributes(self) -> dict[str, str]:
        return {**self.known_attributes.usual, **self.attributes}

    def describe(self) -> dict[str, Any]:
        config = {
            "TargetGroups": [{"TargetGroupArn": self.group_arn, "Weight": 1}],
            "TargetGroupStickinessConfig": {"Enabled": False},
        }
        forward = {"Type": "forward", "TargetGroupArn": self.group_arn, "Order": 1, "ForwardConfig": config}
        return {
            "ListenerArn": self.arn,
            "LoadBalancerArn": self.balancer_arn,
            "Port": self.port,
            "Protocol": self.protocol,
            "DefaultActions": [forward],
        }


@dataclass
class LoadBalancer:
    """A load balancer of one account and Region."""

    arn: str
    name: str
    type: str
    scheme: str
    vpc_id: str
    zones: dict[str, str]
    """Subnet by Availability Zone."""
    security_groups: list[str]
    address: str
    """Its own one of the loopback network, on which its listeners listen."""
    tags: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    listeners: dict[str, Listener] = field(default_factory=dict)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def of_http(self) -> bool:
        return self.type == "application"

    @property
    def known_attributes(self) -> Known:
        return of_balancer(self.of_http)

    def all_attributes(self) -> dict[str, str]:
        return {**self.known_attributes.usual, **self.attributes}

    @property
    def protected(self) -> bool:
        return self.all_attributes()[PROTECTED] == "true"

    def idle_seconds(self, listener: Listener) -> int:
        """After how long without a byte a connection is closed."""
        if self.of_http:
            return int(self.all_attributes()[IDLE])
        return int(listener.all_attributes()[TCP_IDLE])

    def settings(self) -> tuple[Any, ...]:
        """What makes another load balancer of the same name another one."""
        return self.type, self.scheme, self.zones, self.security_groups

    def describe(self, state: dict[str, str]) -> dict[str, Any]:
        return {
            "LoadBalancerArn": self.arn,
            # No name server knows this cloud, and clients connect to what stands here.
            "DNSName": self.address,
            "CanonicalHostedZoneId": ZONE_ID,
            "CreatedTime": self.created,
            "LoadBalancerName": self.name,
            "Scheme": self.scheme,
            "VpcId": self.vpc_id,
            "State": state,
            "Type": self.type,
            "AvailabilityZones": [
                {"ZoneName": zone, "SubnetId": subnet, "LoadBalancerAddresses": []}
                for zone, subnet in self.zones.items()
            ],
            "SecurityGroups": self.security_groups if self.security_groups else None,
            "IpAddressType": "ipv4",
        }
