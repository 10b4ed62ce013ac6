# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""codepipeline_info by its own main(), on a CodePipeline in memory."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.golden.ami.plugins.modules import codepipeline, codepipeline_info
from harness.aws_world import result_of
from harness.pipeline_world import World, at, identifier, install, options

Run = t.Callable[..., dict[str, t.Any]]
TOKEN = "11111111-0000-4000-8000-000000000000"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return install(monkeypatch)


@pytest.fixture
def make(capsys: pytest.CaptureFixture[str]) -> Run:
    return lambda **given: result_of(codepipeline.main, capsys, **given)


@pytest.fixture
def info(world: World, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(**given: t.Any) -> dict[str, t.Any]:
        world.calls.clear()
        return result_of(codepipeline_info.main, capsys, **given)

    return call


def test_all_of_a_pipeline(world: World, make: Run, info: Run) -> None:
    made = make(**options(tags={"team": "web"}))["pipeline"]
    world.execution(1, "Succeeded", sourceRevisions=[{"actionName": "repository", "revisionId": "abc"}])
    world.execution(2)
    latest = {"status": "InProgress", "token": TOKEN, "lastStatusChange": at(60)}
    world.stage("Approve", 2, "InProgress", {"actionName": "look", "latestExecution": latest})
    world.stages[0]["inboundExecutions"] = [{"pipelineExecutionId": identifier(3), "status": "InProgress"}]
    result = info(names=["web", "gone"], executions=1)
    (found,) = result["pipelines"]
    assert result["changed"] is False
    assert {**found["declaration"], "tags": found["tags"], "arn": found["arn"], "version": found["version"]} == made
    (stage,) = found["state"]
    assert (stage["execution_id"], stage["inbound_execution_ids"]) == (identifier(2), [identifier(3)])
    assert stage["actions"][0]["since"] == "2026-11-21T09:31:00Z"
    assert [one["id"] for one in found["executions"]] == [identifier(2)]
    assert found["approvals"] == [
        {"stage": "Approve", "action": "look", "execution_id": identifier(2), "since": "2026-11-21T09:31:00Z"}
    ]
    assert TOKEN not in json.dumps(result)
    assert world.operations() == [
        "GetPipeline",
        "ListTagsForResource",
        "GetPipelineState",
        "ListPipelineExecutions",
        "GetPipeline",
    ]


def test_only_what_passes_the_filters_and_only_what_is_asked_for(world: World, make: Run, info: Run) -> None:
    make(**options(tags={"team": "web"}))
    make(**{**options(execution_mode="PARALLEL"), "name": "api"})
    make(**{**options(pipeline_type="V1"), "name": "old"})

    def names(**filters: t.Any) -> list[str]:
        return [one["name"] for one in info(filters=filters, include=["declaration"])["pipelines"]]

    assert names() == ["web", "api", "old"]
    assert names(name="*e*") == ["web"]
    # One that its summary rules out is not read.
    assert world.operations() == ["ListPipelines", "GetPipeline"]
    assert names(pipeline_type="V2") == ["web", "api"]
    assert names(execution_mode="PARALLEL") == ["api"]
    assert names(tags={"team": "web"}) == ["web"]
    (only,) = info(names=["web"], include=[])["pipelines"]
    assert set(only) == {"name", "arn", "version", "created", "updated"}
    assert info(names=["web"], filters={"name": "x"})["pipelines"] == []
    assert "executions is 101" in info(executions=101)["msg"]


def test_approvals_of_executions_beside_each_other(world: World, make: Run, info: Run) -> None:
    make(**options(execution_mode="PARALLEL"))
    for number in (1, 2):
        world.execution(number, executionMode="PARALLEL")
        approval = {"category": "Approval", "provider": "Manual", "result": {"externalExecutionId": TOKEN}}
        world.action(number, "Approve", "look", **approval)
    (found,) = info(include=["approvals"])["pipelines"]
    assert {one["execution_id"] for one in found["approvals"]} == {identifier(1), identifier(2)}
    assert TOKEN not in json.dumps(found)
