# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Approvals that wait, and the answer to one of them."""

from __future__ import annotations

import collections.abc as c
import dataclasses

from . import codepipeline_execution_calls as calls
from .codepipeline_calls import Client, PipelineError, Resource
from .codepipeline_execution_options import Options
from .codepipeline_execution_result import APPROVAL, each_action, stages_of, stamp
from .codepipeline_plan import Plan

_STATUS = {"approved": "Approved", "rejected": "Rejected"}
# What an approval's action ends as.
_ENDED = {"approved": "Succeeded", "rejected": "Failed"}
_MESSAGE = 512


@dataclasses.dataclass(frozen=True)
class Approval:
    """One that waits. The token stays out of results: whoever has it may answer."""

    stage: str
    action: str
    execution_id: str
    token: str = dataclasses.field(repr=False)
    since: str | None = None

    def told(self) -> Resource:
        """For results."""
        return {"stage": self.stage, "action": self.action, "execution_id": self.execution_id, "since": self.since}


def approvals_in(states: c.Iterable[c.Mapping[str, object]]) -> list[Approval]:
    """Those that GetPipelineState knows the tokens of."""
    found = []
    for state in states:
        stage: Resource = dict(state)
        execution_id = (stage.get("latestExecution") or {}).get("pipelineExecutionId")
        for action in stage.get("actionStates") or []:
            latest = action.get("latestExecution") or {}
            if latest.get("status") == "InProgress" and latest.get("token") and execution_id:
                since = stamp(latest.get("lastStatusChange"))
                found.append(Approval(stage["stageName"], action["actionName"], execution_id, latest["token"], since))
    return found


def _of_parallel(details: c.Iterable[Resource]) -> list[Approval]:
    """Those of executions that run beside each other: the state has no token for them, the action's external id is it."""
    found = []
    for detail in details:
        kind = (detail.get("input") or {}).get("actionTypeId") or {}
        token = ((detail.get("output") or {}).get("executionResult") or {}).get("externalExecutionId")
        if kind.get("category") == APPROVAL and detail.get("status") == "InProgress" and token:
            since = stamp(detail.get("startTime"))
            found.append(
                Approval(detail["stageName"], detail["actionName"], detail["pipelineExecutionId"], token, since)
            )
    return found


def _fits(options: Options, stage: str, action: str) -> bool:
    return options.stage in (None, stage) and options.action in (None, action)


def waiting(
    client: Client, pipeline: str, states: c.Iterable[c.Mapping[str, object]], execution_id: str | None = None
) -> list[Approval]:
    """The approvals that wait in a pipeline with these C(states) of stages, or in one of its executions."""
    found = [one for one in approvals_in(states) if execution_id in (None, one.execution_id)]
    return found or _of_parallel(_running_actions(client, pipeline, execution_id))


def _running_actions(client: Client, pipeline: str, execution_id: str | None) -> list[Resource]:
    if execution_id:
        return calls.list_actions(client, pipeline, execution_id)
    parallel = [
        one["pipelineExecutionId"]
        for one in calls.list_executions(client, pipeline, 100)
        if one["status"] == "InProgress" and one.get("executionMode") == "PARALLEL"
    ]
    return [detail for one in parallel for detail in calls.list_actions(client, pipeline, one)]


def _answered(client: Client, options: Options) -> Plan:
    """There is none that waits: right when all that the options are about have this answer already."""
    execution_id = options.execution_id
    if execution_id is None:
        executions = calls.list_executions(client, options.pipeline, 1)
        execution_id = str(executions[0]["pipelineExecutionId"]) if executions else None
    found: list[Resource] = []
    if execution_id is not None:
        stages = stages_of(calls.list_actions(client, options.pipeline, execution_id))
        found = [
            action
            for stage, action in each_action(stages)
            if action["category"] == APPROVAL and _fits(options, stage, action["name"])
        ]
    if found and all(one["status"] == _ENDED[options.state] for one in found):
        return Plan(execution_id, f"it is {options.state} already", None)
    about = f" in the execution {execution_id}" if execution_id else ""
    named = f" {options.stage or ''} {options.action or ''}".rstrip()
    ended = "".join(f" {one['name']} is {one['status']} already." for one in found)
    raise PipelineError(
        f"No approval{named} of the pipeline {options.pipeline} waits{about}.{ended}"
        " To wait for one, use state: watched with wait_for: approval before."
    )


def plan_answer(client: Client, options: Options) -> Plan:
    """Approve or reject what waits."""
    if len(options.message) > _MESSAGE:
        raise PipelineError(f"message has {len(options.message)} characters, of which AWS takes {_MESSAGE}.")
    states = calls.get_state(client, options.pipeline)
    all_waiting = waiting(client, options.pipeline, states, options.execution_id)
    found = [one for one in all_waiting if _fits(options, one.stage, one.action)]
    if not found:
        return _answered(client, options)
    if len(found) > 1:
        listed = "; ".join(f"stage {one.stage}, action {one.action}, execution {one.execution_id}" for one in found)
        raise PipelineError(
            f"{len(found)} approvals of the pipeline {options.pipeline} wait: say which one with stage, action or"
            f" execution_id ({listed})."
        )
    (chosen,) = found
    result = {"summary": options.message, "status": _STATUS[options.state]}

    def send() -> str:
        calls.answer(client, options.pipeline, chosen.stage, chosen.action, chosen.token, result)
        return chosen.execution_id

    return Plan(chosen.execution_id, f"{options.state} {chosen.stage} / {chosen.action}", send)
