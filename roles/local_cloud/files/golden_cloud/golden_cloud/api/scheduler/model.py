# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Scheduler keeps, and the schedules that are due."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend

from golden_cloud.api import reachable, runtime, schedules
from golden_cloud.api.events.targets import Delivery, DeliveryFailed, deliver, give_up

SERVICE = "scheduler.amazonaws.com"
DEFAULT_GROUP = "default"
LATE = timedelta(seconds=60)
"""A time that was longer ago than this passed while the cloud was down, and is not made up for."""


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Schedule:
    name: str
    group: str
    arn: str
    given: dict[str, Any]
    """As the API takes it: expression, time zone, window, target, state, dates."""
    created: datetime
    modified: datetime
    due: datetime | None = None
    """None when it is never due any more."""

    @property
    def enabled(self) -> bool:
        return bool(self.given["State"] == "ENABLED")

    def plan(self, after: datetime) -> None:
        """Find out when it is due next."""
        self.due = None
        if not self.enabled:
            return
        begin, end = self.given.get("StartDate"), self.given.get("EndDate")
        expression = schedules.parse(self.given["ScheduleExpression"], self.given["ScheduleExpressionTimezone"])
        # The time that it starts at is one that it can be due at.
        first = begin - timedelta(seconds=1) if begin is not None else self.created
        due = expression.following(max(after, first), begin or self.created)
        self.due = due if due is not None and (end is None or due <= end) else None

    def describe(self) -> dict[str, Any]:
        return self.given | {
            "Arn": self.arn,
            "Name": self.name,
            "GroupName": self.group,
            "CreationDate": self.created,
            "LastModificationDate": self.modified,
        }


@dataclass
class Group:
    name: str
    arn: str
    created: datetime
    tags: dict[str, str] = field(default_factory=dict)
    schedules: dict[str, Schedule] = field(default_factory=dict)

    def describe(self) -> dict[str, Any]:
        return {
            "Arn": self.arn,
            "Name": self.name,
            "State": "ACTIVE",
            "CreationDate": self.created,
            "LastModificationDate": self.created,
        }


class CloudSchedulerBackend(BaseBackend):
    """The groups of one account and Region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.groups: dict[str, Group] = {}
        self.add_group(DEFAULT_GROUP, {})

    def add_group(self, name: str, tags: dict[str, str]) -> Group:
        arn = f"arn:aws:scheduler:{self.region_name}:{self.account_id}:schedule-group/{name}"
        self.groups[name] = Group(name, arn, now(), tags)
        return self.groups[name]


scheduler_backends: BackendDict[CloudSchedulerBackend] = BackendDict(CloudSchedulerBackend, "scheduler")


def keep_all() -> float | None:
    """Call the targets of what is due; seconds until the next is. Only for who holds the lock."""
    moment, left = now(), []
    for _account, _region, backend in list(scheduler_backends.iter_backends()):
        for group in backend.groups.values():
            for schedule in list(group.schedules.values()):
                if schedule.due is not None and schedule.due <= moment:
                    _fire(group, schedule, moment)
                    runtime.current().touched()
                if schedule.due is not None:
                    left.append((schedule.due - moment).total_seconds())
    return min(left, default=None)


def _fire(group: Group, schedule: Schedule, moment: datetime) -> None:
    due = schedule.due
    if due is not None and (moment - due <= LATE or due < schedule.created):
        target = schedule.given["Target"]
        delivery = Delivery(SERVICE, schedule.arn, target, target.get("Input") or "{}", chosen=True)
        runtime.current().jobs.submit(f"scheduler-{schedule.arn}", lambda: _deliver(delivery))
    schedule.plan(moment)
    if schedule.due is None and schedule.given.get("ActionAfterCompletion") == "DELETE":
        del group.schedules[schedule.name]


def _deliver(delivery: Delivery) -> None:
    if not reachable.wait():
        runtime.LOG.warning("%s was not delivered: the cloud ends", delivery.source_arn)
        return
    try:
        deliver(delivery)
    except DeliveryFailed as error:
        give_up(delivery, error)
