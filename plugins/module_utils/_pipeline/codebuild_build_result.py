# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What is told of a build: its phases, where its log is, and why it failed."""

from __future__ import annotations

import collections.abc as c
import datetime
import re
import typing as t

from .._packer.secrets import HIDDEN, looks_secret
from .denied import permission_to_add

Build = c.Mapping[str, t.Any]
Result = dict[str, t.Any]

SUCCEEDED = "SUCCEEDED"
RUNNING = "IN_PROGRESS"
STOPPED = "STOPPED"
_WORDS = {
    "FAILED": "failed",
    "FAULT": "failed by a fault of CodeBuild",
    "TIMED_OUT": "timed out",
    STOPPED: "was stopped",
}
_EXIT = re.compile(r"exit status (\d+)")


def is_complete(build: Build) -> bool:
    return bool(build.get("buildComplete")) or build.get("buildStatus", RUNNING) != RUNNING


def message_of(phase: Build) -> str | None:
    """What CodeBuild says of a phase; there may be several things."""
    said = [one["message"].strip() for one in phase.get("contexts") or () if (one.get("message") or "").strip()]
    return " ".join(said) or None


def _phase(phase: Build) -> Result:
    return {
        "name": phase["phaseType"],
        "status": phase.get("phaseStatus"),
        "seconds": phase.get("durationInSeconds"),
        "message": message_of(phase),
    }


def failed_phase(build: Build) -> Build | None:
    """The first that did not succeed: what comes after it, as finally blocks and uploads, is not the cause."""
    bad = [one for one in build.get("phases") or () if one.get("phaseStatus") not in (None, SUCCEEDED, RUNNING)]
    return bad[0] if bad else None


def exit_status(build: Build) -> int | None:
    """That of the command that failed, which CodeBuild tells in the phase's message."""
    if build.get("buildStatus") == SUCCEEDED:
        return 0
    phase = failed_phase(build)
    found = _EXIT.search(message_of(phase) or "") if phase else None
    return int(found[1]) if found else None


def _exported(build: Build) -> dict[str, str]:
    return {
        one["name"]: HIDDEN if looks_secret(one["name"]) else one.get("value", "")
        for one in build.get("exportedEnvironmentVariables") or ()
    }


def _time(value: datetime.datetime | None) -> str | None:
    return value.isoformat() if value else None


def _seconds(build: Build) -> float | None:
    start, end = build.get("startTime"), build.get("endTime")
    return round((end - start).total_seconds(), 1) if start and end else None


def told(build: Build, last_lines: c.Sequence[str]) -> Result:
    """A build as a result has it."""
    logs, artifacts, phase = build.get("logs") or {}, build.get("artifacts") or {}, failed_phase(build)
    return {
        "id": build["id"],
        "arn": build["arn"],
        "number": build.get("buildNumber"),
        "project": build["projectName"],
        "status": build.get("buildStatus", RUNNING),
        "complete": is_complete(build),
        "current_phase": build.get("currentPhase") or None,
        "phases": [_phase(one) for one in build.get("phases") or ()],
        "failed_phase": _phase(phase) if phase else None,
        "exit_status": exit_status(build),
        "source_version": build.get("sourceVersion") or None,
        "resolved_source_version": build.get("resolvedSourceVersion") or None,
        "initiator": build.get("initiator") or None,
        "start_time": _time(build.get("startTime")),
        "end_time": _time(build.get("endTime")),
        "seconds": _seconds(build),
        "log": {
            "group": logs.get("groupName") or None,
            "stream": logs.get("streamName") or None,
            "url": logs.get("deepLink") or None,
            "s3_url": logs.get("s3DeepLink") or None,
        },
        "last_lines": list(last_lines),
        "exported_variables": _exported(build),
        "artifacts_location": artifacts.get("location") or None,
        "report_arns": list(build.get("reportArns") or ()),
    }


def failure(build: Build, last_lines: c.Sequence[str]) -> str:
    """Which build, in which phase, why, and the end of its log."""
    phase = failed_phase(build)
    where = f" in phase {phase['phaseType']}" if phase else ""
    why = (message_of(phase) if phase else None) or "CodeBuild does not say why"
    link = (build.get("logs") or {}).get("deepLink")
    log = f" Its log: {link}." if link else ""
    lines = "\nThe end of its log:\n" + "\n".join(last_lines) if last_lines else ""
    denied = permission_to_add([why, *last_lines])
    return (
        f"The build {build['id']} {_WORDS.get(build['buildStatus'], build['buildStatus'])}{where}: {why}."
        f"{f' {denied}' if denied else ''}{log}{lines}"
    )
