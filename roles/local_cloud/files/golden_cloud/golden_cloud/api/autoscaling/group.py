# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An Auto Scaling group, its instances, and its refreshes: what is so, and what should happen next."""

from __future__ import annotations

import math
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

TemplateSpec = dict[str, str]
"""LaunchTemplateId, LaunchTemplateName, Version: as AWS tells them."""

ENDED = {"Successful", "Failed", "Cancelled", "RollbackSuccessful", "RollbackFailed"}
GIVES_UP_AFTER = 5
"""Launches in a row that fail until a refresh does."""


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Member:
    """One instance of a group."""

    instance_id: str
    zone: str
    subnet_id: str
    instance_type: str
    image_id: str
    template: TemplateSpec
    state: str = "Pending"
    """As the group tells it: Pending, InService, Terminating."""
    since: float = field(default_factory=time.time)
    """When it came into this state."""
    serves: bool = True
    """Whether every target group of its group calls it healthy, where the group goes by that."""
    target_groups: tuple[str, ...] = ()
    """Those in which the group has registered it."""

    def enter(self, state: str) -> None:
        if self.state != state:
            self.state, self.since = state, time.time()

    def describe(self) -> dict[str, Any]:
        return {
            "InstanceId": self.instance_id,
            "InstanceType": self.instance_type,
            "AvailabilityZone": self.zone,
            "LifecycleState": self.state,
            "HealthStatus": "Healthy" if self.state != "Terminating" else "Unhealthy",
            "LaunchTemplate": self.template,
            "ImageId": self.image_id,
            "ProtectedFromScaleIn": False,
        }


@dataclass
class Refresh:
    """A rolling replacement of instances."""

    template: TemplateSpec
    old: list[str]
    min_healthy: int
    warmup: int
    desired: bool
    """Whether its launch template becomes the group's when it ends well."""
    former: TemplateSpec | None = None
    """What the group launched from before, where it can go back to that."""
    rolls_back: bool = False
    """Whether it goes back by itself when it fails."""
    checkpoints: tuple[int, ...] = ()
    """After how many per cent of the instances it waits."""
    checkpoint_delay: int = 3600
    bake: int = 0
    """Seconds from the last instance to the end."""
    until: float | None = None
    """When it goes on from a checkpoint, or has baked."""
    passed: int = 0
    """Checkpoints that are behind it."""
    going_back: bool = False
    back_since: datetime | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "InProgress"
    reason: str | None = None
    started: datetime = field(default_factory=now)
    ended: datetime | None = None
    total: int = 0

    def finish(self, status: str) -> None:
        self.status, self.ended = status, now()

    @property
    def aim(self) -> TemplateSpec:
        """What instances are launched from now."""
        return self.former if self.going_back and self.former is not None else self.template

    def go_back(self, reason: str, replaced: list[str]) -> None:
        """From here on the new instances are replaced by what there was before."""
        self.going_back, self.back_since, self.reason = True, now(), reason
        self.status, self.old, self.until = "RollbackInProgress", replaced, None

    @property
    def allowed(self) -> int:
        """How many instances may have been replaced before the next checkpoint is behind it."""
        if self.going_back or self.passed >= len(self.checkpoints):
            return self.total
        return math.ceil(self.total * self.checkpoints[self.passed] / 100)

    def describe(self, name: str) -> dict[str, Any]:
        done = 100 if not self.total else round(100 * (self.total - len(self.old)) / self.total)
        return {
            "InstanceRefreshId": self.id,
            "AutoScalingGroupName": name,
            "Status": self.status,
            "StatusReason": self.reason,
            "StartTime": self.started,
            "EndTime": self.ended,
            "PercentageComplete": 100 if self.status == "Successful" else min(done, 99),
            "InstancesToUpdate": len(self.old),
            "Preferences": {
                "MinHealthyPercentage": self.min_healthy,
                "InstanceWarmup": self.warmup,
                "AutoRollback": self.rolls_back,
                "CheckpointPercentages": list(self.checkpoints) or None,
                "CheckpointDelay": self.checkpoint_delay if self.checkpoints else None,
                "BakeTime": self.bake or None,
            },
            "RollbackDetails": {"RollbackReason": self.reason, "RollbackStartTime": self.back_since}
            if self.going_back
            else None,
            "DesiredConfiguration": {"LaunchTemplate": self.template} if self.desired else None,
            "Strategy": "Rolling",
        }


@dataclass
class Activity:
    """Something that a group did, or tried to."""

    description: str
    cause: str
    status: str
    message: str | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    time: datetime = field(default_factory=now)


