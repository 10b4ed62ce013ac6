# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A target group: its targets, and how they are asked."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from golden_cloud.api import runtime
from golden_cloud.api.elbv2.attributes import DELAY, Known, of_group
from golden_cloud.api.elbv2.health_check import HealthCheck
from golden_cloud.api.elbv2.target import Target

TargetKey = tuple[str, int]
"""Id and port: the same instance can be a target at several ports."""


@dataclass
class TargetGroup:
    """A target group of one account and Region."""

    arn: str
    name: str
    protocol: str
    port: int
    vpc_id: str
    target_type: str
    check: HealthCheck
    tags: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    """Those that were set."""
    targets: dict[TargetKey, Target] = field(default_factory=dict)

    @property
    def of_http(self) -> bool:
        """Whether it is for application load balancers, otherwise it is for network load balancers."""
        return self.protocol == "HTTP"

    @property
    def known_attributes(self) -> Known:
        return of_group(self.of_http)

    def all_attributes(self) -> dict[str, str]:
        return {**self.known_attributes.usual, **self.attributes}

    def key_of(self, told: dict[str, Any]) -> TargetKey:
        """Of a target as requests name it."""
        return str(told["Id"]), int(told.get("Port") or self.port)

    def register(self, key: TargetKey, zone: str | None) -> None:
        """Add it; one that leaves comes back, one that is there already stays as it is."""
        known = self.targets.get(key)
        if known is None:
            self.targets[key] = Target(*key, zone)
        elif known.leaving:
            known.begin()

    def deregister(self, key: TargetKey, *, drains: bool) -> None:
        """It gets no more connections, and is gone when the group's delay has passed; at once when it had none."""
        target = self.targets.get(key)
        if target is None or target.leaving:
            return
        delay = int(self.all_attributes()[DELAY]) * runtime.current().config.timings.health_check_second
        if drains and delay:
            target.gone_at = time.time() + delay
        else:
            del self.targets[key]

    def settings(self) -> tuple[Any, ...]:
        """What makes another group of the same name another one."""
        return self.protocol, self.port, self.vpc_id, self.target_type, self.check

    def describe(self, balancer_arns: list[str]) -> dict[str, Any]:
        told = {
            "TargetGroupArn": self.arn,
            "TargetGroupName": self.name,
            "Protocol": self.protocol,
            "Port": self.port,
            "VpcId": self.vpc_id,
            "TargetType": self.target_type,
            "LoadBalancerArns": balancer_arns,
            "IpAddressType": "ipv4",
        }
        return told | ({"ProtocolVersion": "HTTP1"} if self.of_http else {}) | self.check.describe()
