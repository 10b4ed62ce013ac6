# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A target: where it is, and what is known of its health."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from golden_cloud.api.elbv2.probe import FAILED, Outcome


@dataclass(frozen=True)
class Health:
    """As DescribeTargetHealth tells it."""

    state: str
    reason: str | None = None
    description: str | None = None

    def describe(self) -> dict[str, Any]:
        return {"State": self.state, "Reason": self.reason, "Description": self.description}


REGISTERING = Health("initial", "Elb.RegistrationInProgress", "Target registration is in progress")
CHECKING = Health("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
HEALTHY = Health("healthy")
DRAINING = Health("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
UNREGISTERED = Health("unused", "Target.NotRegistered", "Target is not registered to the target group")
NOT_IN_USE = Health(
    "unused", "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"
)
OTHER_ZONE = Health(
    "unused", "Target.NotInUse", "Target is in an Availability Zone that is not enabled for the load balancer"
)
STOPPED = Health("unused", "Target.InvalidState", "Target is in the stopped state")


@dataclass
class Target:
    """One that is registered, or that leaves."""

    id: str
    """An instance's, or an address."""
    port: int
    zone: str | None = None
    """Of an address alone: its Availability Zone, or ``all``."""
    health: Health = REGISTERING
    """While it is asked; what keeps it from being asked is the group's to tell."""
    passes: int = 0
    failures: int = 0
    due: float = field(default_factory=time.time)
    """When it is asked next."""
    gone_at: float | None = None
    """When a target that leaves is gone."""

    @property
    def leaving(self) -> bool:
        return self.gone_at is not None

    def begin(self) -> None:
        """As one that was registered just now."""
        self.health, self.passes, self.failures = REGISTERING, 0, 0
        self.due, self.gone_at = time.time(), None

    def answered(self, outcome: Outcome, healthy_after: int, unhealthy_after: int, *, with_reason: bool) -> bool:
        """Take up an answer; whether its health is another one now.

        A new target is healthy after one good answer, an unhealthy one after some in a row. Network load balancers
        know one reason only.
        """
        before = self.health
        if outcome.passed:
            self.passes, self.failures = self.passes + 1, 0
            if self.health.state == "initial" or self.passes >= healthy_after:
                self.health = HEALTHY
        else:
            self.passes, self.failures = 0, self.failures + 1
            if self.health.state == "unhealthy" or self.failures >= unhealthy_after:
                told = outcome if with_reason else FAILED
                self.health = Health("unhealthy", told.reason, told.description)
        return self.health != before

    def describe(self) -> dict[str, Any]:
        return {"Id": self.id, "Port": self.port, "AvailabilityZone": self.zone}
