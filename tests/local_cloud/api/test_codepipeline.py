# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Executions of pipelines: stages, actions, variables, artifacts, approvals, and what is told of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from golden_cloud.api import bus
from golden_cloud.api.codepipeline import work
from pipelines import BUCKET, Pipelines, action, approval, bucket, build, builds, pipelines, role, stage, until

__all__ = ["bucket", "builds", "pipelines"]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[bus.Event]:
    found: list[bus.Event] = []
    monkeypatch.setattr(bus, "_listeners", [*bus._listeners, found.append])
    return found


def test_a_new_pipeline_runs_from_its_source_to_its_end(pipelines: Pipelines, told: list[bus.Event]) -> None:
    pipelines.builds.exported = {"AMI": "ami-1"}
    environment = json.dumps([{"name": "COMMIT", "value": "#{Source.VersionId} of #{variables.image}"}])
    made = build(
        "bake",
        outputArtifacts=[{"name": "BuildOutputOfTheImage"}],
        namespace="Bake",
        configuration={"ProjectName": "bake", "EnvironmentVariables": environment},
    )
    other = build("check", inputArtifacts=[{"name": "SourceOutput"}, {"name": "BuildOutputOfTheImage"}])
    other["configuration"] = {
        "ProjectName": "check",
        "PrimarySource": "BuildOutputOfTheImage",
        "EnvironmentVariables": '[{"name": "AMI", "value": "#{Bake.AMI} #{codepipeline.PipelineExecutionId}"}]',
    }
    key = {"id": "arn:aws:kms:us-east-1:123456789012:key/1", "type": "KMS"}
    execution = pipelines.create(
        stage("Build", made),
        stage("Test", other),
        variables=[{"name": "image", "defaultValue": "wordpress"}],
        artifactStore={"type": "S3", "location": BUCKET, "encryptionKey": key},
    )
    assert pipelines.becomes(execution, "Succeeded", "Failed") == "Succeeded", pipelines.actions(execution)
    first, second = pipelines.builds.asked
    bundle, _slash, source_key = first["sourceLocationOverride"].partition("/")
    assert (first["sourceTypeOverride"], bundle, source_key[:-7]) == ("S3", BUCKET, "web/SourceOutp/")
    assert pipelines.bucket.objects[f"/{BUCKET}/{source_key}"] == pipelines.bucket.objects["/source/app.zip"]
    sent = pipelines.bucket.asked[f"/{BUCKET}/{source_key}"]
    assert sent["x-amz-server-side-encryption-aws-kms-key-id"] == key["id"] == first["encryptionKeyOverride"]
    assert first["environmentVariablesOverride"] == [
        {"name": "COMMIT", "value": "v1 of wordpress", "type": "PLAINTEXT"}
    ]
    wanted = first["artifactsOverride"]
    assert (wanted["location"], wanted["path"], wanted["packaging"]) == (BUCKET, "web/BuildOutpu", "ZIP")
    assert second["sourceLocationOverride"] == f"{BUCKET}/{wanted['path']}/{wanted['name']}"
    assert second["secondarySourcesOverride"][0]["sourceIdentifier"] == "SourceOutput"
    assert second["environmentVariablesOverride"][0]["value"] == f"ami-1 {execution}"
    assert second["artifactsOverride"] == {"type": "NO_ARTIFACTS"}
    assert set(pipelines.builds.callers) == {"codepipeline/web"}
    # What is told of it.
    shown = pipelines.client.get_pipeline_execution(pipelineName="web", pipelineExecutionId=execution)
    assert shown["pipelineExecution"]["trigger"]["triggerType"] == "CreatePipeline"
    assert shown["pipelineExecution"]["variables"] == [{"name": "image", "resolvedValue": "wordpress"}]
    assert shown["pipelineExecution"]["artifactRevisions"][0]["revisionId"] == "v1"
    assert pipelines.executions()[0]["sourceRevisions"][0]["actionName"] == "Get"
    got, baked, _checked = pipelines.actions(execution)
    assert (got["output"]["outputVariables"]["VersionId"], baked["output"]["outputVariables"]) == (
        "v1",
        {"AMI": "ami-1"},
    )
    assert baked["output"]["executionResult"]["externalExecutionId"] == first["id"]
    assert baked["input"]["configuration"]["EnvironmentVariables"] == environment
    assert "v1 of" in baked["input"]["resolvedConfiguration"]["EnvironmentVariables"]
    state = pipelines.action("Build", "bake")
    assert (state["status"], state["externalExecutionId"]) == ("Succeeded", first["id"])
    assert state["logStreamARN"].startswith("arn:aws:logs:")
    events = [(e.detail_type.split()[1], e.detail.get("stage"), e.detail["state"]) for e in told]
    assert events[:3] == [
        ("Pipeline", None, "STARTED"),
        ("Stage", "Source", "STARTED"),
        ("Action", "Source", "STARTED"),
    ]
    assert events[-2:] == [("Stage", "Test", "SUCCEEDED"), ("Pipeline", None, "SUCCEEDED")]
    assert told[-1].detail["pipeline"] == "web" and told[-1].resources[0].endswith(":web")


