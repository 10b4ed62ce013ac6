# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A CodePipeline in memory, for the unit tests of modules: pipelines with their tags, and executions that a test writes down.

It has what makes AWS's answers differ from what it was given: the mask of a secret, a version, the trigger that a
connection's source gets by itself. What a call is given is validated by botocore's model; an operation that it does not have
fails the test.
"""

from __future__ import annotations

import collections.abc as c
import copy
import datetime
import typing as t

import botocore.client
import botocore.validate
import pytest
from harness.aws_world import error

ACCOUNT, REGION = "111111111111", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/pipeline"
START = datetime.datetime(2026, 11, 21, 9, 30, tzinfo=datetime.UTC)
Resource = dict[str, t.Any]


def identifier(number: int) -> str:
    """An execution's id."""
    return f"00000000-0000-4000-8000-{number:012d}"


def at(seconds: float) -> datetime.datetime:
    return START + datetime.timedelta(seconds=seconds)


class World:
    """C(answers) are those to operations, or functions of the request; C(deny) has codes, or lists of codes for one call each."""

    def __init__(self) -> None:
        self.pipelines: dict[str, Resource] = {}
        self.tags: dict[str, dict[str, str]] = {}
        # Newest first, as AWS lists them.
        self.executions: list[Resource] = []
        self.actions: list[Resource] = []
        self.stages: list[Resource] = []
        self.answers: dict[str, t.Any] = {}
        self.deny: dict[str, str | list[str]] = {}
        self.messages: dict[str, str] = {}
        self.calls: list[tuple[str, Resource]] = []

    def operations(self) -> list[str]:
        return [operation for operation, _request in self.calls]

    def writes(self) -> list[str]:
        return [one for one in self.operations() if not one.startswith(("Get", "List", "BatchGet"))]

    def request(self, operation: str) -> Resource:
        """What the last call of it was given."""
        return next(request for name, request in reversed(self.calls) if name == operation)

    def __call__(self, client: t.Any, operation: str, request: Resource) -> t.Any:
        shape = client.meta.service_model.operation_model(operation).input_shape
        report = botocore.validate.ParamValidator().validate(request, shape)
        if report.has_errors():
            raise AssertionError(f"{operation}: {report.generate_report()}")
        self.calls.append((operation, request))
        self._refuse(operation)
        if operation in self.answers:
            answer = self.answers[operation]
            return answer(request) if callable(answer) else answer
        method = getattr(self, f"_{operation}", None)
        if method is None:
            raise AssertionError(f"unexpected call: {operation} {request}")
        return method(request)

    def _refuse(self, operation: str) -> None:
        code = self.deny.get(operation)
        if isinstance(code, list):
            code = code.pop(0) if code else None
        if code:
            refusal = error(code, operation)
            refusal.args = (self.messages.get(code, str(refusal)),)
            raise refusal

    @staticmethod
    def _arn(name: str) -> str:
        return f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:{name}"

    def _kept(self, name: str, operation: str) -> Resource:
        if name not in self.pipelines:
            raise error("PipelineNotFoundException", operation)
        return self.pipelines[name]

    def _GetPipeline(self, request: Resource) -> Resource:
        shown = copy.deepcopy(self._kept(request["name"], "GetPipeline"))
        for stage in shown["stages"]:
            for action in stage["actions"]:
                configuration = action.get("configuration", {})
                configuration.update({key: "****" for key in configuration if key in ("OAuthToken", "Secret")})
        return {"pipeline": shown, "metadata": {"pipelineArn": self._arn(request["name"])}}

    def _keep(self, declaration: Resource, version: int) -> Resource:
        kept = {**copy.deepcopy(declaration), "version": version}
        connections = [
            action
            for action in kept["stages"][0]["actions"]
            if action["actionTypeId"]["provider"] == "CodeStarSourceConnection"
            and action["configuration"].get("DetectChanges", "true") == "true"
        ]
        if kept.get("pipelineType") == "V2" and connections and not kept.get("triggers"):
            (source,) = connections
            push = [{"branches": {"includes": [source["configuration"]["BranchName"]]}}]
            git = {"sourceActionName": source["name"], "push": push}
            kept["triggers"] = [{"providerType": "CodeStarSourceConnection", "gitConfiguration": git}]
        self.pipelines[kept["name"]] = kept
        return kept

    def _CreatePipeline(self, request: Resource) -> Resource:
        name = request["pipeline"]["name"]
        self.tags[self._arn(name)] = {tag["key"]: tag["value"] for tag in request.get("tags", [])}
        return {"pipeline": self._keep(request["pipeline"], 1)}

    def _UpdatePipeline(self, request: Resource) -> Resource:
        version = self._kept(request["pipeline"]["name"], "UpdatePipeline")["version"]
        return {"pipeline": self._keep(request["pipeline"], version + 1)}

    def _DeletePipeline(self, request: Resource) -> Resource:
        self.pipelines.pop(request["name"], None)
        self.tags.pop(self._arn(request["name"]), None)
        return {}

    def _ListPipelines(self, _request: Resource) -> Resource:
        found = [
            {"name": name, **{key: one[key] for key in ("version", "pipelineType", "executionMode")}, "created": START}
            for name, one in self.pipelines.items()
        ]
        return {"pipelines": [{**one, "updated": START} for one in found]}

    def _ListTagsForResource(self, request: Resource) -> Resource:
        return {"tags": [{"key": key, "value": value} for key, value in self.tags[request["resourceArn"]].items()]}

    def _TagResource(self, request: Resource) -> Resource:
        self.tags[request["resourceArn"]].update({tag["key"]: tag["value"] for tag in request["tags"]})
        return {}

    def _UntagResource(self, request: Resource) -> Resource:
        for key in request["tagKeys"]:
            self.tags[request["resourceArn"]].pop(key, None)
        return {}

    def execution(self, number: int, status: str = "InProgress", **more: t.Any) -> Resource:
        """The newest one from now on."""
        made = {
            "pipelineExecutionId": identifier(number),
            "status": status,
            "startTime": at(number),
            "lastUpdateTime": at(number + 60),
            "executionMode": "SUPERSEDED",
            "executionType": "STANDARD",
            "trigger": {"triggerType": "StartPipelineExecution", "triggerDetail": "arn:aws:iam::111111111111:user/me"},
            **more,
        }
        self.executions.insert(0, made)
        return made

    def action(self, number: int, stage: str, name: str, status: str = "InProgress", **more: t.Any) -> Resource:
        """What an action did in an execution, the newest one from now on. C(category), C(provider) and fields of AWS's."""
        kind = {"category": more.pop("category", "Build"), "provider": more.pop("provider", "CodeBuild")}
        made = {
            "pipelineExecutionId": identifier(number),
            "actionExecutionId": f"action-{len(self.actions)}",
            "pipelineVersion": 1,
            "stageName": stage,
            "actionName": name,
            "startTime": at(len(self.actions)),
            "lastUpdateTime": at(len(self.actions) + 45),
            "status": status,
            "input": {"actionTypeId": {**kind, "owner": "AWS", "version": "1"}, "region": REGION},
            "output": {"executionResult": more.pop("result", {}), "outputVariables": more.pop("variables", {})},
            **more,
        }
        self.actions.insert(0, made)
        return made

    def stage(
        self, name: str, execution: int, status: str = "InProgress", *actions: Resource, **more: t.Any
    ) -> Resource:
        """A stage's state; C(actions) are AWS's, with names."""
        made = {
            "stageName": name,
            "inboundTransitionState": {"enabled": True},
            "actionStates": list(actions),
            "latestExecution": {"pipelineExecutionId": identifier(execution), "status": status, **more},
        }
        self.stages.append(made)
        return made

    def _GetPipelineExecution(self, request: Resource) -> Resource:
        for one in self.executions:
            if one["pipelineExecutionId"] == request["pipelineExecutionId"]:
                hidden = ("startTime", "lastUpdateTime", "sourceRevisions", "stopTrigger")
                shown = {key: value for key, value in one.items() if key not in hidden}
                return {"pipelineExecution": {**shown, "pipelineName": request["pipelineName"], "pipelineVersion": 1}}
        raise error("PipelineExecutionNotFoundException", "GetPipelineExecution")

    def _ListPipelineExecutions(self, request: Resource) -> Resource:
        self._kept(request["pipelineName"], "ListPipelineExecutions")
        return {"pipelineExecutionSummaries": self.executions[: request.get("maxResults", 100)]}

    def _ListActionExecutions(self, request: Resource) -> Resource:
        wanted = request.get("filter", {}).get("pipelineExecutionId")
        return {"actionExecutionDetails": [one for one in self.actions if wanted in (None, one["pipelineExecutionId"])]}

    def _GetPipelineState(self, request: Resource) -> Resource:
        kept = self._kept(request["name"], "GetPipelineState")
        return {"pipelineName": request["name"], "pipelineVersion": kept["version"], "stageStates": self.stages}