@dataclass
class Group:
    """A group of one account and Region."""

    name: str
    arn: str
    template: TemplateSpec
    least: int
    most: int
    desired: int
    subnets: list[str]
    zones: list[str]
    by_subnet: bool
    tags: list[dict[str, Any]]
    cooldown: int = 300
    grace: int = 0
    warmup: int | None = None
    target_groups: tuple[str, ...] = ()
    """Those in which its instances are."""
    by_load_balancer: bool = False
    """Whether it goes by what these say, not by EC2 alone."""
    policies: list[str] = field(default_factory=lambda: ["Default"])
    """Who goes first: Default or OldestInstance."""
    created: datetime = field(default_factory=now)
    members: dict[str, Member] = field(default_factory=dict)
    refreshes: list[Refresh] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)
    deleting: bool = False
    retry_at: float = 0.0
    """When a launch that failed is tried again."""
    failures: int = 0

    @property
    def refresh(self) -> Refresh | None:
        """The one that is under way."""
        return next((r for r in self.refreshes if r.status not in ENDED), None)

    @property
    def named_template(self) -> TemplateSpec:
        """Its launch template as a request names one."""
        return {k: v for k, v in self.template.items() if k != "LaunchTemplateName"}

    @property
    def alive(self) -> list[Member]:
        return [m for m in self.members.values() if m.state != "Terminating"]

    def note(self, activity: Activity) -> None:
        self.activities = [activity, *self.activities][:100]

    def next_subnet(self) -> str:
        """The one with the fewest instances."""
        return min(self.subnets, key=lambda s: sum(m.subnet_id == s for m in self.alive))

    def surplus(self) -> list[Member]:
        """Who goes when fewer are wanted: of the zone that has most, whom the policy names first."""
        staying, going = list(self.alive), []
        while len(staying) > self.desired:
            zones = Counter(m.zone for m in staying)
            crowded = [m for m in staying if zones[m.zone] == max(zones.values())]
            going.append(min(crowded, key=self._goes_first))
            staying.remove(going[-1])
        return going

    def _goes_first(self, member: Member) -> tuple[int, float]:
        """By default the oldest version of the launch template, then the oldest instance."""
        version = str(member.template.get("Version", "")) if self.policies == ["Default"] else ""
        return int(version) if version.isdigit() else 0, member.since

    def to_replace(self) -> list[Member]:
        """Whom the refresh under way terminates now."""
        refresh = self.refresh
        if refresh is None:
            return []
        old = refresh.old
        healthy = self._ready(refresh)
        spare = self.desired - math.ceil(self.desired * refresh.min_healthy / 100)
        room = max(spare, 1) - (self.desired - len(healthy))
        if not refresh.going_back:
            room = min(room, refresh.allowed - (refresh.total - len(old)))
        return [m for m in self.alive if m.instance_id in old][: max(room, 0)]

    def refreshed(self) -> bool:
        """Whether the refresh under way has nothing left to do."""
        refresh = self.refresh
        return refresh is not None and not refresh.old and self._settled(refresh)

    def at_checkpoint(self) -> bool:
        """Whether the refresh under way has replaced what it may, and these serve."""
        refresh = self.refresh
        if refresh is None or refresh.going_back or refresh.passed >= len(refresh.checkpoints):
            return False
        return refresh.total - len(refresh.old) >= refresh.allowed and self._settled(refresh)

    def _settled(self, refresh: Refresh) -> bool:
        """Whether as many serve as are wanted, the new ones for as long as it takes them to warm up."""
        return len(self._ready(refresh)) >= self.desired

    def _ready(self, refresh: Refresh) -> list[Member]:
        """Who serves: the old ones, and the new ones that have warmed up and that load balancers call healthy."""
        warm = time.time() - refresh.warmup
        serving = [m for m in self.alive if m.state == "InService"]
        return [m for m in serving if m.instance_id in refresh.old or (m.since <= warm and m.serves)]

    @property
    def graced(self) -> list[Member]:
        """Whose health does not count yet."""
        since = time.time() - self.grace
        return [m for m in self.alive if m.state != "InService" or m.since > since]

    @property
    def new_ones(self) -> list[str]:
        """The instances that the refresh under way has brought."""
        refresh = self.refresh
        return [m.instance_id for m in self.alive if refresh is not None and m.instance_id not in refresh.old]

    def describe(self) -> dict[str, Any]:
        return {
            "AutoScalingGroupName": self.name,
            "AutoScalingGroupARN": self.arn,
            "LaunchTemplate": self.template,
            "MinSize": self.least,
            "MaxSize": self.most,
            "DesiredCapacity": self.desired,
            "DefaultCooldown": self.cooldown,
            "AvailabilityZones": self.zones,
            "LoadBalancerNames": [],
            "TargetGroupARNs": list(self.target_groups),
            "TrafficSources": [{"Identifier": arn, "Type": "elbv2"} for arn in self.target_groups],
            "HealthCheckType": "ELB" if self.by_load_balancer else "EC2",
            "HealthCheckGracePeriod": self.grace,
            "Instances": [m.describe() for m in self.members.values()],
            "CreatedTime": self.created,
            "SuspendedProcesses": [],
            "EnabledMetrics": [],
            "VPCZoneIdentifier": ",".join(self.subnets) if self.by_subnet else "",
            "Status": "Delete in progress" if self.deleting else None,
            "Tags": [
                tag | {"ResourceId": self.name, "ResourceType": "auto-scaling-group"}
                for tag in sorted(self.tags, key=lambda tag: str(tag["Key"]))
            ],
            "TerminationPolicies": self.policies,
            "NewInstancesProtectedFromScaleIn": False,
            "DefaultInstanceWarmup": self.warmup,
        }