def test_actions_of_the_same_order_run_together_and_the_next_after_all_of_them(pipelines: Pipelines) -> None:
    pipelines.builds.held = {"one", "two"}
    execution = pipelines.create(stage("Build", build("last", runOrder=2), build("one"), build("two")))
    until(lambda: sorted(pipelines.builds.projects()) == ["one", "two"])
    one, two = pipelines.builds.asked
    pipelines.builds.end(one["id"])
    until(lambda: pipelines.action("Build", one["projectName"])["status"] == "Succeeded")
    assert "last" not in pipelines.builds.projects()
    pipelines.builds.end(two["id"])
    pipelines.becomes(execution, "Succeeded")
    assert pipelines.builds.projects()[-1] == "last"


def test_a_build_that_fails_stops_the_pipeline_and_its_stage_can_be_retried(
    pipelines: Pipelines, told: list[bus.Event], refused: Any
) -> None:
    pipelines.builds.fails = {"bad"}
    execution = pipelines.create(stage("Build", build("good"), build("bad")), stage("After", build("after")))
    pipelines.becomes(execution, "Failed")
    state = pipelines.action("Build", "bad")
    assert state["errorDetails"] == {
        "code": "JobFailed",
        "message": "Build terminated with state: FAILED. Phase: BUILD, Code: COMMAND_EXECUTION_ERROR, "
        "Message: exit status 1",
    }
    failed = next(e.detail for e in told if e.detail_type.split()[1] == "Action" and e.detail["state"] == "FAILED")
    assert failed["execution-result"]["error-code"] == "JobFailed"
    assert "exit status 1" in failed["execution-result"]["external-execution-summary"]
    assert pipelines.stage("After").get("latestExecution") is None
    asked = {"pipelineName": "web", "pipelineExecutionId": execution}
    with refused("StageNotRetryableException"):
        pipelines.client.retry_stage_execution(**asked, stageName="Source", retryMode="FAILED_ACTIONS")
    pipelines.builds.fails = set()
    pipelines.client.retry_stage_execution(**asked, stageName="Build", retryMode="FAILED_ACTIONS")
    pipelines.becomes(execution, "Succeeded")
    assert pipelines.builds.projects().count("good") == 1
    assert pipelines.builds.projects().count("bad") == 2
    assert [e.detail["state"] for e in told if "Pipeline Execution" in e.detail_type] == [
        "STARTED",
        "FAILED",
        "RESUMED",
        "SUCCEEDED",
    ]
    assert pipelines.stage("Build")["retryStageMetadata"]["latestRetryTrigger"] == "ManualStageRetry"
    # A newer execution in the stage: the older one is past retrying.
    pipelines.builds.fails = {"bad"}
    older, newer = pipelines.start(), None
    pipelines.becomes(older, "Failed")
    newer = pipelines.start()
    pipelines.becomes(newer, "Failed")
    with refused("NotLatestPipelineExecutionException"):
        pipelines.client.retry_stage_execution(
            pipelineName="web", pipelineExecutionId=older, stageName="Build", retryMode="ALL_ACTIONS"
        )
    pipelines.builds.fails = set()
    pipelines.client.retry_stage_execution(
        pipelineName="web", pipelineExecutionId=newer, stageName="Build", retryMode="ALL_ACTIONS"
    )
    pipelines.becomes(newer, "Succeeded")
    assert pipelines.builds.projects().count("good") == 4


