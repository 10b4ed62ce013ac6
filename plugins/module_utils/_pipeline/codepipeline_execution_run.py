# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What the module codepipeline_execution does."""

from __future__ import annotations

import dataclasses
import time
import typing as t

from .._ami.cloud import Cloud
from . import codepipeline_execution_calls as calls
from .codepipeline_calls import Client, PipelineError, Resource
from .codepipeline_execution_logs import Logs
from .codepipeline_execution_news import Seen, behind, news
from .codepipeline_execution_options import Options, read
from .codepipeline_execution_plan import plan, sent
from .codepipeline_execution_progress import ProgressFile
from .codepipeline_execution_result import (
    RUNNING,
    each_action,
    execution_of,
    failed_condition,
    failure_of,
    newer_than,
    waiting_in,
)
from .codepipeline_run import region_of
from .denied import permission_to_add

# How long to wait until AWS is asked again: ever longer, and short again once something happened. Seconds.
_SHORT, _LONGER, _LONG = 0.5, 1.4, 5.0
# With these states an execution that does not succeed is what was asked for.
_ENDS_ANYHOW = ("stopped", "rejected")


@dataclasses.dataclass(frozen=True)
class _World:
    """What a run works with."""

    client: Client
    options: Options
    logs: Logs
    progress: ProgressFile


def _look(world: _World, execution_id: str) -> Resource:
    pipeline = world.options.pipeline
    execution = calls.get_execution(world.client, pipeline, execution_id)
    details = calls.list_actions(world.client, pipeline, execution_id)
    newer = None
    if execution["status"] == "Superseded":
        newer = newer_than(calls.list_executions(world.client, pipeline, 100), execution_id)
    return execution_of(execution, details, newer)


def _is_over(options: Options, execution: Resource) -> bool:
    if execution["status"] not in RUNNING:
        return True
    return options.wait_for == "approval" and bool(waiting_in(execution))


class _Telling:
    """Writes down what is new, with what the builds say."""

    def __init__(self, world: _World) -> None:
        self._world = world
        self._seen: Seen = {}
        self._waits: str | None = None

    def tell(self, execution: Resource) -> bool:
        """Whether there was anything."""
        before = self._seen
        self._seen, lines = news(before, execution["stages"])
        said = self._build_lines(execution, before) if self._world.options.follow_logs else []
        lines += self._queued(execution)
        for line in said:
            self._world.progress.build(line)
        for line in lines:
            self._world.progress.step(line)
        return bool(lines or said)

    def _queued(self, execution: Resource) -> list[str]:
        """That it waits for another execution, once; only one in which nothing runs is asked for that."""
        runs = any(action["status"] == "InProgress" for _stage, action in each_action(execution["stages"]))
        if runs or execution["status"] not in RUNNING:
            return []
        waits = behind(calls.get_state(self._world.client, self._world.options.pipeline), execution["id"])
        told, self._waits = self._waits, waits
        return [waits] if waits and waits != told else []

    def _build_lines(self, execution: Resource, before: Seen) -> list[str]:
        """Of actions that run, and of those that ran when they were looked at last: the end of their logs is new."""
        return [
            line
            for stage, action in each_action(execution["stages"])
            if action["status"] == "InProgress" or before.get((stage, action["name"]), ("",))[0] in ("", "InProgress")
            for line in self._world.logs.new_lines(action)
        ]


def _follow(world: _World, execution_id: str, give_up: float) -> Resource:
    """Look again and again until it is over, or time is."""
    telling = _Telling(world)
    pause = _SHORT
    while True:
        execution = _look(world, execution_id)
        pause = _SHORT if telling.tell(execution) else min(pause * _LONGER, _LONG)
        if _is_over(world.options, execution):
            return execution
        left = give_up - time.monotonic()
        if left <= 0:
            raise _too_late(world.options, execution)
        time.sleep(min(pause, left))


