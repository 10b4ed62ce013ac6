# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""codepipeline by its own main(), on a CodePipeline in memory."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.golden.ami.plugins.modules import codepipeline
from harness.aws_world import result_of
from harness.pipeline_world import ACCOUNT, REGION, World, changed, install, options

Run = t.Callable[..., dict[str, t.Any]]
ENVIRONMENT = [{"name": "PACKER_SCRIPT", "value": "#{variables.SCRIPT}", "type": "PLAINTEXT"}]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return install(monkeypatch)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return lambda **given: result_of(codepipeline.main, capsys, **given)


def four(run: Run, world: World, **given: t.Any) -> dict[str, t.Any]:
    """Check, apply, check, apply: what the first one says is what the second does, and then there is nothing to do."""
    written = len(world.writes())
    check = run(_ansible_check_mode=True, _ansible_diff=True, **given)
    assert len(world.writes()) == written, "check mode wrote"
    apply = run(_ansible_diff=True, **given)
    assert "msg" not in apply
    written = len(world.writes())
    again = [run(_ansible_check_mode=check_mode, _ansible_diff=True, **given) for check_mode in (True, False)]
    for key in ("changed", "pipeline", "changes", "diff"):
        assert check[key] == apply[key], key
    assert [one["changed"] for one in again] == [False, False]
    assert [one["changes"] for one in again] == [[], []]
    assert [one["pipeline"] for one in again] == [apply["pipeline"]] * 2
    assert len(world.writes()) == written
    return apply


def full() -> dict[str, t.Any]:
    """All that a pipeline can have."""
    rule = {"name": "window", "provider": "DeploymentWindow", "configuration": {"Cron": "* * * * ? *"}}
    return changed(
        options(
            {
                "name": "Approve",
                "before_entry": {"conditions": [{"result": "SKIP", "rules": [rule]}]},
                "on_success": {"conditions": [{"result": "ROLLBACK", "rules": [rule]}]},
                "on_failure": {"result": "RETRY"},
                "actions": [
                    {
                        "name": "look",
                        "category": "Approval",
                        "provider": "Manual",
                        "timeout_in_minutes": 60,
                        "configuration": {"CustomData": "of #{Source.CommitId}"},
                    }
                ],
            },
            {
                "name": "After",
                "on_failure": {"result": "ROLLBACK", "retry_configuration": None},
                "actions": [
                    {
                        "name": "shell",
                        "category": "Compute",
                        "provider": "Commands",
                        "commands": ["make"],
                        "output_variables": ["VERSION"],
                        "environment_variables": [{"name": "A", "value": "1"}],
                        "input_artifacts": ["source"],
                        "output_artifacts": [{"name": "made", "files": ["out/*"]}],
                    },
                    {
                        "name": "far",
                        "category": "Build",
                        "provider": "CodeBuild",
                        "region": "us-east-1",
                        "role_arn": f"arn:aws:iam::{ACCOUNT}:role/far",
                        "run_order": 2,
                        "configuration": {"ProjectName": "far"},
                        "input_artifacts": ["made"],
                    },
                ],
            },
            execution_mode="QUEUED",
            variables=[{"name": "SCRIPT", "default_value": "web", "description": "which"}, {"name": "B"}],
            tags={"team": "web"},
        ),
        lambda given: (
            given.pop("artifact_store"),
            given.update(
                artifact_stores={
                    REGION: {"location": "web-artifacts", "encryption_key": {"id": "alias/web"}},
                    "us-east-1": {"location": "web-artifacts-us"},
                }
            ),
            given["stages"][1]["actions"][0]["configuration"].update(EnvironmentVariables=ENVIRONMENT),
        ),
    )


