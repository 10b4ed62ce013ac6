# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What there is to do for a state of the module codepipeline_execution, before anything is done."""

from __future__ import annotations

import collections.abc as c
import dataclasses

from . import codepipeline_execution_calls as calls
from .codepipeline_approval import plan_answer
from .codepipeline_calls import Client, PipelineError, Resource, get_pipeline, has_code
from .codepipeline_execution_options import Options
from .codepipeline_execution_result import RUNNING, failure_of, stages_of
from .codepipeline_plan import Plan
from .codepipeline_start import start_faults, start_request

# So many executions back a state is looked for.
_BACK = 100


def _newest(client: Client, options: Options) -> Resource:
    executions = calls.list_executions(client, options.pipeline, 1)
    if not executions:
        raise PipelineError(f"The pipeline {options.pipeline} has no execution yet: start it with state: started.")
    return executions[0]


def _named_or_newest(client: Client, options: Options) -> Resource:
    if options.execution_id:
        return calls.get_execution(client, options.pipeline, options.execution_id)
    return _newest(client, options)


def _start(client: Client, options: Options) -> Plan:
    found = get_pipeline(client, options.pipeline)
    if found is None:
        raise PipelineError(f"There is no pipeline {options.pipeline}: make it with golden.ami.codepipeline.")
    faults = start_faults(found["pipeline"], options)
    if faults:
        raise PipelineError(f"The pipeline {options.pipeline} is not started: {'; '.join(faults)}.")
    request = start_request(found["pipeline"], options)
    return Plan(None, "started", lambda: calls.start(client, options.pipeline, request))


def _stop(client: Client, options: Options) -> Plan:
    if options.execution_id:
        execution = calls.get_execution(client, options.pipeline, options.execution_id)
    else:
        executions = calls.list_executions(client, options.pipeline, _BACK)
        running = [one for one in executions if one["status"] in RUNNING]
        if len(running) > 1:
            ids = ", ".join(one["pipelineExecutionId"] for one in running)
            raise PipelineError(
                f"{len(running)} executions of the pipeline {options.pipeline} run: say which one with execution_id ({ids})."
            )
        if not executions:
            return Plan(None, "there is no execution", None)
        execution = running[0] if running else executions[0]
    execution_id, status = execution["pipelineExecutionId"], execution["status"]
    if status not in RUNNING:
        return Plan(execution_id, f"it does not run: it is {status}", None)
    if status == "Stopping" and not options.abandon:
        return Plan(execution_id, "it is stopping already", None)

    def send() -> str:
        try:
            calls.stop(client, options.pipeline, execution_id, options.abandon, options.message or None)
        except PipelineError as error:
            # Somebody was quicker: it stops as it was asked to.
            if not has_code(error, "DuplicatedStopRequestException"):
                raise
        return str(execution_id)

    return Plan(execution_id, "stopped", send)


def _retry(client: Client, options: Options) -> Plan:
    execution = _named_or_newest(client, options)
    execution_id, status = execution["pipelineExecutionId"], execution["status"]
    if status in ("InProgress", "Succeeded"):
        return Plan(execution_id, f"nothing failed in it: it is {status}", None)
    if status not in ("Failed", "Stopped"):
        raise PipelineError(
            f"The execution {execution_id} of the pipeline {options.pipeline} is {status}: only what failed or was stopped"
            " can be retried. Start the pipeline anew with state: started."
        )
    stage = options.stage or _failed_stage(client, options, execution)
    mode = options.retry_mode.upper()

    def send() -> str:
        calls.retry_stage(client, options.pipeline, stage, execution_id, mode)
        return str(execution_id)

    return Plan(execution_id, f"stage {stage} retried", send)


def _failed_stage(client: Client, options: Options, execution: Resource) -> str:
    execution_id = execution["pipelineExecutionId"]
    stages = stages_of(calls.list_actions(client, options.pipeline, execution_id))
    failure = failure_of({"status_summary": None, "stages": stages})
    if failure:
        return str(failure["stage"])
    # One that was stopped between two actions, or that a condition stopped.
    for state in calls.get_state(client, options.pipeline):
        latest = state.get("latestExecution") or {}
        if latest.get("pipelineExecutionId") == execution_id and latest.get("status") in ("Failed", "Stopped"):
            return str(state["stageName"])
    raise PipelineError(
        f"No stage of the execution {execution_id} of the pipeline {options.pipeline} failed: name the one to retry with stage."
    )


def _roll_back(client: Client, options: Options) -> Plan:
    stage = str(options.stage)
    current = _in_stage(client, options.pipeline, stage)
    target = options.target_execution_id
    if current is not None and _is_rolled_back(client, options.pipeline, current, target):
        return Plan(str(current["pipelineExecutionId"]), "it is rolled back already", None)
    if target is None:
        target = _former(client, options.pipeline, stage, current)
    chosen = target
    return Plan(
        None,
        f"stage {stage} rolled back to {chosen}",
        lambda: calls.roll_back(client, options.pipeline, stage, chosen),
    )


def _in_stage(client: Client, pipeline: str, stage: str) -> Resource | None:
    """What ran in the stage last."""
    states = {state["stageName"]: state for state in calls.get_state(client, pipeline)}
    if stage not in states:
        raise PipelineError(f"The pipeline {pipeline} has no stage {stage}; it has {', '.join(states)}.")
    found: Resource | None = states[stage].get("latestExecution")
    return found


def _is_rolled_back(client: Client, pipeline: str, current: Resource, target: str | None) -> bool:
    if current.get("type") != "ROLLBACK" or current["status"] not in ("Succeeded", "InProgress"):
        return False
    if target is None:
        return True
    execution = calls.get_execution(client, pipeline, current["pipelineExecutionId"])
    metadata = execution.get("rollbackMetadata") or {}
    return bool(metadata.get("rollbackTargetPipelineExecutionId") == target)


def _former(client: Client, pipeline: str, stage: str, current: Resource | None) -> str:
    """The last execution that succeeded in the stage before the one that is in it."""
    succeeded = calls.list_executions(client, pipeline, _BACK, stage)
    here = (current or {}).get("pipelineExecutionId")
    for one in succeeded:
        if one["pipelineExecutionId"] != here and one.get("executionType", "STANDARD") == "STANDARD":
            return str(one["pipelineExecutionId"])
    raise PipelineError(
        f"No earlier execution of the pipeline {pipeline} succeeded in the stage {stage}: there is nothing to roll back to."
    )


def _watch(client: Client, options: Options) -> Plan:
    execution_id = options.execution_id or _newest(client, options)["pipelineExecutionId"]
    return Plan(str(execution_id), "watched", None)


_BY_STATE: dict[str, c.Callable[[Client, Options], Plan]] = {
    "started": _start,
    "stopped": _stop,
    "approved": plan_answer,
    "rejected": plan_answer,
    "retried": _retry,
    "rolled_back": _roll_back,
    "watched": _watch,
}


def plan(client: Client, options: Options) -> Plan:
    return _BY_STATE[options.state](client, options)


def sent(chosen: Plan) -> Plan:
    """The plan once it is carried out: with the execution that it is about from then on."""
    return chosen if chosen.send is None else dataclasses.replace(chosen, execution_id=chosen.send())
