# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declarations: which are taken, how they are given back, and what is answered to the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pipelines import Shape, action, approval, build, declaration, role, source, stage

BUILD = stage("Build", build("bake"))


@pytest.fixture
def client(cloud: Any) -> Any:
    return cloud.client("codepipeline")


@pytest.fixture
def create(cloud: Any, client: Any) -> Callable[..., Shape]:
    role_arn = role(cloud)

    def _create(*stages: Shape, tags: Any = (), **more: Any) -> Shape:
        given = declaration(role_arn, *(stages or (BUILD,)), **more)
        made: Shape = client.create_pipeline(pipeline=given, tags=list(tags))
        return made

    return _create


def _connected() -> Shape:
    configuration = {"ConnectionArn": "arn:aws:codeconnections:us-east-1:1:connection/1"}
    configuration |= {"FullRepositoryId": "me/images", "BranchName": "main"}
    outputs = [{"name": "SourceOutput"}]
    return action("Git", "Source", "CodeStarSourceConnection", configuration, outputArtifacts=outputs)


S, A, O = "InvalidStructureException", "InvalidActionDeclarationException", "UnsupportedOperation"  # noqa: E741


@pytest.mark.parametrize(
    ("code", "text", "changed"),
    [
        (S, "only 1 stage", {"stages": [stage("Source", source())]}),
        (S, "should start with a stage that only contains source", {"stages": [BUILD, stage("Source", source())]}),
        (S, "Stage name must be unique", {"stages": [stage("A", source()), stage("A", build("x"))]}),
        ("InvalidStageDeclarationException", "from 1 to 50", {"stages": [stage("A", source()), stage("B")]}),
        ("InvalidStageDeclarationException", "unique", {"stages": [stage("A", source(), source()), BUILD]}),
        (S, "either artifactStore or artifactStores", {"artifactStore": None}),
        (
            S,
            "none in eu-west-1",
            {"stages": [stage("Source", source()), stage("B", build("x") | {"region": "eu-west-1"})]},
        ),
        (S, "type V1 cannot have variables", {"pipelineType": "V1", "variables": [{"name": "x"}]}),
        (S, "type V1 cannot have executionMode", {"pipelineType": "V1", "executionMode": "QUEUED"}),
        (
            S,
            "type V1 cannot have Build.onFailure",
            {"pipelineType": "V1", "stages": [stage("A", source()), BUILD | {"onFailure": {"result": "FAIL"}}]},
        ),
        (S, "Variable name must be unique", {"variables": [{"name": "x"}, {"name": "x"}]}),
        (
            S,
            "CodeStarSourceConnection",
            {
                "triggers": [
                    {
                        "providerType": "CodeStarSourceConnection",
                        "gitConfiguration": {"sourceActionName": "Get", "push": [{"branches": {"includes": ["main"]}}]},
                    }
                ]
            },
        ),
        (
            A,
            "is not declared as Output Artifact",
            {"stages": [stage("A", _connected() | {"outputArtifacts": [{"name": "X"}]}), BUILD]},
        ),
        (
            A,
            "used more than once",
            {"stages": [stage("A", source(), source() | {"name": "Two", "namespace": "B"}), BUILD]},
        ),
        (A, "missing required configuration 'ProjectName'", {"build": {"configuration": {}}}),
        (A, "unknown configuration 'Colour'", {"build": {"configuration": {"ProjectName": "x", "Colour": "red"}}}),
        (A, "declares 0 input artifacts", {"build": {"inputArtifacts": []}}),
        (A, "namespace 'Source' of action", {"build": {"namespace": "Source"}}),
        (A, "reserved", {"build": {"namespace": "variables"}}),
        (A, "VariableReferenceText=[Nobody.X]", {"build": {"configuration": {"ProjectName": "#{Nobody.X}"}}}),
        (
            A,
            "VariableReferenceText=[variables.image]",
            {"build": {"configuration": {"ProjectName": "#{variables.image}"}}},
        ),
        (A, "timeoutInMinutes", {"build": {"timeoutInMinutes": 10}}),
        (
            A,
            "is not available in this region",
            {"build": {"actionTypeId": action("x", "Build", "Nothing")["actionTypeId"]}},
        ),
        (A, "only for actions of the provider Commands", {"build": {"commands": ["ls"]}}),
        (O, "no functions", {"build": action("x", "Invoke", "Lambda", {"FunctionName": "f"})}),
        (O, "commands to a project", {"build": action("x", "Compute", "Commands")}),
        (O, "no CloudFormation here", {"build": action("x", "Deploy", "CloudFormation")}),
        (O, "batch", {"build": {"configuration": {"ProjectName": "x", "BatchEnabled": "true"}}}),
        (S, "cannot be rolled back", {"stages": [stage("A", source(), onFailure={"result": "ROLLBACK"}), BUILD]}),
        (
            S,
            "takes a retryConfiguration",
            {
                "stages": [
                    stage("A", source()),
                    BUILD | {"onFailure": {"result": "FAIL", "retryConfiguration": {"retryMode": "ALL_ACTIONS"}}},
                ]
            },
        ),
        ("ValidationException", "regular expression pattern", {"name": "a b"}),
        ("ValidationException", "enum value set: [QUEUED, SUPERSEDED, PARALLEL]", {"executionMode": "FAST"}),
        (S, "not authorized to perform AssumeRole", {"roleArn": "arn:aws:iam::123456789012:role/nobody"}),
    ],
)
def test_a_declaration_that_is_not_taken(
    create: Any, client: Any, refused: Any, code: str, text: str, changed: Shape
) -> None:
    changed = dict(changed)
    if "build" in changed:
        changed["stages"] = [stage("Source", source()), stage("Build", build("bake") | changed.pop("build"))]
    if changed.get("artifactStore", 0) is None:
        changed["artifactStore"] = {"type": "S3", "location": "here"}
        changed["artifactStores"] = {"us-east-1": changed["artifactStore"]}
    with refused(code, text):
        create(**changed)
    assert client.list_pipelines()["pipelines"] == []