def test_an_approval_waits_for_its_token(pipelines: Pipelines, refused: Any) -> None:
    execution = pipelines.create(stage("Approve", approval(ExternalEntityLink="https://example.com/diff")))
    token = pipelines.token()
    assert pipelines.action("Approve", "Approve")["externalExecutionUrl"] == "https://example.com/diff"
    with refused("InvalidApprovalTokenException"):
        pipelines.answer("Approved", "0" * 8 + "-0000-0000-0000-" + "0" * 12)
    with refused("ActionNotFoundException"):
        pipelines.client.put_approval_result(
            pipelineName="web",
            stageName="Approve",
            actionName="Other",
            result={"summary": "", "status": "Approved"},
            token=token,
        )
    pipelines.answer("Approved", token, "looks good")
    pipelines.becomes(execution, "Succeeded")
    done = pipelines.action("Approve", "Approve")
    assert (done["summary"], done["lastUpdatedBy"].endswith("user/golden-local")) == ("looks good", True)
    with refused("ApprovalAlreadyCompletedException"):
        pipelines.answer("Approved", token)
    execution = pipelines.start()
    until(lambda: pipelines.in_stage("Approve", execution))
    pipelines.answer("Rejected", summary="no")
    pipelines.becomes(execution, "Failed")
    assert pipelines.action("Approve", "Approve")["status"] == "Failed"


def test_a_topic_is_told_of_an_approval(pipelines: Pipelines) -> None:
    sns, sqs = pipelines.cloud.client("sns"), pipelines.cloud.client("sqs")
    topic = sns.create_topic(Name="approvals")["TopicArn"]
    url = sqs.create_queue(QueueName="approvals")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:approvals")
    asked = approval(NotificationArn=topic, CustomData="commit #{Source.VersionId}", ExternalEntityLink="https://x.org")
    execution = pipelines.create(stage("Approve", asked))
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    told = json.loads(message["Body"])
    assert told["Subject"] == "APPROVAL NEEDED: AWS CodePipeline web for action Approve"
    body = json.loads(told["Message"])
    about = body["approval"]
    assert (body["region"], about["pipelineName"], about["stageName"]) == ("us-east-1", "web", "Approve")
    assert (about["customData"], about["externalEntityLink"]) == ("commit v1", "https://x.org")
    assert about["approvalReviewLink"].endswith(f"/approve/{about['token']}")
    pipelines.answer("Approved", about["token"])
    pipelines.becomes(execution, "Succeeded")
    # Nobody could have heard of it: that is no approval to wait for.
    sns.delete_topic(TopicArn=topic)
    execution = pipelines.start()
    pipelines.becomes(execution, "Failed")
    assert "Publish" in pipelines.action("Approve", "Approve")["errorDetails"]["message"]


def test_an_action_works_as_its_own_role_in_its_own_region(pipelines: Pipelines) -> None:
    own = role(pipelines.cloud, "builder")
    stores = {name: {"type": "S3", "location": f"store-{name}"} for name in ("us-east-1", "eu-west-1")}
    made = build("bake") | {"region": "eu-west-1", "roleArn": own}
    execution = pipelines.create(stage("Build", made), artifactStore=None, artifactStores=stores)
    pipelines.becomes(execution, "Succeeded", "Failed")
    taken = pipelines.builds.asked[0]["sourceLocationOverride"]
    assert taken.startswith("store-eu-west-1/web/SourceOutp/")
    assert pipelines.bucket.objects[f"/{taken}"] == pipelines.bucket.objects["/source/app.zip"]
    (call,) = [c for c in pipelines.cloud.calls() if c["operation"] == "StartBuild"]
    assert (call["region"], call["principal"].split("/")[1]) == ("eu-west-1", "builder")
    (asked,) = [c for c in pipelines.cloud.calls() if c["operation"] == "AssumeRole"]
    assert asked["principal"].split("/")[1] == "pipeline"


def test_an_approval_expires(pipelines: Pipelines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "MINUTE", 0.05)
    execution = pipelines.create(stage("Approve", approval() | {"timeoutInMinutes": 8}))
    pipelines.becomes(execution, "Failed")
    assert "in its time" in pipelines.action("Approve", "Approve")["errorDetails"]["message"]


