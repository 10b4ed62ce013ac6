# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One build: its record, in AWS's form, with the phases that it has been through."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from golden_cloud.api.access import PARTITION

Shape = dict[str, Any]

ENDED = ("SUCCEEDED", "FAILED", "FAULT", "TIMED_OUT", "STOPPED")
INTERRUPTED = "INTERNAL_SERVICE_ERROR"
"""Status code of the phase in which the cloud itself ended."""


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


@dataclass
class Phase:
    kind: str
    began: datetime = field(default_factory=now)
    ended: datetime | None = None
    status: str | None = None
    code: str = ""
    message: str = ""

    def describe(self) -> Shape:
        told: Shape = {"phaseType": self.kind, "startTime": self.began}
        if self.kind == "COMPLETED":
            return told
        if self.ended is None:
            return told
        return told | {
            "phaseStatus": self.status,
            "endTime": self.ended,
            "durationInSeconds": int((self.ended - self.began).total_seconds()),
            "contexts": [{"statusCode": self.code, "message": self.message}],
        }


@dataclass
class Build:
    account_id: str
    region: str
    project: str
    number: int
    initiator: str
    asked: Shape
    """The project as this build takes it, with all overrides: what RetryBuild begins anew."""
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))
    began: datetime = field(default_factory=now)
    ended: datetime | None = None
    status: str = "IN_PROGRESS"
    phases: list[Phase] = field(default_factory=list)
    resolved_source: str | None = None
    log_group: str | None = None
    log_stream: str | None = None
    artifacts: Shape = field(default_factory=dict)
    secondary_artifacts: list[Shape] = field(default_factory=list)
    exported: list[Shape] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"{self.project}:{self.uuid}"

    @property
    def arn(self) -> str:
        return f"arn:{PARTITION}:codebuild:{self.region}:{self.account_id}:build/{self.id}"

    @property
    def role(self) -> str:
        return str(self.asked["serviceRole"])

    @property
    def current_phase(self) -> str:
        return self.phases[-1].kind if self.phases else "SUBMITTED"

    @property
    def key(self) -> str:
        """Under which its work is queued, and by which its container is known: a name for podman as well."""
        return f"build-{self.uuid}"

    def begin(self, kind: str) -> Phase:
        self.phases.append(Phase(kind))
        return self.phases[-1]

    def end_phase(self, status: str, code: str = "", message: str = "") -> Phase:
        """The phase that is under way has ended."""
        phase = self.phases[-1]
        phase.ended, phase.status, phase.code, phase.message = now(), status, code, message
        return phase

    def complete(self, status: str) -> None:
        """All is over: the last phase is there, and the end is that phase's."""
        self.begin("COMPLETED")
        self.status, self.ended = status, self.phases[-1].began

    def interrupt(self, status: str, message: str) -> None:
        """End what can't go on, as nobody works on it any more."""
        if self.phases and self.phases[-1].ended is None:
            self.end_phase(status, INTERRUPTED, message)
        self.complete(status)

    def describe(self) -> Shape:
        asked = self.asked
        taken = (
            "source", "secondarySources", "sourceVersion", "secondarySourceVersions", "cache", "environment",
            "serviceRole", "timeoutInMinutes", "queuedTimeoutInMinutes", "vpcConfig", "encryptionKey",
        )  # fmt: skip
        told: Shape = {name: asked[name] for name in taken if asked.get(name) is not None}
        told |= {
            "id": self.id,
            "arn": self.arn,
            "buildNumber": self.number,
            "startTime": self.began,
            "currentPhase": self.current_phase,
            "buildStatus": self.status,
            "projectName": self.project,
            "phases": [phase.describe() for phase in self.phases],
            "artifacts": self.artifacts or {"location": ""},
            "secondaryArtifacts": self.secondary_artifacts,
            "logs": self.logs(),
            "buildComplete": self.ended is not None,
            "initiator": self.initiator,
            "exportedEnvironmentVariables": self.exported,
            "reportArns": self.reports,
        }
        if self.ended is not None:
            told["endTime"] = self.ended
        if self.resolved_source is not None:
            told["resolvedSourceVersion"] = self.resolved_source
        return told

    def logs(self) -> Shape:
        """Where the log is. Group and stream are ``null`` in the addresses until they exist, as on AWS."""
        group, stream = self.log_group or "null", self.log_stream or "null"
        page = f"https://console.aws.amazon.com/cloudwatch/home?region={self.region}#logsV2:log-groups"
        told: Shape = {
            "deepLink": f"{page}/log-group/{_fragment(group)}/log-events/{_fragment(stream)}",
            "cloudWatchLogsArn": f"arn:{PARTITION}:logs:{self.region}:{self.account_id}"
            f":log-group:{group}:log-stream:{stream}",
            **self.asked["logsConfig"],
        }
        if self.log_group is not None:
            told |= {"groupName": group, "streamName": stream}
        location = self.asked["logsConfig"]["s3Logs"].get("location")
        if self.asked["logsConfig"]["s3Logs"]["status"] == "ENABLED":
            told["s3LogsArn"] = f"arn:{PARTITION}:s3:::{location}/{self.uuid}.gz"
            told["s3DeepLink"] = f"https://s3.console.aws.amazon.com/s3/object/{location}/{self.uuid}.gz"
        return told


def _fragment(name: str) -> str:
    """A name as the console's addresses have it: encoded twice, with dollars."""
    return quote(quote(name, safe=""), safe="").replace("%", "$")


class Ending:
    """Why a build is to end before its time: set by whoever sees to that, looked at by the build's own work."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._status: str | None = None

    def demand(self, status: str) -> bool:
        """Have the build end so; False when it was to end already."""
        with self._lock:
            first = self._status is None
            self._status = self._status or status
        return first

    @property
    def status(self) -> str | None:
        with self._lock:
            return self._status
