# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A CodeBuild in memory, for the unit tests of its modules: projects and builds, the log of a build, roles.

``install()`` puts it in place of AWS, as ``harness.aws_world`` does. What a call is given is validated by botocore's model.
"""

from __future__ import annotations

import collections.abc as c
import datetime
import typing as t

import botocore.client
import botocore.exceptions
import botocore.validate
import pytest

ACCOUNT, REGION = "111111111111", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/builders/codebuild-web"
ID = "web:0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
GROUP, STREAM = "/aws/codebuild/web", ID.partition(":")[2]
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
Resource = dict[str, t.Any]


def error(code: str, operation: str, message: str = "") -> botocore.exceptions.ClientError:
    told = {"Error": {"Code": code, "Message": message or f"{code}, says the test"}}
    return botocore.exceptions.ClientError(t.cast(t.Any, told), operation)


def stored(before: Resource, request: Resource) -> Resource:
    """What CodeBuild keeps: an update leaves alone what it does not mention, but for tags, and knows how things are cleared."""
    own = [tag for tag in before.get("tags", []) if tag["key"].startswith("aws:")]
    kept = {**before, **request, "tags": [*own, *request.get("tags", [])]}
    for name in ("vpcConfig", "buildBatchConfig", "sourceVersion", "description"):
        if kept.get(name) in ({}, ""):
            kept.pop(name)
    if kept.get("concurrentBuildLimit") == -1:
        kept.pop("concurrentBuildLimit")
    return kept


def told(project: Resource) -> Resource:
    """What CodeBuild says of a project: what it was given, and what it does without being told."""
    source = {"insecureSsl": False, **project["source"]}
    if source["type"] not in ("CODEPIPELINE", "NO_SOURCE", "S3"):
        source = {"gitCloneDepth": 0, "gitSubmodulesConfig": {"fetchSubmodules": False}, **source}
    artifacts = {"encryptionDisabled": False, **project["artifacts"]}
    if artifacts["type"] == "CODEPIPELINE":
        artifacts |= {"name": project["name"], "packaging": "NONE"}
    if artifacts["type"] == "S3":
        artifacts = {"name": project["name"], "packaging": "NONE", "namespaceType": "NONE", **artifacts}
    environment = {"privilegedMode": False, "imagePullCredentialsType": "CODEBUILD", **project["environment"]}
    variables = [{"type": "PLAINTEXT", **one} for one in environment.get("environmentVariables", [])]
    defaults = {
        "cache": {"type": "NO_CACHE"},
        "timeoutInMinutes": 60,
        "queuedTimeoutInMinutes": 480,
        "encryptionKey": f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/aws/s3",
    }
    return {
        **defaults,
        **{name: value for name, value in project.items() if name != "badgeEnabled"},
        "arn": f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/{project['name']}",
        "source": source,
        "artifacts": artifacts,
        "environment": {**environment, "environmentVariables": variables},
        "badge": {"badgeEnabled": project.get("badgeEnabled", False)},
        "created": START,
        "lastModified": START,
        "projectVisibility": "PRIVATE",
    }


def build(status: str = "IN_PROGRESS", *phases: Resource, **more: t.Any) -> Resource:
    """A build as BatchGetBuilds tells it."""
    complete = status != "IN_PROGRESS"
    return {
        "id": ID,
        "arn": f"arn:aws:codebuild:{REGION}:{ACCOUNT}:build/{ID}",
        "buildNumber": 7,
        "projectName": "web",
        "buildStatus": status,
        "buildComplete": complete,
        "currentPhase": "COMPLETED" if complete else "BUILD",
        "startTime": START,
        **({"endTime": START + datetime.timedelta(seconds=90)} if complete else {}),
        "phases": list(phases),
        "logs": {"groupName": GROUP, "streamName": STREAM, "deepLink": f"https://console/{STREAM}"},
        **more,
    }


def phase(name: str, status: str | None = "SUCCEEDED", message: str = "", seconds: int = 3) -> Resource:
    if status is None:
        return {"phaseType": name, "startTime": START}
    contexts = [{"statusCode": "", "message": message}]
    return {"phaseType": name, "phaseStatus": status, "durationInSeconds": seconds, "contexts": contexts}


class World:
    """C(projects) by name; C(builds): what BatchGetBuilds says one time after the other, the last of it for ever.

    C(pages): the log, what GetLogEvents gives one time after the other. C(deny): a code, or an exception, by operation;
    of a list one each time.
    """

    def __init__(self) -> None:
        self.projects: dict[str, Resource] = {}
        self.roles: dict[str, str] = {"codebuild-web": ROLE}
        self.builds: list[Resource] = []
        self.pages: list[list[str]] = []
        self.deny: dict[str, t.Any] = {}
        self.calls: list[tuple[str, Resource]] = []
        self.on_call: c.Callable[[str], None] = lambda _operation: None

    def operations(self) -> list[str]:
        return [operation for operation, _request in self.calls]

    def writes(self) -> list[str]:
        return [one for one in self.operations() if not one.startswith(("BatchGet", "Get"))]

    def requests(self, operation: str) -> list[Resource]:
        return [request for name, request in self.calls if name == operation]

    def __call__(self, client: t.Any, operation: str, request: Resource) -> t.Any:
        shape = client.meta.service_model.operation_model(operation).input_shape
        report = botocore.validate.ParamValidator().validate(request, shape)
        if report.has_errors():
            raise AssertionError(f"{operation}: {report.generate_report()}")
        self.calls.append((operation, request))
        self.on_call(operation)
        self._refuse(operation)
        return getattr(self, f"_{operation}")(request)

    def _refuse(self, operation: str) -> None:
        refusal = self.deny.get(operation)
        if isinstance(refusal, list):
            refusal = refusal.pop(0) if refusal else None
        if isinstance(refusal, str):
            raise error(refusal, operation)
        if refusal is not None:
            raise refusal

    def _BatchGetProjects(self, request: Resource) -> Resource:
        return {"projects": [told(self.projects[name]) for name in request["names"] if name in self.projects]}

    def _CreateProject(self, request: Resource) -> Resource:
        if request["name"] in self.projects:
            raise error("ResourceAlreadyExistsException", "CreateProject")
        self.projects[request["name"]] = stored({}, request)
        return {"project": told(self.projects[request["name"]])}

    def _UpdateProject(self, request: Resource) -> Resource:
        self.projects[request["name"]] = stored(self.projects[request["name"]], request)
        return {"project": told(self.projects[request["name"]])}

    def _DeleteProject(self, request: Resource) -> Resource:
        self.projects.pop(request["name"], None)
        return {}

    def _GetRole(self, request: Resource) -> Resource:
        if request["RoleName"] not in self.roles:
            raise error("NoSuchEntity", "GetRole")
        return {"Role": {"Arn": self.roles[request["RoleName"]]}}

    def _StartBuild(self, _request: Resource) -> Resource:
        return {"build": build(phases=[], currentPhase="QUEUED", logs={})}

    _RetryBuild = _StartBuild

    def _StopBuild(self, _request: Resource) -> Resource:
        self.builds = [build("STOPPED")]
        return {"build": self.builds[0]}

    def _BatchGetBuilds(self, request: Resource) -> Resource:
        if request["ids"] != [ID]:
            return {"builds": [], "buildsNotFound": request["ids"]}
        return {"builds": [self.builds.pop(0) if len(self.builds) > 1 else self.builds[0]]}

    def _GetLogEvents(self, request: Resource) -> Resource:
        at = int(request.get("nextToken", "0"))
        lines = self.pages[at] if at < len(self.pages) else []
        return {"events": [{"message": f"{line}\n"} for line in lines], "nextForwardToken": str(at + bool(lines))}


def install(monkeypatch: pytest.MonkeyPatch) -> World:
    """An empty world in place of AWS."""
    made = World()
    # A function, so that it is bound to the client.
    # pylint: disable-next=unnecessary-lambda
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", lambda *given: made(*given))
    return made