def test_a_pipeline_with_all_that_there_is(run: Run, world: World) -> None:
    result = four(run, world, **full())
    assert world.writes() == ["CreatePipeline"]
    # Nothing to do costs the pipeline and its tags.
    assert world.operations()[-4:] == ["GetPipeline", "ListTagsForResource"] * 2
    sent = world.request("CreatePipeline")
    assert sent["tags"] == [{"key": "team", "value": "web"}]
    declaration = sent["pipeline"]
    assert declaration["pipelineType"] == "V2"
    assert set(declaration["artifactStores"]) == {REGION, "us-east-1"}
    build = declaration["stages"][1]["actions"][0]["configuration"]
    assert json.loads(build["EnvironmentVariables"]) == ENVIRONMENT
    assert (
        build["EnvironmentVariables"] == '[{"name":"PACKER_SCRIPT","type":"PLAINTEXT","value":"#{variables.SCRIPT}"}]'
    )
    approve, after = declaration["stages"][2:]
    assert approve["onFailure"] == {"result": "RETRY", "retryConfiguration": {"retryMode": "FAILED_ACTIONS"}}
    (condition,) = approve["beforeEntry"]["conditions"]
    assert condition["rules"][0]["ruleTypeId"] == {
        "category": "Rule",
        "owner": "AWS",
        "provider": "DeploymentWindow",
        "version": "1",
    }
    assert condition["rules"][0]["configuration"] == {"Cron": "* * * * ? *"}
    assert after["actions"][0]["outputArtifacts"] == [{"name": "made", "files": ["out/*"]}]
    assert after["actions"][1]["region"] == "us-east-1"
    assert "region" not in after["actions"][0]
    assert result["pipeline"]["arn"] == f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:web"
    assert result["pipeline"]["version"] == 1
    assert result["diff"]["before"] == {}


def test_each_change_is_one_update_that_is_named(run: Run, world: World) -> None:
    run(**options(tags={"team": "web"}))
    given = options(
        tags={"stage": "test"},
        stages=changed(
            options(), lambda one: one["stages"][1]["actions"][0]["configuration"].update(ProjectName="other")
        )["stages"],
    )
    result = four(run, world, **given)
    assert result["changes"] == ["stages[Build].actions[packer].configuration.ProjectName", "tags"]
    assert world.writes() == ["CreatePipeline", "UpdatePipeline", "UntagResource", "TagResource"]
    assert result["pipeline"]["version"] == 2
    kept = four(run, world, **{**given, "tags": {"more": "yes"}, "purge_tags": False})
    assert kept["changes"] == ["tags"]
    assert kept["pipeline"]["tags"] == {"stage": "test", "more": "yes"}
    assert kept["pipeline"]["version"] == 2


def test_what_another_tool_made_in_other_words_is_the_same(run: Run, world: World) -> None:
    run(**full())
    made = world.pipelines["web"]
    for stage in made["stages"]:
        for action in stage["actions"]:
            action.setdefault("region", REGION)
            action.setdefault("runOrder", 1)
            for key in ("inputArtifacts", "outputArtifacts"):
                action.setdefault(key, [])
    made["variables"].reverse()
    build = made["stages"][1]["actions"][0]["configuration"]
    build["EnvironmentVariables"] = json.dumps(json.loads(build["EnvironmentVariables"]), indent=1)
    written = len(world.writes())
    assert run(**full())["changed"] is False
    assert len(world.writes()) == written


def connection(**more: t.Any) -> dict[str, t.Any]:
    given = options(**more)
    source = given["stages"][0]["actions"][0]
    source["provider"] = "CodeStarSourceConnection"
    source["configuration"] = {
        "ConnectionArn": "arn:aws:codeconnections:eu-west-1:111111111111:connection/x",
        "FullRepositoryId": "example/images",
        "BranchName": "main",
    }
    return given


def test_the_trigger_that_aws_adds_is_no_difference_and_ones_own_are(run: Run, world: World) -> None:
    four(run, world, **connection())
    assert world.pipelines["web"]["triggers"]
    trigger = {
        "source_action_name": "repository",
        "push": [{"branches": {"includes": ["b", "a"]}, "file_paths": {"excludes": ["docs/**"]}}],
        "pull_request": [{"events": ["OPEN"], "branches": {"includes": ["main"]}}],
    }
    result = four(run, world, **connection(triggers=[trigger]))
    assert result["changes"] == ["triggers"]
    git = world.request("UpdatePipeline")["pipeline"]["triggers"][0]["gitConfiguration"]
    assert git["push"] == [{"branches": {"includes": ["b", "a"]}, "filePaths": {"excludes": ["docs/**"]}}]
    assert git["pullRequest"] == [{"events": ["OPEN"], "branches": {"includes": ["main"]}}]
    assert four(run, world, **connection())["changes"] == ["triggers"]


