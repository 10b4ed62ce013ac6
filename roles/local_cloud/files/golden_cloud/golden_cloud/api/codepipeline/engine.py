# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What carries executions on: into stages as the pipeline's mode says, through their actions, to their end.

``advance`` does all that can be done now; it never waits, and is called again whenever something has changed. What an
action does is done elsewhere (``work.py``), and comes back as the action's status.
"""

from __future__ import annotations

from golden_cloud.api.codepipeline import changes
from golden_cloud.api.codepipeline.model import (
    PARALLEL,
    QUEUED,
    ActionRun,
    Execution,
    Pipeline,
    StageRun,
    Status,
    now,
)
from golden_cloud.api.codepipeline.place import Place
from golden_cloud.api.codepipeline.start import begin_action, begin_rollback, last_success


def advance(place: Place, pipeline: Pipeline) -> bool:
    """Whether anything has changed."""
    changed = False
    while True:
        # All of them take their step, also after one that has changed something.
        steps = [_step(place, pipeline, execution) for execution in list(pipeline.executions) if execution.alive]
        if not any(steps):
            return changed
        changed = True


def _step(place: Place, pipeline: Pipeline, execution: Execution) -> bool:
    if not execution.alive:
        # Another one's step has ended it.
        return False
    if execution.waiting:
        return _step_outside(place, pipeline, execution)
    return _step_in_stage(place, pipeline, execution)


# Between stages


def _step_outside(place: Place, pipeline: Pipeline, execution: Execution) -> bool:
    if execution.status == "Stopping":
        finish(place, pipeline, execution, "Stopped")
        return True
    if not _may_enter(pipeline, execution):
        overtaken = _overtaken(pipeline, execution)
        if overtaken:
            finish(place, pipeline, execution, "Superseded")
        return overtaken
    name = str(execution.stage_declaration["name"])
    execution.waiting = False
    execution.stages[name] = StageRun(name)
    pipeline.last_in_stage[name] = execution.id
    changes.stage(place, pipeline, execution, name, "STARTED")
    return True


def _overtaken(pipeline: Pipeline, execution: Execution) -> bool:
    """Whether a newer one waits for the same stage, where that makes an older one superfluous."""
    return execution.mode not in (QUEUED, PARALLEL) and any(
        other.waiting and other.position == execution.position and other.started > execution.started
        for other in pipeline.executions
        if other.alive and other is not execution and other.type == "STANDARD"
    )


def _may_enter(pipeline: Pipeline, execution: Execution) -> bool:
    if execution.mode == PARALLEL:
        return True
    if execution.type != "ROLLBACK" and not pipeline.lets_into(execution.stage_declaration["name"]):
        return False
    return not any(
        not other.waiting or (other.arrived, other.started) < (execution.arrived, execution.started)
        for other in pipeline.executions
        if other is not execution and other.alive and other.position == execution.position and other.mode != PARALLEL
    )


# In a stage


def _step_in_stage(place: Place, pipeline: Pipeline, execution: Execution) -> bool:
    stage = execution.stage
    if execution.in_progress:
        return False
    if any(run.status == "Failed" for run in stage.current.values()) and execution.status != "Stopping":
        _fail_stage(place, pipeline, execution)
        return True
    left = [a for a in execution.stage_declaration["actions"] if not _succeeded(stage.current.get(a["name"]))]
    if execution.status == "Stopping":
        _stop_in_stage(place, pipeline, execution, done=not left)
        return True
    if left:
        order = min(action["runOrder"] for action in left)
        for action in left:
            if action["runOrder"] == order:
                begin_action(place, pipeline, execution, action)
        return True
    stage.status = "Succeeded"
    changes.stage(place, pipeline, execution, stage.name, "SUCCEEDED")
    if execution.position >= execution.last_position:
        finish(place, pipeline, execution, "Succeeded")
    else:
        execution.position += 1
        execution.waiting, execution.arrived = True, now()
    return True


def _succeeded(run: ActionRun | None) -> bool:
    return run is not None and run.status == "Succeeded"


def _stop_in_stage(place: Place, pipeline: Pipeline, execution: Execution, *, done: bool) -> None:
    stage = execution.stage
    failed = any(run.status == "Failed" for run in stage.current.values())
    stage.status = "Succeeded" if done else "Failed" if failed else "Stopped"
    changes.stage(place, pipeline, execution, stage.name, stage.status.upper())
    finish(place, pipeline, execution, "Stopped")


def _fail_stage(place: Place, pipeline: Pipeline, execution: Execution) -> None:
    stage, reaction = execution.stage, execution.stage_declaration.get("onFailure") or {}
    stage.status = "Failed"
    changes.stage(place, pipeline, execution, stage.name, "FAILED")
    if reaction.get("result") == "RETRY" and not stage.automatic_retries and execution.type == "STANDARD":
        mode = reaction.get("retryConfiguration", {}).get("retryMode", "FAILED_ACTIONS")
        stage.automatic_retries += 1
        retry(place, pipeline, execution, mode, "AutomatedStageRetry")
        return
    finish(place, pipeline, execution, "Failed")
    if reaction.get("result") == "ROLLBACK" and execution.type == "STANDARD":
        target = last_success(pipeline, stage.name, execution.version)
        if target is not None:
            begin_rollback(place, pipeline, stage.name, target, "AutomatedRollback", execution.id)


def retry(place: Place, pipeline: Pipeline, execution: Execution, mode: str, trigger: str) -> None:
    """Have the stage that the execution is in done again, from its first action or from those that failed."""
    stage = execution.stage
    stage.status, stage.last_retry = "InProgress", trigger
    stage.attempt += 1
    stage.current = {k: r for k, r in stage.current.items() if mode == "FAILED_ACTIONS" and r.status == "Succeeded"}
    execution.attempt += 1
    execution.enter("InProgress")
    changes.pipeline(place, pipeline, execution, "RESUMED")
    changes.stage(place, pipeline, execution, stage.name, "RESUMED")


def finish(place: Place, pipeline: Pipeline, execution: Execution, status: Status) -> None:
    """The end of an execution; ``waiting`` goes on to tell whether it was in a stage."""
    execution.enter(status, "A newer execution has overtaken this one." if status == "Superseded" else None)
    changes.pipeline(place, pipeline, execution, status.upper())