def install(monkeypatch: pytest.MonkeyPatch) -> World:
    """An empty world in place of AWS."""
    made = World()
    # A function, so that it is bound to the client.
    # pylint: disable-next=unnecessary-lambda
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", lambda *given: made(*given))
    return made


def options(*stages: Resource, **more: t.Any) -> Resource:
    """Those of a pipeline C(web) that is right: a source, a build, and what a test adds."""
    return {
        "name": "web",
        "role_arn": ROLE,
        "artifact_store": {"location": "web-artifacts"},
        "stages": [
            {
                "name": "Source",
                "actions": [
                    {
                        "name": "repository",
                        "category": "Source",
                        "provider": "CodeCommit",
                        "namespace": "Source",
                        "configuration": {"RepositoryName": "images", "BranchName": "main"},
                        "output_artifacts": ["source"],
                    }
                ],
            },
            {
                "name": "Build",
                "actions": [
                    {
                        "name": "packer",
                        "category": "Build",
                        "provider": "CodeBuild",
                        "namespace": "Build",
                        "configuration": {"ProjectName": "web"},
                        "input_artifacts": ["source"],
                        "output_artifacts": ["built"],
                    }
                ],
            },
            *stages,
        ],
        **more,
    }


def changed(given: Resource, change: c.Callable[[Resource], object]) -> Resource:
    """The same options with a change."""
    made = copy.deepcopy(given)
    change(made)
    return made