def _too_late(options: Options, execution: Resource) -> PipelineError:
    waits = waiting_in(execution)
    approvals = "".join(
        f" The approval {one['stage']} / {one['action']} waits: answer it with state: approved or rejected."
        for one in waits
    )
    return PipelineError(
        f"After {options.timeout} seconds the execution {execution['id']} of the pipeline {options.pipeline} is"
        f" {execution['status']}. It goes on without this task.{approvals} To wait on, use state: watched with"
        f" execution_id: {execution['id']}.",
        result={"execution": execution, "approvals": waits},
    )


def _failure(world: _World, execution: Resource) -> Resource | None:
    if execution["status"] != "Failed":
        return None
    failure = failure_of(execution)
    if failure is None:
        states = calls.get_state(world.client, world.options.pipeline)
        return failed_condition(states, execution["id"])
    for stage, action in each_action(execution["stages"]):
        if (stage, action["name"]) == (failure["stage"], failure["action"]):
            return {**failure, "log_lines": world.logs.tail(action)}
    return failure


def _bad_end(options: Options, execution: Resource, failure: Resource | None) -> str | None:
    """What to say, and what to do, when an execution did not succeed."""
    about = f"The execution {execution['id']} of the pipeline {options.pipeline}"
    if execution["status"] == "Failed":
        if failure is None:
            why = f": {execution['status_summary']}" if execution["status_summary"] else ""
            return f"{about} failed{why}. Run what failed again with state: retried."
        where = f"the stage {failure['stage']}" + (f", action {failure['action']}" if failure["action"] else "")
        why = ": ".join(part for part in (failure["code"], failure["message"]) if part)
        lacks = permission_to_add([failure["message"] or "", *(failure["log_lines"] or [])])
        return (
            f"{about} failed at {where}: {why or 'AWS says no more'}."
            f"{' The last lines of its log are in failure.log_lines.' if failure['log_lines'] else ''}"
            f"{f' {lacks}' if lacks else ''}"
            f" Remove the cause, then run it again with state: retried, stage: {failure['stage']},"
            f" execution_id: {execution['id']}."
        )
    if execution["status"] == "Superseded":
        newer = execution["superseded_by"]
        follow = f" by {newer}. Follow that one with state: watched, execution_id: {newer}." if newer else "."
        return f"{about} was superseded{follow}"
    return f"{about} is {execution['status']}. Start it again with state: started, or go on with state: retried."


def _result(chosen_reason: str, changed: bool, execution: Resource | None) -> Resource:
    return {
        "changed": changed,
        "reason": chosen_reason,
        "execution": execution,
        "approvals": waiting_in(execution) if execution else [],
    }


def _carry_out(world: _World, check_mode: bool) -> Resource:
    options = world.options
    chosen = plan(world.client, options)
    changed = chosen.send is not None
    if not check_mode:
        chosen = sent(chosen)
    if chosen.execution_id is None:
        return _result(chosen.reason, changed, None)
    # Without a call that writes, check mode is an apply: it waits, and fails, as that one does.
    if (check_mode and changed) or not options.wait:
        return _result(chosen.reason, changed, _look(world, chosen.execution_id))
    world.progress.step(f"{options.pipeline}: {chosen.reason}, execution {chosen.execution_id}")
    execution = _follow(world, chosen.execution_id, time.monotonic() + options.timeout)
    world.progress.step(f"{options.pipeline}: {execution['status']}")
    result = _result(chosen.reason, changed, execution)
    failure = _failure(world, execution)
    if failure:
        result["failure"] = failure
    if execution["status"] not in ("Succeeded", *RUNNING) and options.state not in _ENDS_ANYHOW:
        raise PipelineError(_bad_end(options, execution, failure), result=result)
    return result


def run(module: t.Any) -> Resource:
    cloud = Cloud(module.client, region_of(module))
    options = read(module.params)
    with ProgressFile(None if module.check_mode else options.log_path) as progress:
        world = _World(cloud.codepipeline(), options, Logs(cloud.client, module.warn), progress)
        return _carry_out(world, module.check_mode)
