# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What EventBridge keeps: rules with their targets, on the default bus of each account and Region."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend

from golden_cloud.api import schedules
from golden_cloud.api.events.pattern import Pattern

ENABLED, DISABLED = "ENABLED", "DISABLED"
DEFAULT_BUS = "default"

Target = dict[str, Any]


@dataclass
class Rule:
    name: str
    arn: str
    pattern_text: str | None
    pattern: Pattern | None
    schedule: str | None
    state: str
    description: str | None
    tags: dict[str, str]
    targets: dict[str, Target] = field(default_factory=dict)
    begun: datetime = field(default_factory=lambda: datetime.now(UTC))
    """Since when the schedule counts."""
    due: datetime | None = None
    """When the schedule is due; None when it never is."""

    @property
    def enabled(self) -> bool:
        return self.state == ENABLED

    def plan(self, after: datetime) -> None:
        """Find out when it is due next."""
        due = schedules.parse(self.schedule).following(after, self.begun) if self.schedule else None
        self.due = due if self.enabled else None

    def describe(self) -> dict[str, Any]:
        shown = {
            "Name": self.name,
            "Arn": self.arn,
            "EventPattern": self.pattern_text,
            "ScheduleExpression": self.schedule,
            "State": self.state,
            "Description": self.description,
            "EventBusName": DEFAULT_BUS,
        }
        return {name: value for name, value in shown.items() if value is not None}


class CloudEventsBackend(BaseBackend):
    """The rules of one account and Region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.rules: dict[str, Rule] = {}


events_backends: BackendDict[CloudEventsBackend] = BackendDict(CloudEventsBackend, "events")
