# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""An execution of a pipeline as results show it, out of what AWS says of it and of its actions."""

from __future__ import annotations

import collections.abc as c
import datetime
import typing as t

from .codepipeline_calls import Resource

# While an execution has one of these it goes on.
RUNNING = ("InProgress", "Stopping")
APPROVAL = "Approval"


def stamp(moment: datetime.datetime | None) -> str | None:
    """UTC, to the second."""
    return None if moment is None else moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(action: c.Mapping[str, t.Any]) -> float | None:
    start, end = action.get("startTime"), action.get("lastUpdateTime")
    return None if start is None or end is None else round((end - start).total_seconds(), 1)


def _action(detail: c.Mapping[str, t.Any]) -> Resource:
    given = detail.get("input") or {}
    kind = given.get("actionTypeId") or {}
    output = detail.get("output") or {}
    result = output.get("executionResult") or {}
    error = result.get("errorDetails") or {}
    return {
        "name": detail["actionName"],
        "category": kind.get("category"),
        "provider": kind.get("provider"),
        "region": given.get("region"),
        "status": detail.get("status"),
        "started": stamp(detail.get("startTime")),
        "seconds": _seconds(detail),
        "error_code": error.get("code"),
        "error_message": error.get("message"),
        "summary": result.get("externalExecutionSummary"),
        "external_execution_id": result.get("externalExecutionId"),
        "external_execution_url": result.get("externalExecutionUrl"),
        "log_stream_arn": result.get("logStreamARN"),
        "updated_by": detail.get("updatedBy"),
        "output_variables": dict(output.get("outputVariables") or {}),
    }


def stages_of(details: c.Sequence[c.Mapping[str, t.Any]]) -> list[Resource]:
    """The stages in which something ran, in that order, each with its actions. Of an action that was retried the last run counts.

    C(details) are newest first, as AWS lists them.
    """
    stages: dict[str, dict[str, Resource]] = {}
    for detail in reversed(details):
        stages.setdefault(detail["stageName"], {})[detail["actionName"]] = _action(detail)
    return [{"name": name, "actions": list(actions.values())} for name, actions in stages.items()]


def execution_of(
    execution: c.Mapping[str, t.Any],
    details: c.Sequence[c.Mapping[str, t.Any]],
    superseded_by: str | None = None,
) -> Resource:
    trigger = execution.get("trigger") or {}
    return {
        "id": execution["pipelineExecutionId"],
        "pipeline_version": execution.get("pipelineVersion"),
        "status": execution["status"],
        "status_summary": execution.get("statusSummary"),
        "execution_mode": execution.get("executionMode"),
        "execution_type": execution.get("executionType"),
        "rolled_back_to": (execution.get("rollbackMetadata") or {}).get("rollbackTargetPipelineExecutionId"),
        "trigger": {"type": trigger.get("triggerType"), "detail": trigger.get("triggerDetail")},
        "variables": {one["name"]: one.get("resolvedValue") for one in execution.get("variables") or []},
        "revisions": [
            {
                "artifact": one.get("name"),
                "revision": one.get("revisionId"),
                "summary": one.get("revisionSummary"),
                "url": one.get("revisionUrl"),
            }
            for one in execution.get("artifactRevisions") or []
        ],
        "superseded_by": superseded_by,
        "stages": stages_of(details),
    }


def each_action(stages: c.Iterable[Resource]) -> c.Iterator[tuple[str, Resource]]:
    """The actions with the names of their stages."""
    for stage in stages:
        for action in stage["actions"]:
            yield stage["name"], action


def waiting_in(execution: Resource) -> list[Resource]:
    """The approvals that wait in it."""
    return [
        {"stage": stage, "action": action["name"], "execution_id": execution["id"], "since": action["started"]}
        for stage, action in each_action(execution["stages"])
        if action["category"] == APPROVAL and action["status"] == "InProgress"
    ]


def failure_of(execution: Resource) -> Resource | None:
    """Where it failed and why: of several actions the one that began first; None when no action failed."""
    failed = [
        (stage, one) for stage, one in each_action(execution["stages"]) if one["status"] in ("Failed", "Abandoned")
    ]
    if not failed:
        return None
    stage, action = failed[0]
    return {
        "stage": stage,
        "action": action["name"],
        "code": action["error_code"],
        "message": action["error_message"] or action["summary"] or execution["status_summary"],
        "url": action["external_execution_url"],
        "log_lines": [],
    }


def failed_condition(states: c.Iterable[c.Mapping[str, t.Any]], execution_id: str) -> Resource | None:
    """The condition of a stage that did not hold for this execution."""
    for state in states:
        if (state.get("latestExecution") or {}).get("pipelineExecutionId") != execution_id:
            continue
        for key, word in (
            ("beforeEntryConditionState", "before_entry"),
            ("onSuccessConditionState", "on_success"),
            ("onFailureConditionState", "on_failure"),
        ):
            latest = (state.get(key) or {}).get("latestExecution") or {}
            if latest.get("status") in ("Failed", "Errored", "Cancelled", "Abandoned"):
                return {
                    "stage": state["stageName"],
                    "action": None,
                    "code": word,
                    "message": latest.get("summary") or f"the condition {word} is {latest['status']}",
                    "url": None,
                    "log_lines": [],
                }
    return None


def newer_than(executions: c.Sequence[c.Mapping[str, t.Any]], execution_id: str) -> str | None:
    """The execution that was started next; C(executions) are newest first."""
    ids = [one["pipelineExecutionId"] for one in executions]
    if execution_id not in ids[1:]:
        return None
    return str(ids[ids.index(execution_id) - 1])