def github(**more: str) -> dict[str, t.Any]:
    configuration = {"Owner": "o", "Repo": "r", "Branch": "main", "OAuthToken": "hunter22hunter22", **more}
    return changed(
        options(),
        lambda one: one["stages"][0]["actions"][0].update(
            owner="ThirdParty", provider="GitHub", configuration=configuration
        ),
    )


def test_a_secret_is_sent_and_neither_compared_nor_shown(run: Run, world: World) -> None:
    result = four(run, world, **github())
    sent = world.request("CreatePipeline")["pipeline"]["stages"][0]["actions"][0]["configuration"]
    assert sent["OAuthToken"] == "hunter22hunter22"
    assert "hunter22" not in json.dumps(result)
    four(run, world, **{**github(), "execution_mode": "QUEUED"})
    sent = world.request("UpdatePipeline")["pipeline"]["stages"][0]["actions"][0]["configuration"]
    assert sent["OAuthToken"] == "hunter22hunter22"


def test_what_aws_masks_of_a_custom_action_is_not_compared(run: Run, world: World) -> None:
    run(**github(Secret="one"))
    assert run(**github(Secret="two"))["changed"] is False
    assert run(**github(Secret="two", Repo="other"))["changed"] is True
    sent = world.request("UpdatePipeline")["pipeline"]["stages"][0]["actions"][0]["configuration"]
    assert sent["Secret"] == "two"


def test_absent(run: Run, world: World) -> None:
    run(**options())
    result = four(run, world, name="web", state="absent")
    assert result["changed"] is True
    assert result["pipeline"] is None
    assert world.pipelines == {}


def test_v1_has_none_of_what_v2_has(run: Run, world: World) -> None:
    result = four(run, world, **options(pipeline_type="V1"))
    assert result["pipeline"]["pipeline_type"] == "V1"
    told = run(**{**full(), "pipeline_type": "V1"})["msg"]
    for what in ("variables", "execution_mode QUEUED", "before_entry of stage Approve", "the action shell of category"):
        assert what in told
    assert four(run, world, **options())["changes"] == ["pipeline_type"]


def test_all_that_aws_would_refuse_is_told_at_once_before_the_first_call(run: Run, world: World) -> None:
    given = changed(
        options(),
        lambda one: (
            one["stages"][1]["actions"][0].update(input_artifacts=["sauce"]),
            one["stages"][0]["actions"][0]["configuration"].pop("BranchName"),
            one.update(name="we b"),
        ),
    )
    result = run(**given)
    assert result["failed"]
    assert "stage Build, action packer takes the artifact sauce, which no action makes" in result["msg"]
    assert "configuration.BranchName is missing, which CodeCommit needs" in result["msg"]
    assert "name 'we b' is not of the form" in result["msg"]
    for wrong, said in (
        (
            {"artifact_stores": {REGION: {"bucket": "x"}}},
            f"artifact_stores.{REGION}: missing required arguments: location",
        ),
        ({"artifact_stores": {REGION: "x"}}, f"artifact_stores.{REGION} must be a dictionary"),
        ({"tags": {"aws:team": "x"}}, "reserved by AWS"),
    ):
        without = {key: value for key, value in options().items() if key != "artifact_store" or "tags" in wrong}
        assert said in run(**{**without, **wrong})["msg"]
    assert "role_arn" in run(name="web")["msg"]
    assert "Region must be known" in run(**{**options(), "region": ""})["msg"]
    assert world.calls == []


def test_a_role_that_is_new_is_waited_for(run: Run, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    world.deny["CreatePipeline"] = ["InvalidStructureException"] * 2
    world.messages["InvalidStructureException"] = "CodePipeline is not authorized to perform AssumeRole on role x"
    assert run(**options())["changed"] is True
    assert len(pauses) == 2
    world.pipelines.clear()
    world.messages["InvalidStructureException"] = "Something else is wrong"
    world.deny["CreatePipeline"] = ["InvalidStructureException"]
    result = run(**options())
    assert "create the pipeline web" in result["msg"]
    assert "Something else is wrong" in result["msg"]
    assert len(pauses) == 2
