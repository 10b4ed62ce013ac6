# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pipelines to test with, and a stand-in for CodeBuild whose builds end when the test says so."""

from __future__ import annotations

import io
import json
import time
import uuid
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from golden_cloud.api import app, caller, catalogue
from golden_cloud.api.errors import CloudError
from golden_cloud.api.service import CloudResponse
from moto.core.responses import ActionResult, BaseResponse

Shape = dict[str, Any]
BUCKET = "artifacts"


class Builds:
    """What CodeBuild was asked for, and what it answers."""

    def __init__(self) -> None:
        self.asked: list[Shape] = []
        self.builds: dict[str, Shape] = {}
        self.callers: list[str | None] = []
        self.revisions: list[str | None] = []
        self.held: set[str] = set()
        """Projects whose builds go on until ``end``."""
        self.fails: set[str] = set()
        self.exported: dict[str, str] = {}
        self.refusal: tuple[str, str] | None = None

    def start(self, options: Shape, headers: Any) -> Shape:
        known = next((a["id"] for a in self.asked if a["idempotencyToken"] == options["idempotencyToken"]), None)
        if known is not None:
            return self.builds[known]
        if self.refusal is not None:
            raise CloudError(*self.refusal)
        project = options["projectName"]
        build = {"id": f"{project}:{uuid.uuid4()}", "projectName": project, "buildStatus": "IN_PROGRESS"}
        self.builds[build["id"]] = build
        self.asked.append(options | {"id": build["id"]})
        self.callers.append(caller.of(headers))
        self.revisions.append(headers.get(caller.REVISION))
        if project not in self.held:
            self.end(build["id"])
        return build

    def end(self, build_id: str | None = None) -> None:
        """End a build, or all that go on."""
        for build in self.builds.values() if build_id is None else [self.builds[build_id]]:
            if build["buildStatus"] == "IN_PROGRESS":
                failed = build["projectName"] in self.fails
                context = {"statusCode": "COMMAND_EXECUTION_ERROR", "message": "exit status 1"}
                build["buildStatus"] = "FAILED" if failed else "SUCCEEDED"
                build["phases"] = [{"phaseType": "BUILD", "phaseStatus": build["buildStatus"], "contexts": [context]}]
                build["exportedEnvironmentVariables"] = [{"name": k, "value": v} for k, v in self.exported.items()]
                build["logs"] = {"cloudWatchLogsArn": f"arn:aws:logs:us-east-1:123456789012:log-group:{build['id']}"}

    def release(self) -> None:
        self.held.clear()
        self.end()

    def projects(self) -> list[str]:
        return [asked["projectName"] for asked in self.asked]


class FakeCodeBuild(CloudResponse, BaseResponse):
    known: Builds

    def __init__(self) -> None:
        super().__init__(service_name="codebuild")
        self.automated_parameter_parsing = True

    def start_build(self) -> ActionResult:
        return ActionResult({"build": self.known.start(self._given(), self.headers)})

    def batch_get_builds(self) -> ActionResult:
        return ActionResult(
            {"builds": [self.known.builds[i] for i in self._get_param("ids") if i in self.known.builds]}
        )