RULE = {
    "name": "R",
    "ruleTypeId": {"category": "Rule", "provider": "VariableCheck"},
    "configuration": {"Variable": "x"},
}


@pytest.mark.parametrize(
    ("when", "result"), [("beforeEntry", "SKIP"), ("onSuccess", "FAIL"), ("onFailure", "ROLLBACK")]
)
def test_conditions_are_checked_and_not_pretended(create: Any, refused: Any, when: str, result: str) -> None:
    with refused("UnsupportedOperation", f"stages.Build.{when}.conditions"):
        create(BUILD | {when: {"conditions": [{"result": result, "rules": [RULE]}]}})
    with refused("InvalidStructureException", "declared more than once"):
        create(BUILD | {when: {"conditions": [{"result": result, "rules": [RULE, RULE]}]}})


def test_a_role_for_several_services_is_enough_and_one_for_others_is_not(cloud: Any, client: Any, refused: Any) -> None:
    other = role(cloud, "other", ["codebuild.amazonaws.com", "events.amazonaws.com"])
    with refused("InvalidStructureException", other):
        client.create_pipeline(pipeline=declaration(other, BUILD))
    both = role(cloud, "both", ["codebuild.amazonaws.com", "codepipeline.amazonaws.com"])
    client.create_pipeline(pipeline=declaration(both, BUILD))


