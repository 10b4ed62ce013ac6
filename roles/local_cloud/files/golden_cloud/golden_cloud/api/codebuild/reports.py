# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Report groups, and the reports that builds make of their tests."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from golden_cloud.api.access import PARTITION
from golden_cloud.api.codebuild.build import now
from golden_cloud.api.codebuild.junit import TestCase

KEPT = timedelta(days=30)
"""How long a report is kept."""
STATUSES = ("SUCCEEDED", "FAILED", "ERROR", "SKIPPED", "UNKNOWN")


@dataclass
class ReportGroup:
    account_id: str
    region: str
    name: str
    kind: str
    export: dict[str, Any]
    tags: list[dict[str, str]]
    created: datetime = field(default_factory=now)
    modified: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.modified = self.created

    @property
    def arn(self) -> str:
        return group_arn(self.account_id, self.region, self.name)

    def describe(self) -> dict[str, Any]:
        return {
            "arn": self.arn,
            "name": self.name,
            "type": self.kind,
            "exportConfig": self.export,
            "created": self.created,
            "lastModified": self.modified,
            "tags": self.tags,
            "status": "ACTIVE",
        }


@dataclass
class Report:
    group: ReportGroup
    execution: str
    """The ARN of the build."""
    cases: list[TestCase]
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))
    created: datetime = field(default_factory=now)

    @property
    def arn(self) -> str:
        return f"{self.group.arn.replace(':report-group/', ':report/')}:{self.uuid}"

    @property
    def status(self) -> str:
        return "FAILED" if any(case.status in ("FAILED", "ERROR") for case in self.cases) else "SUCCEEDED"

    @property
    def expired(self) -> datetime:
        return self.created + KEPT

    def describe(self) -> dict[str, Any]:
        counts = Counter(case.status for case in self.cases)
        return {
            "arn": self.arn,
            "type": self.group.kind,
            "name": self.group.name,
            "reportGroupArn": self.group.arn,
            "executionId": self.execution,
            "status": self.status,
            "created": self.created,
            "expired": self.expired,
            "exportConfig": self.group.export,
            "truncated": False,
            "testSummary": {
                "total": len(self.cases),
                "statusCounts": {status: counts[status] for status in STATUSES},
                "durationInNanoSeconds": sum(case.nanoseconds for case in self.cases),
            },
        }

    def describe_cases(self) -> list[dict[str, Any]]:
        return [
            {
                "reportArn": self.arn,
                "testRawDataPath": case.path,
                "testSuiteName": case.suite,
                "prefix": case.prefix,
                "name": case.name,
                "status": case.status,
                "durationInNanoSeconds": case.nanoseconds,
                "message": case.message,
                "expired": self.expired,
            }
            for case in self.cases
        ]


def group_arn(account_id: str, region: str, name: str) -> str:
    return f"arn:{PARTITION}:codebuild:{region}:{account_id}:report-group/{name}"


def group_name(reference: str, project: str) -> str:
    """The group that a buildspec means: by its ARN, or one of the project's own by a short name."""
    return reference.rsplit("/", 1)[-1] if reference.startswith("arn:") else f"{project}-{reference}"
