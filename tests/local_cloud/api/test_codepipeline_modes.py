# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How executions share a pipeline: modes, transitions, retries by themselves, rollbacks."""

from __future__ import annotations

from typing import Any

import pytest
from pipelines import Pipelines, approval, bucket, build, builds, pipelines, stage, until

__all__ = ["bucket", "builds", "pipelines"]


def _statuses(pipelines: Pipelines) -> list[str]:
    """Oldest first."""
    return [e["status"] for e in pipelines.executions()][::-1]


def test_superseded_a_newer_execution_overtakes_the_one_that_waits(pipelines: Pipelines) -> None:
    pipelines.builds.held = {"bake"}
    first = pipelines.create(stage("Build", build("bake")))
    until(lambda: pipelines.in_stage("Build", first))
    second = pipelines.start()
    until(lambda: pipelines.stage("Build").get("inboundExecution", {}).get("pipelineExecutionId") == second)
    third = pipelines.start()
    pipelines.becomes(second, "Superseded")
    until(lambda: pipelines.stage("Build").get("inboundExecution", {}).get("pipelineExecutionId") == third)
    assert len(pipelines.builds.asked) == 1
    pipelines.builds.release()
    pipelines.becomes(third, "Succeeded")
    assert _statuses(pipelines) == ["Succeeded", "Superseded", "Succeeded"]


def test_queued_all_go_one_after_the_other(pipelines: Pipelines) -> None:
    pipelines.builds.held = {"bake"}
    first = pipelines.create(stage("Build", build("bake")), executionMode="QUEUED")
    until(lambda: pipelines.in_stage("Build", first))
    second, third = pipelines.start(), pipelines.start()
    waiting = [second, third]
    until(lambda: [e["pipelineExecutionId"] for e in pipelines.stage("Build").get("inboundExecutions", [])] == waiting)
    pipelines.builds.end()
    until(lambda: pipelines.in_stage("Build", second))
    assert pipelines.status(third) == "InProgress"
    pipelines.builds.release()
    pipelines.becomes(third, "Succeeded")
    assert _statuses(pipelines) == ["Succeeded"] * 3


def test_parallel_all_go_at_once(pipelines: Pipelines, refused: Any) -> None:
    first = pipelines.create(stage("Approve", approval()), executionMode="PARALLEL")
    second = pipelines.start()
    # There is no token in the pipeline's state, which has only one execution to show.
    runs = until(
        lambda: (
            {
                e: pipelines.actions(e)[-1]["output"]["executionResult"]["externalExecutionId"]
                for e in (first, second)
                if [a["actionName"] for a in pipelines.actions(e)][-1:] == ["Approve"]
            }
            if all(len(pipelines.actions(e)) == 2 for e in (first, second))
            else None
        )
    )
    assert "token" not in pipelines.action("Approve", "Approve")
    pipelines.answer("Approved", runs[first])
    pipelines.becomes(first, "Succeeded")
    assert pipelines.status(second) == "InProgress"
    pipelines.answer("Rejected", runs[second])
    pipelines.becomes(second, "Failed")
    with refused("ValidationException"):
        pipelines.client.disable_stage_transition(
            pipelineName="web", stageName="Approve", transitionType="Inbound", reason="no"
        )


def test_a_disabled_transition_keeps_executions_out(pipelines: Pipelines) -> None:
    pipelines.builds.held = {"bake"}
    first = pipelines.create(stage("Build", build("bake")), stage("Approve", approval()))
    until(lambda: pipelines.in_stage("Build", first))
    transition = {"pipelineName": "web", "stageName": "Approve", "transitionType": "Inbound"}
    pipelines.client.disable_stage_transition(**transition, reason="holidays")
    pipelines.builds.release()
    until(lambda: pipelines.stage("Approve").get("inboundExecution", {}).get("pipelineExecutionId") == first)
    shown = pipelines.stage("Approve")["inboundTransitionState"]
    assert (shown["enabled"], shown["disabledReason"]) == (False, "holidays")
    second = pipelines.start()
    pipelines.becomes(first, "Superseded")
    pipelines.client.enable_stage_transition(**transition)
    until(lambda: pipelines.in_stage("Approve", second))
    pipelines.client.stop_pipeline_execution(pipelineName="web", pipelineExecutionId=second, abandon=True)
    pipelines.becomes(second, "Stopped")


def test_a_stage_that_fails_is_retried_once_by_itself(pipelines: Pipelines) -> None:
    pipelines.builds.fails = {"bad"}
    stages = stage("Build", build("good"), build("bad"), onFailure={"result": "RETRY"})
    execution = pipelines.create(stages)
    pipelines.becomes(execution, "Failed")
    assert sorted(pipelines.builds.projects()) == ["bad", "bad", "good"]
    assert pipelines.stage("Build")["retryStageMetadata"] == {
        "autoStageRetryAttempt": 1,
        "latestRetryTrigger": "AutomatedStageRetry",
    }


@pytest.mark.parametrize("automatic", [True, False])
def test_a_stage_is_rolled_back_to_what_succeeded_in_it(pipelines: Pipelines, refused: Any, *, automatic: bool) -> None:
    more = {"onFailure": {"result": "ROLLBACK"}} if automatic else {}
    first = pipelines.create(stage("Build", build("bake"), **more))
    pipelines.becomes(first, "Succeeded")
    taken = pipelines.builds.asked[0]["sourceLocationOverride"]
    pipelines.builds.fails = {"bake"}
    second = pipelines.start()
    pipelines.becomes(second, "Failed")
    asked = {"pipelineName": "web", "targetPipelineExecutionId": first}
    if not automatic:
        pipelines.builds.fails = set()
        with refused("UnableToRollbackStageException"):
            pipelines.client.rollback_stage(**asked, stageName="Source")
        with refused("UnableToRollbackStageException"):
            pipelines.client.rollback_stage(**asked | {"targetPipelineExecutionId": second}, stageName="Build")
        pipelines.client.rollback_stage(**asked, stageName="Build")
    back = until(lambda: len(e := pipelines.executions()) == 3 and e[0])
    rolled = str(back["pipelineExecutionId"])
    pipelines.becomes(rolled, "Succeeded", "Failed")
    assert pipelines.builds.asked[-1]["sourceLocationOverride"] == taken
    assert back["executionType"] == "ROLLBACK"
    assert back["rollbackMetadata"] == {"rollbackTargetPipelineExecutionId": first}
    assert back["trigger"]["triggerType"] == ("AutomatedRollback" if automatic else "ManualRollback")
    assert [a["stageName"] for a in pipelines.actions(rolled)] == ["Build"]
    # One that fails rolls nothing back in its turn.
    assert len(pipelines.executions()) == 3
    if not automatic:
        declared = pipelines.client.get_pipeline(name="web")["pipeline"]
        pipelines.client.update_pipeline(pipeline=declared)
        with refused("PipelineExecutionOutdatedException"):
            pipelines.client.rollback_stage(**asked, stageName="Build")