@pytest.mark.parametrize(
    ("more", "detects", "branches"),
    [
        ({}, {}, ["main"]),
        ({}, {"DetectChanges": "true"}, ["main"]),
        ({}, {"DetectChanges": "false"}, None),
        ({"pipelineType": "V1"}, {}, None),
        (
            {
                "triggers": [
                    {
                        "providerType": "CodeStarSourceConnection",
                        "gitConfiguration": {"sourceActionName": "Git", "push": [{"branches": {"includes": ["dev"]}}]},
                    }
                ]
            },
            {},
            ["dev"],
        ),
    ],
)
def test_a_pipeline_without_triggers_gets_one_of_the_branch_of_its_connection(
    create: Any, client: Any, more: Shape, detects: Shape, branches: list[str] | None
) -> None:
    source_action = _connected()
    source_action["configuration"] |= detects
    create(stages=[stage("Source", source_action), BUILD], **more)
    declared = client.get_pipeline(name="web")["pipeline"]
    if branches is None:
        assert "triggers" not in declared
    else:
        push = [{"branches": {"includes": branches}}]
        git = {"sourceActionName": "Git", "push": push}
        assert declared["triggers"] == [{"providerType": "CodeStarSourceConnection", "gitConfiguration": git}]
    # What it has got it keeps, and may give back.
    assert client.update_pipeline(pipeline=declared)["pipeline"] == {**declared, "version": 2}


def test_the_life_of_a_declaration(create: Any, client: Any, cloud: Any, refused: Any) -> None:
    trigger = {
        "providerType": "CodeStarSourceConnection",
        "gitConfiguration": {"sourceActionName": "Git", "push": [{"branches": {"includes": ["main"]}}]},
    }
    more = {"variables": [{"name": "image"}], "triggers": [trigger], "executionMode": "QUEUED"}
    made = create(
        stages=[stage("Source", _connected()), BUILD, stage("Approve", approval(CustomData="#{variables.image}"))],
        tags=[{"key": "team", "value": "web"}],
        **more,
    )
    shown = client.get_pipeline(name="web")
    assert shown["pipeline"] == made["pipeline"]
    declared, arn = shown["pipeline"], shown["metadata"]["pipelineArn"]
    assert declared | more == declared
    assert (declared["version"], declared["stages"][1]["actions"][0]["runOrder"]) == (1, 1)
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "team", "value": "web"}]
    # No execution without a value for its variable.
    assert client.list_pipeline_executions(pipelineName="web")["pipelineExecutionSummaries"] == []
    with refused("ValidationException", "image"):
        client.start_pipeline_execution(name="web")
    with refused("ValidationException", "colour"):
        client.start_pipeline_execution(name="web", variables=[{"name": "colour", "value": "red"}])
    asked = {"name": "web", "variables": [{"name": "image", "value": "wordpress"}], "clientRequestToken": "once"}
    started = client.start_pipeline_execution(**asked)["pipelineExecutionId"]
    assert client.start_pipeline_execution(**asked)["pipelineExecutionId"] == started
    with refused("PipelineNameInUseException"):
        create()
    declared["stages"][1]["name"] = "Bake"
    assert client.update_pipeline(pipeline=declared)["pipeline"]["version"] == 2
    assert client.get_pipeline(name="web", version=1)["pipeline"] == made["pipeline"]
    with refused("PipelineVersionNotFoundException"):
        client.get_pipeline(name="web", version=3)
    with refused("StageNotFoundException"):
        client.retry_stage_execution(
            pipelineName="web", stageName="Build", pipelineExecutionId=started, retryMode="ALL_ACTIONS"
        )
    cloud.settle()
    client.tag_resource(resourceArn=arn, tags=[{"key": "stage", "value": "prod"}])
    client.untag_resource(resourceArn=arn, tagKeys=["team"])
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "stage", "value": "prod"}]
    (listed,) = client.list_pipelines()["pipelines"]
    assert (listed["version"], listed["pipelineType"], listed["executionMode"]) == (2, "V2", "QUEUED")
    client.delete_pipeline(name="web")
    client.delete_pipeline(name="web")
    with refused("PipelineNotFoundException", "does not have a pipeline with name 'web'"):
        client.get_pipeline(name="web")


def test_times_are_numbers(create: Any, client: Any) -> None:
    bodies: list[str] = []
    create()
    client.meta.events.register("after-call", lambda http_response, **_: bodies.append(http_response.text))
    client.get_pipeline(name="web")
    client.get_pipeline_state(name="web")
    client.list_pipeline_executions(pipelineName="web")
    for body, name in zip(bodies, ("created", "updated", "startTime"), strict=True):
        assert f'"{name}": 1' in body or f'"{name}":1' in body, body