def test_stopping_waits_for_actions_or_abandons_them(pipelines: Pipelines, refused: Any) -> None:
    pipelines.builds.held = {"bake"}
    execution = pipelines.create(stage("Build", build("bake")), stage("After", build("after")))
    asked = {"pipelineName": "web", "pipelineExecutionId": execution}
    until(lambda: pipelines.builds.asked)
    pipelines.client.stop_pipeline_execution(**asked, reason="enough")
    assert pipelines.status(execution) == "Stopping"
    assert pipelines.stage("Build")["latestExecution"]["status"] == "Stopping"
    with refused("DuplicatedStopRequestException"):
        pipelines.client.stop_pipeline_execution(**asked)
    pipelines.builds.end()
    pipelines.becomes(execution, "Stopped")
    assert pipelines.executions()[0]["stopTrigger"] == {"reason": "enough"}
    assert "after" not in pipelines.builds.projects()
    with refused("PipelineExecutionNotStoppableException"):
        pipelines.client.stop_pipeline_execution(**asked)
    second = pipelines.start()
    until(lambda: len(pipelines.builds.asked) == 2)
    pipelines.client.stop_pipeline_execution(pipelineName="web", pipelineExecutionId=second, abandon=True)
    pipelines.becomes(second, "Stopped")
    assert pipelines.action("Build", "bake")["status"] == "Abandoned"
    # Its end changes nothing any more.
    pipelines.builds.end()
    pipelines.cloud.settle()
    assert pipelines.action("Build", "bake")["status"] == "Abandoned"


def test_what_was_under_way_goes_on_after_a_restart(pipelines: Pipelines) -> None:
    pipelines.builds.held = {"bake"}
    execution = pipelines.create(stage("Build", build("bake")), stage("Approve", approval()))
    until(lambda: pipelines.action("Build", "bake").get("externalExecutionId"))
    pipelines.cloud.restart()
    assert pipelines.status(execution) == "InProgress"
    pipelines.builds.end()
    token = pipelines.token()
    assert pipelines.builds.projects() == ["bake"]
    pipelines.cloud.restart()
    assert pipelines.token() == token
    pipelines.answer("Approved", token)
    pipelines.becomes(execution, "Succeeded")


def test_an_object_is_deployed(pipelines: Pipelines) -> None:
    deployed = action(
        "Publish",
        "Deploy",
        "S3",
        {"BucketName": "site", "Extract": "true", "ObjectKey": "#{Source.VersionId}"},
        inputArtifacts=[{"name": "SourceOutput"}],
    )
    execution = pipelines.create(stage("Deploy", deployed))
    pipelines.becomes(execution, "Succeeded", "Failed")
    assert pipelines.bucket.objects["/site/v1/index.html"] == b"hello"


def test_what_a_source_and_a_build_need_and_do_not_have(pipelines: Pipelines) -> None:
    data = pipelines.bucket.objects.pop("/source/app.zip")
    execution = pipelines.create(stage("Build", build("bake")))
    pipelines.becomes(execution, "Failed")
    assert "NoSuchKey" in pipelines.action("Source", "Get")["errorDetails"]["message"]
    pipelines.bucket.objects["/source/app.zip"] = data
    pipelines.builds.refusal = ("AccessDeniedException", "not authorized to perform: codebuild:StartBuild")
    pipelines.becomes(pipelines.start(), "Failed")
    error = pipelines.action("Build", "bake")["errorDetails"]
    assert error["code"] == "PermissionError"
    assert pipelines.role in error["message"] and "codebuild:StartBuild" in error["message"]
    pipelines.builds.refusal = None
    pipelines.cloud.client("iam").delete_role(RoleName="pipeline")
    pipelines.becomes(pipelines.start(), "Failed")
    assert pipelines.action("Source", "Get")["errorDetails"]["code"] == "PermissionError"


def test_a_source_behind_a_connection_says_why_it_fails(pipelines: Pipelines) -> None:
    configuration = {"ConnectionArn": "arn:aws:codeconnections:us-east-1:1:connection/1"}
    configuration |= {"FullRepositoryId": "me/images", "BranchName": "main"}
    connected = action(
        "Get",
        "Source",
        "CodeStarSourceConnection",
        configuration,
        outputArtifacts=[{"name": "SourceOutput"}],
    )
    stages = [stage("Source", connected), stage("Build", build("bake"))]
    execution = pipelines.create(stages=stages)
    pipelines.becomes(execution, "Failed")
    assert "no connections" in pipelines.action("Source", "Get")["errorDetails"]["message"]
