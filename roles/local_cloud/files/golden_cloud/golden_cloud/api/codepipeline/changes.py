# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The events of CodePipeline, in its words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from golden_cloud.api import bus
from golden_cloud.api.codepipeline.model import ActionRun, Artifact, Execution, Pipeline
from golden_cloud.api.codepipeline.place import Place


def pipeline(place: Place, subject: Pipeline, execution: Execution, state: str) -> None:
    trigger = {
        "trigger-type": execution.trigger["triggerType"],
        "trigger-detail": execution.trigger["triggerDetail"],
    }
    more: dict[str, Any] = {"execution-trigger": trigger}
    if execution.stop_reason and state in ("STOPPING", "STOPPED"):
        more["stop-execution-comments"] = execution.stop_reason
    _publish(place, subject, execution, "Pipeline Execution", state, more, execution.started)


def stage(place: Place, subject: Pipeline, execution: Execution, name: str, state: str) -> None:
    _publish(place, subject, execution, "Stage Execution", state, {"stage": name}, execution.updated)


def action(place: Place, subject: Pipeline, execution: Execution, run: ActionRun) -> None:
    state = "STARTED" if run.in_progress else run.status.upper()
    type_id = run.declaration["actionTypeId"]
    more: dict[str, Any] = {
        "stage": run.stage,
        "action": run.name,
        "action-execution-id": run.id,
        "region": run.region,
        "type": {name: type_id[name] for name in ("owner", "provider", "category", "version")},
        "input-artifacts": _artifacts(run.inputs),
    }
    if not run.in_progress:
        more["output-artifacts"] = _artifacts(run.outputs)
    result = {
        "external-execution-id": run.external_id,
        "external-execution-url": run.external_url,
        "external-execution-summary": (run.error or {}).get("message") or run.summary,
        "error-code": (run.error or {}).get("code"),
    }
    told = {name: value for name, value in result.items() if value}
    if told and not run.in_progress:
        more["execution-result"] = told
    _publish(place, subject, execution, "Action Execution", state, more, run.started)


def _artifacts(artifacts: dict[str, Artifact]) -> list[dict[str, Any]]:
    return [{"name": name, "s3location": artifact.describe()} for name, artifact in artifacts.items()]


def _publish(
    place: Place,
    subject: Pipeline,
    execution: Execution,
    what: str,
    state: str,
    more: dict[str, Any],
    started: datetime,
) -> None:
    detail = {
        "pipeline": subject.name,
        "execution-id": execution.id,
        "start-time": started.strftime("%Y-%m-%dT%H:%M:%S.") + f"{started.microsecond // 1000:03}Z",
        "state": state,
        "version": float(execution.version),
        "pipeline-execution-attempt": float(execution.attempt),
    }
    bus.publish(
        bus.Event(
            place.account_id,
            place.region,
            "aws.codepipeline",
            f"CodePipeline {what} State Change",
            (subject.arn,),
            detail | more,
        )
    )
