# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""codepipeline_execution by its own main(), on a CodePipeline in memory whose executions go on while the module sleeps."""

from __future__ import annotations

import collections.abc as c
import json
import types
import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._pipeline import codepipeline_execution_run
from ansible_collections.golden.ami.plugins.modules import codepipeline_execution
from harness.aws_world import result_of
from harness.pipeline_world import World, at, identifier, install

Run = t.Callable[..., dict[str, t.Any]]
KIND = {"category": "Source", "owner": "AWS", "provider": "CodeCommit", "version": "1"}
TOKEN = "11111111-0000-4000-8000-000000000000"
APPROVAL = {"category": "Approval", "provider": "Manual"}


class Clock:
    """Time passes when the module sleeps, and with it what a test has planned for each sleep."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []
        self.events: list[c.Callable[[], object]] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pauses.append(seconds)
        if self.events:
            self.events.pop(0)()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    fake = types.SimpleNamespace(monotonic=made.monotonic, sleep=made.sleep)
    monkeypatch.setattr(codepipeline_execution_run, "time", fake)
    return made


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> World:
    made = install(monkeypatch)
    action = {"name": "repository", "actionTypeId": KIND, "configuration": {}}
    made.pipelines["web"] = {
        "name": "web",
        "version": 1,
        "pipelineType": "V2",
        "stages": [{"name": "Source", "actions": [action]}, {"name": "Build", "actions": []}],
        "variables": [{"name": "SCRIPT", "defaultValue": "web"}, {"name": "MUST"}],
    }
    return made


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return lambda **given: result_of(codepipeline_execution.main, capsys, pipeline="web", **given)


def starts(world: World, number: int = 1) -> None:
    def start(_request: object) -> dict[str, t.Any]:
        world.execution(number)
        return {"pipelineExecutionId": identifier(number)}

    world.answers["StartPipelineExecution"] = start


def logs(world: World, *lines: str) -> None:
    """A build with these lines in its log, and no more."""
    place = {"groupName": "/aws/codebuild/web", "streamName": "one"}
    world.answers["BatchGetBuilds"] = {"builds": [{"id": "web:1", "logs": place}]}

    def events(request: dict[str, t.Any]) -> dict[str, t.Any]:
        new = [] if request.get("nextToken") == "end" else lines
        return {"events": [{"message": f"{line}\n"} for line in new], "nextForwardToken": "end"}

    world.answers["GetLogEvents"] = events


def test_start_and_follow_to_the_end(run: Run, world: World, clock: Clock, tmp_path: Path) -> None:
    starts(world)
    logs(world, "packer says", "something")
    clock.events = [
        lambda: world.action(1, "Source", "repository", "Succeeded", category="Source", variables={"CommitId": "abc"}),
        lambda: world.action(1, "Build", "packer", result={"externalExecutionId": "web:1"}),
        lambda: world.actions[0].update(status="Succeeded", lastUpdateTime=at(100)),
        lambda: world.executions[0].update(status="Succeeded"),
    ]
    path = tmp_path / "progress"
    result = run(
        variables={"MUST": 7},
        source_revisions=[{"action": "repository", "value": "abc"}],
        client_request_token="once",
        follow_logs=True,
        log_path=str(path),
    )
    assert result["changed"] is True
    assert world.request("StartPipelineExecution") == {
        "name": "web",
        "variables": [{"name": "MUST", "value": "7"}],
        "sourceRevisions": [{"actionName": "repository", "revisionType": "COMMIT_ID", "revisionValue": "abc"}],
        "clientRequestToken": "once",
    }
    execution = result["execution"]
    assert execution["status"] == "Succeeded"
    assert [stage["name"] for stage in execution["stages"]] == ["Source", "Build"]
    assert execution["stages"][0]["actions"][0]["output_variables"] == {"CommitId": "abc"}
    assert execution["stages"][1]["actions"][0]["external_execution_id"] == "web:1"
    told = [line[9:] for line in path.read_text().splitlines()]
    assert [line.partition("] ")[2] or line for line in told] == [
        f"web: started, execution {identifier(1)}",
        "Source / repository Succeeded (0:45)",
        "    | packer says",
        "    | something",
        "Build / packer begins",
        "Build / packer Succeeded (1:39)",
        "web: Succeeded",
    ]
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_start_refuses_and_what_check_mode_says(run: Run, world: World) -> None:
    assert run(_ansible_check_mode=True, variables={"MUST": "x"})["execution"] is None
    told = run(variables={"OTHER": "x"}, source_revisions=[{"action": "none", "value": "x"}])["msg"]
    assert "it has no variable OTHER (those it has: SCRIPT, MUST)" in told
    assert "variables.MUST must be given" in told
    assert "it has no source action none" in told
    revisions = [{"action": "repository", "type": "IMAGE_DIGEST", "value": "x"}]
    assert "takes COMMIT_ID" in run(variables={"MUST": "x"}, source_revisions=revisions)["msg"]
    world.pipelines.clear()
    assert "There is no pipeline web" in run()["msg"]
    assert world.writes() == []


def test_a_failure_says_where_why_and_how_to_go_on(run: Run, world: World) -> None:
    world.execution(1, "Failed")
    error = {"code": "JobFailed", "message": "Build terminated with state: FAILED"}
    world.action(1, "Source", "repository", "Succeeded", category="Source")
    world.action(1, "Build", "packer", "Failed", result={"externalExecutionId": "web:1", "errorDetails": error})
    logs(world, "fatal: [default]: FAILED!")
    result = run(state="watched")
    assert result["failed"]
    assert "failed at the stage Build, action packer: JobFailed: Build terminated with state: FAILED." in result["msg"]
    assert f"state: retried, stage: Build, execution_id: {identifier(1)}" in result["msg"]
    assert result["failure"]["log_lines"] == ["fatal: [default]: FAILED!"]
    assert world.request("GetLogEvents")["limit"] == 30
    assert result["execution"]["status"] == "Failed"
    world.deny["GetLogEvents"] = "AccessDeniedException"
    denied = run(state="watched")
    assert denied["failure"]["log_lines"] == []
    assert "The builds' logs are left out" in str(denied["warnings"])


def test_a_condition_that_does_not_hold(run: Run, world: World) -> None:
    world.execution(1, "Failed")
    state = world.stage("Build", 1, "Failed")
    state["beforeEntryConditionState"] = {"latestExecution": {"status": "Failed", "summary": "window is shut"}}
    result = run(state="watched")
    assert "failed at the stage Build: before_entry: window is shut" in result["msg"]


def test_superseded_stopped_and_too_late(run: Run, world: World, clock: Clock) -> None:
    world.execution(1, "Superseded")
    world.execution(2)
    result = run(state="watched", execution_id=identifier(1))
    assert result["failed"]
    assert result["execution"]["superseded_by"] == identifier(2)
    assert f"superseded by {identifier(2)}" in result["msg"]
    world.action(2, "Approve", "look", **APPROVAL)
    late = run(state="watched", timeout=20)
    assert late["failed"]
    assert f"After 20 seconds the execution {identifier(2)} of the pipeline web is InProgress" in late["msg"]
    assert "The approval Approve / look waits" in late["msg"]
    assert max(clock.pauses) <= 5.0
    assert clock.now == 20
    world.executions[0]["status"] = "Stopped"
    assert "is Stopped. Start it again" in run(state="watched")["msg"]


def approve_stage(world: World, *names: str, number: int = 1) -> None:
    latest = {"status": "InProgress", "token": TOKEN, "lastStatusChange": at(0)}
    world.stage("Approve", number, "InProgress", *({"actionName": name, "latestExecution": latest} for name in names))


def answers(world: World, status: str) -> None:
    def answer(_request: object) -> dict[str, t.Any]:
        world.actions[0]["status"] = "Succeeded" if status == "Succeeded" else "Failed"
        world.executions[0]["status"] = status
        world.stages.clear()
        return {"approvedAt": at(1)}

    world.answers["PutApprovalResult"] = answer


def test_wait_for_an_approval_approve_it_and_approve_it_again(run: Run, world: World) -> None:
    world.execution(1)
    world.action(1, "Approve", "look", **APPROVAL)
    approve_stage(world, "look")
    waits = run(state="watched", wait_for="approval")
    assert waits["approvals"] == [
        {"stage": "Approve", "action": "look", "execution_id": identifier(1), "since": "2026-11-21T09:30:00Z"}
    ]
    answers(world, "Succeeded")
    check = run(state="approved", _ansible_check_mode=True)
    assert check["changed"] is True
    assert world.writes() == []
    result = run(state="approved", message="good")
    assert result["changed"] is True
    assert result["execution"]["status"] == "Succeeded"
    assert TOKEN not in json.dumps([waits, check, result])
    assert world.request("PutApprovalResult") == {
        "pipelineName": "web",
        "stageName": "Approve",
        "actionName": "look",
        "token": TOKEN,
        "result": {"summary": "good", "status": "Approved"},
    }
    again = run(state="approved")
    assert again["changed"] is False
    assert again["reason"] == "it is approved already"
    assert world.writes() == ["PutApprovalResult"]
    refused = run(state="rejected")
    assert "look is Succeeded already" in refused["msg"]


def test_reject_is_no_failure_of_the_task(run: Run, world: World) -> None:
    world.execution(1)
    world.action(1, "Approve", "look", **APPROVAL)
    approve_stage(world, "look")
    answers(world, "Failed")
    result = run(state="rejected", message="no")
    assert result["changed"] is True
    assert result["failure"]["stage"] == "Approve"
    assert "failed" not in result
    assert run(state="rejected")["changed"] is False


def test_which_approval(run: Run, world: World) -> None:
    world.execution(1)
    approve_stage(world, "one", "two")
    assert "2 approvals of the pipeline web wait" in run(state="approved")["msg"]
    world.answers["PutApprovalResult"] = {}
    assert run(state="approved", action="two", wait=False)["changed"] is True
    assert world.request("PutApprovalResult")["actionName"] == "two"
    assert "No approval Approve other" in run(state="approved", stage="Approve", action="other")["msg"]
    assert "of which AWS takes 512" in run(state="approved", message="x" * 513)["msg"]


def test_the_token_of_an_execution_beside_others_is_its_external_id(run: Run, world: World) -> None:
    world.execution(1, executionMode="PARALLEL")
    world.action(1, "Approve", "look", **APPROVAL, result={"externalExecutionId": TOKEN})
    world.answers["PutApprovalResult"] = {}
    assert run(state="approved", wait=False)["changed"] is True
    assert world.request("PutApprovalResult")["token"] == TOKEN


def test_stop(run: Run, world: World) -> None:
    nothing = run(state="stopped")
    assert (nothing["changed"], nothing["execution"]) == (False, None)
    world.execution(1)
    world.execution(2)
    assert "2 executions of the pipeline web run" in run(state="stopped")["msg"]
    world.executions[0]["status"] = "Succeeded"

    def stop(_request: object) -> dict[str, t.Any]:
        world.executions[1]["status"] = "Stopped"
        return {}

    world.answers["StopPipelineExecution"] = stop
    result = run(state="stopped", abandon=True, reason="wrong branch")
    assert result["changed"] is True
    assert result["execution"]["status"] == "Stopped"
    request = world.request("StopPipelineExecution")
    assert (request["pipelineExecutionId"], request["abandon"], request["reason"]) == (
        identifier(1),
        True,
        "wrong branch",
    )
    again = run(state="stopped", execution_id=identifier(1))
    assert (again["changed"], again["reason"]) == (False, "it does not run: it is Stopped")
    world.executions[1]["status"] = "Stopping"
    assert run(state="stopped", wait=False)["changed"] is False
    world.deny["StopPipelineExecution"] = "DuplicatedStopRequestException"
    assert run(state="stopped", abandon=True, wait=False)["execution"]["status"] == "Stopping"
    world.deny["StopPipelineExecution"] = "ConflictException"
    assert "ConflictException" in run(state="stopped", abandon=True, wait=False)["msg"]


def test_retry_what_failed(run: Run, world: World) -> None:
    world.execution(1, "Failed")
    world.action(1, "Source", "repository", "Succeeded", category="Source")
    world.action(1, "Build", "packer", "Failed")

    def retry(_request: object) -> dict[str, t.Any]:
        world.action(1, "Build", "packer", "Succeeded")
        world.executions[0]["status"] = "Succeeded"
        return {"pipelineExecutionId": identifier(1)}

    world.answers["RetryStageExecution"] = retry
    result = run(state="retried", retry_mode="all_actions")
    assert world.request("RetryStageExecution") == {
        "pipelineName": "web",
        "stageName": "Build",
        "pipelineExecutionId": identifier(1),
        "retryMode": "ALL_ACTIONS",
    }
    assert result["execution"]["stages"][1]["actions"][0]["status"] == "Succeeded"
    assert run(state="retried")["changed"] is False
    world.execution(2, "Superseded")
    assert "only what failed or was stopped can be retried" in run(state="retried")["msg"]
    world.execution(3, "Stopped")
    world.stage("Build", 3, "Stopped")
    assert run(state="retried", _ansible_check_mode=True)["reason"] == "stage Build retried"


def test_roll_back_to_what_was_before(run: Run, world: World) -> None:
    world.execution(1, "Succeeded")
    world.execution(2, "Succeeded")
    stage = world.stage("Build", 2, "Succeeded", type="STANDARD")

    def roll_back(request: dict[str, t.Any]) -> dict[str, t.Any]:
        target = {"rollbackTargetPipelineExecutionId": request["targetPipelineExecutionId"]}
        world.execution(3, "Succeeded", executionType="ROLLBACK", rollbackMetadata=target)
        stage["latestExecution"] = {"pipelineExecutionId": identifier(3), "status": "Succeeded", "type": "ROLLBACK"}
        return {"pipelineExecutionId": identifier(3)}

    world.answers["RollbackStage"] = roll_back
    result = run(state="rolled_back", stage="Build")
    assert result["execution"]["rolled_back_to"] == identifier(1)
    assert result["execution"]["execution_type"] == "ROLLBACK"
    assert run(state="rolled_back", stage="Build")["changed"] is False
    assert run(state="rolled_back", stage="Build", target_execution_id=identifier(1))["changed"] is False
    other = run(state="rolled_back", stage="Build", target_execution_id=identifier(2), _ansible_check_mode=True)
    assert other["changed"] is True
    assert "has no stage Nothing; it has Build" in run(state="rolled_back", stage="Nothing")["msg"]
    assert "stage" in run(state="rolled_back")["msg"]
