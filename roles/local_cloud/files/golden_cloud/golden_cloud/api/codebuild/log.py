# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A build's log: its lines go to CloudWatch Logs as they come, with secrets masked."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

from moto.logs.models import logs_backends

from golden_cloud.api import permitted, runtime
from golden_cloud.api.access import PARTITION
from golden_cloud.api.codebuild.build import Build
from golden_cloud.api.errors import CloudError

MASK = "***"
LONGEST_LINE = 250_000
"""Characters; an event of CloudWatch Logs can't have many more."""


def group_and_stream(build: Build) -> tuple[str, str] | None:
    """Where the log goes; None when the project wants none in CloudWatch Logs."""
    wanted = build.asked["logsConfig"]["cloudWatchLogs"]
    if wanted["status"] != "ENABLED":
        return None
    prefix = wanted.get("streamName")
    stream = f"{prefix}/{build.uuid}" if prefix else build.uuid
    return wanted.get("groupName") or f"/aws/codebuild/{build.project}", stream


class BuildLog:
    """Takes bytes as a command says them, and whole lines of CodeBuild's own."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._waiting: list[dict[str, object]] = []
        self._partial = b""
        self._secrets: list[str] = []
        self.text: list[str] = []
        """All lines, for a log that goes to S3."""

    def open(self, principal: str) -> None:
        """Make group and stream; ``CloudError`` AccessDeniedException when the service role may not."""
        place = group_and_stream(self._build)
        if place is None:
            return
        build, (group, stream) = self._build, place
        arn = f"arn:{PARTITION}:logs:{build.region}:{build.account_id}:log-group:{group}"
        with runtime.current().changing():
            backend = logs_backends[build.account_id][build.region]
            if group not in backend.groups:
                permitted.require(principal, "logs:CreateLogGroup", arn)
                backend.create_log_group(group, {})
            permitted.require(principal, "logs:CreateLogStream", f"{arn}:log-stream:{stream}")
            permitted.require(principal, "logs:PutLogEvents", f"{arn}:log-stream:{stream}")
            if stream not in backend.groups[group].streams:
                backend.create_log_stream(group, stream)
            build.log_group, build.log_stream = group, stream

    def hide(self, value: str) -> None:
        """Show the value no more, nor any of its lines."""
        parts = {value, *(line for line in value.splitlines() if len(line) > 3)}
        with self._lock:
            self._secrets = sorted({*self._secrets, *(part for part in parts if part.strip())}, key=len, reverse=True)

    def masked(self, text: str) -> str:
        for value in self._secrets:
            text = text.replace(value, MASK)
        return text

    def say(self, text: str) -> None:
        """A line of CodeBuild's own."""
        stamp = datetime.now(UTC).strftime("%Y/%m/%d %H:%M:%S.%f")
        self._add(f"[Container] {stamp} {text}")

    def output(self, chunk: bytes) -> None:
        """What a command has said: whole lines go on, the rest waits for its end."""
        *lines, self._partial = (self._partial + chunk).split(b"\n")
        for line in lines:
            self._add(line.decode(errors="replace").rstrip("\r"))

    def end_output(self) -> None:
        """The command has ended, perhaps within a line."""
        if self._partial:
            self.output(b"\n")

    def _add(self, line: str) -> None:
        with self._lock:
            shown = self.masked(line)[:LONGEST_LINE]
            self.text.append(shown)
            self._waiting.append({"timestamp": int(time.time() * 1000), "message": shown + "\n"})

    def flush(self) -> None:
        """Hand over what has come since the last time; never call while holding the cloud's lock."""
        with self._flushing:
            with self._lock:
                waiting, self._waiting = self._waiting, []
            build = self._build
            if not waiting or build.log_group is None:
                return
            with runtime.current().changing():
                backend = logs_backends[build.account_id][build.region]
                group = backend.groups.get(build.log_group)
                # Who deletes a log group while a build runs has no more of its log.
                if group is not None and build.log_stream in group.streams:
                    group.put_log_events(build.log_stream, waiting)


def refused(build: Build, error: CloudError) -> str:
    """CodeBuild's words for a service role that may not write the log."""
    return (
        f"Service role {build.role} does not allow AWS CodeBuild to create Amazon CloudWatch Logs log streams for"
        f" build {build.arn}. Error message: {error.message}"
    )
