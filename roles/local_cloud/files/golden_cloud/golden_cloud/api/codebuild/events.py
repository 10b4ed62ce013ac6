# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What CodeBuild tells EventBridge of a build, in the shape that its documentation shows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from golden_cloud.api import bus
from golden_cloud.api.codebuild.build import Build, Phase

SOURCE = "aws.codebuild"


def state_change(build: Build) -> bus.Event:
    """The build is in progress, or has ended."""
    detail = _common(build) | {
        "build-status": build.status,
        "current-phase": build.current_phase,
        "current-phase-context": _context(build.phases[-1]) if build.phases else "[]",
    }
    return _event(build, "CodeBuild Build State Change", detail)


def phase_change(build: Build, phase: Phase) -> bus.Event:
    """A phase has ended."""
    detail = _common(build) | {
        "completed-phase": phase.kind,
        "completed-phase-status": phase.status,
        "completed-phase-context": _context(phase),
        "completed-phase-start": _time(phase.began),
    }
    if phase.ended is not None:
        detail |= {
            "completed-phase-end": _time(phase.ended),
            "completed-phase-duration-seconds": (phase.ended - phase.began).total_seconds(),
        }
    return _event(build, "CodeBuild Build Phase Change", detail)


def _event(build: Build, detail_type: str, detail: dict[str, Any]) -> bus.Event:
    return bus.Event(build.account_id, build.region, SOURCE, detail_type, (build.arn,), detail)


def _common(build: Build) -> dict[str, Any]:
    environment = build.asked["environment"]
    source = build.asked["source"]
    logs = build.logs()
    return {
        "project-name": build.project,
        "build-id": build.arn,
        "version": "1",
        "additional-information": {
            "artifact": {
                "md5sum": build.artifacts.get("md5sum", ""),
                "sha256sum": build.artifacts.get("sha256sum", ""),
                "location": build.artifacts.get("location", ""),
            },
            "environment": {
                "image": environment["image"],
                "privileged-mode": environment["privilegedMode"],
                "compute-type": environment["computeType"],
                "type": environment["type"],
                "environment-variables": environment["environmentVariables"],
            },
            "timeout-in-minutes": build.asked["timeoutInMinutes"],
            "build-complete": build.ended is not None,
            "initiator": build.initiator,
            "build-number": build.number,
            "build-start-time": _time(build.began),
            "source": {key: source[key] for key in ("location", "type") if source.get(key)},
            "source-version": build.asked.get("sourceVersion") or "",
            "logs": {
                "group-name": logs.get("groupName"),
                "stream-name": logs.get("streamName"),
                "deep-link": logs["deepLink"],
            },
            "phases": [_phase(phase) for phase in build.phases],
        },
    }


def _phase(phase: Phase) -> dict[str, Any]:
    told: dict[str, Any] = {"phase-type": phase.kind, "start-time": _time(phase.began)}
    if phase.ended is None:
        return told
    return told | {
        "phase-context": [f"{phase.code}: {phase.message}"] if phase.code else [],
        "end-time": _time(phase.ended),
        "duration-in-seconds": int((phase.ended - phase.began).total_seconds()),
        "phase-status": phase.status,
    }


def _context(phase: Phase) -> str:
    return f"[{phase.code}: {phase.message}]" if phase.code else "[]"


def _time(moment: datetime) -> str:
    """``Sep 1, 2017 4:12:29 PM``."""
    return f"{moment:%b} {moment.day}, {moment:%Y} {moment.hour % 12 or 12}:{moment:%M:%S %p}"