class Bucket:
    """A stand-in for S3: objects by path, in versions."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.asked: dict[str, Shape] = {}

    def answer(self, request: Any, _url: str, headers: Any) -> tuple[int, Shape, bytes]:
        if request.method == "PUT":
            self.objects[request.path] = request.get_data()
            self.asked[request.path] = {k.lower(): v for k, v in headers.items()}
            return 200, {"ETag": '"0123"'}, b""
        if request.path not in self.objects:
            return 404, {}, b"<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>"
        told = {"ETag": '"0123"', "x-amz-version-id": "v1", "Last-Modified": "Wed, 01 Jan 2025 00:00:00 GMT"}
        return 200, told, self.objects[request.path]


@pytest.fixture
def builds(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> Builds:
    known = Builds()
    monkeypatch.setattr(FakeCodeBuild, "known", known, raising=False)
    monkeypatch.setitem(app.SERVICES, "codebuild", FakeCodeBuild.dispatch)
    monkeypatch.setitem(catalogue.SERVICES, "codebuild", {"StartBuild": None, "BatchGetBuilds": None})
    return known


@pytest.fixture
def bucket(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    made = Bucket()
    monkeypatch.setitem(app.SERVICES, "s3", made.answer)
    monkeypatch.setitem(catalogue.SERVICES, "s3", {"PutObject": None, "GetObject": None})
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("index.html", "hello")
    made.objects["/source/app.zip"] = archive.getvalue()
    return made


def role(
    cloud: Any, name: str = "pipeline", services: Any = ("codepipeline.amazonaws.com", "events.amazonaws.com")
) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = cloud.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)
    return str(made["Role"]["Arn"])


def action(name: str, category: str, provider: str, configuration: Shape | None = None, **more: Any) -> Shape:
    type_id = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "actionTypeId": type_id, "configuration": configuration or {}} | more


def source(**more: Any) -> Shape:
    configuration = {"S3Bucket": "source", "S3ObjectKey": "app.zip", "PollForSourceChanges": "false"}
    made = action("Get", "Source", "S3", configuration, outputArtifacts=[{"name": "SourceOutput"}], namespace="Source")
    return made | more


def build(name: str, **more: Any) -> Shape:
    made = action(name, "Build", "CodeBuild", {"ProjectName": name}, inputArtifacts=[{"name": "SourceOutput"}])
    return made | more


def approval(**configuration: str) -> Shape:
    return action("Approve", "Approval", "Manual", configuration)


def stage(name: str, *actions: Shape, **more: Any) -> Shape:
    return {"name": name, "actions": list(actions)} | more


def declaration(role_arn: str, *stages: Shape, name: str = "web", **more: Any) -> Shape:
    made = {
        "name": name,
        "roleArn": role_arn,
        "artifactStore": {"type": "S3", "location": BUCKET},
        "stages": [stage("Source", source()), *stages],
        "pipelineType": "V2",
    }
    return {name: value for name, value in (made | more).items() if value is not None}


def until(true: Callable[[], Any], seconds: float = 60) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(0.02)
    pytest.fail("it never came true")
    return None


class Pipelines:
    """A client, and what tests ask it for again and again."""

    bucket: Bucket

    def __init__(self, cloud: Any, builds: Builds) -> None:
        self.cloud, self.builds = cloud, builds
        self.role = role(cloud)

    @property
    def client(self) -> Any:
        return self.cloud.client("codepipeline")

    def create(self, *stages: Shape, **more: Any) -> str:
        """The id of the execution that a new pipeline begins with."""
        self.client.create_pipeline(pipeline=declaration(self.role, *stages, **more))
        return self.executions()[0]["pipelineExecutionId"]

    def start(self, **more: Any) -> str:
        return str(self.client.start_pipeline_execution(name="web", **more)["pipelineExecutionId"])

    def executions(self) -> list[Shape]:
        found: list[Shape] = self.client.list_pipeline_executions(pipelineName="web")["pipelineExecutionSummaries"]
        return found

    def status(self, execution_id: str) -> str:
        asked = {"pipelineName": "web", "pipelineExecutionId": execution_id}
        return str(self.client.get_pipeline_execution(**asked)["pipelineExecution"]["status"])

    def becomes(self, execution_id: str, *states: str) -> str:
        return str(until(lambda: (s := self.status(execution_id)) in states and s))

    def stage(self, name: str) -> Shape:
        states = self.client.get_pipeline_state(name="web")["stageStates"]
        return next(dict(s) for s in states if s["stageName"] == name)

    def in_stage(self, name: str, execution_id: str) -> bool:
        latest = self.stage(name).get("latestExecution", {})
        return (latest.get("pipelineExecutionId"), latest.get("status")) == (execution_id, "InProgress")

    def action(self, stage_name: str, name: str) -> Shape:
        states = self.stage(stage_name)["actionStates"]
        return next(dict(s.get("latestExecution", {})) for s in states if s["actionName"] == name)

    def actions(self, execution_id: str) -> list[Shape]:
        """Oldest first."""
        asked = {"pipelineName": "web", "filter": {"pipelineExecutionId": execution_id}}
        found: list[Shape] = self.client.list_action_executions(**asked)["actionExecutionDetails"]
        return found[::-1]

    def token(self) -> str:
        return str(until(lambda: self.action("Approve", "Approve").get("token")))

    def answer(self, status: str, token: str | None = None, summary: str = "seen") -> Any:
        return self.client.put_approval_result(
            pipelineName="web",
            stageName="Approve",
            actionName="Approve",
            result={"summary": summary, "status": status},
            token=token or self.token(),
        )


@pytest.fixture
def pipelines(cloud: Any, builds: Builds, bucket: Bucket) -> Pipelines:
    made = Pipelines(cloud, builds)
    made.bucket = bucket
    return made
