# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CodeBuild's operations, as the catalogue lists them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import timedelta

from moto.core.responses import ActionResult, BaseResponse, EmptyResult
from moto.ec2.models import ec2_backends

from golden_cloud.api import constraints, runtime, trust
from golden_cloud.api.codebuild import engine, order
from golden_cloud.api.codebuild import project as projects
from golden_cloud.api.codebuild.backend import (
    CloudCodeBuildBackend,
    Project,
    SourceCredentials,
    Token,
    codebuild_backends,
)
from golden_cloud.api.codebuild.build import Build, now
from golden_cloud.api.codebuild.project import Shape, invalid
from golden_cloud.api.codebuild.report_responses import ReportResponses
from golden_cloud.api.ec2.filters import page
from golden_cloud.api.errors import CloudError
from golden_cloud.api.inside import ROLE_ARN
from golden_cloud.api.service import CloudResponse

SERVICE = "codebuild.amazonaws.com"
PAGE = 100
TOKEN_LASTS = timedelta(minutes=5)
"""How long an idempotency token is remembered."""


class CloudCodeBuildResponse(CloudResponse, ReportResponses, BaseResponse):
    """Projects, builds and the credentials of git servers; reports are in a class of their own."""

    def __init__(self) -> None:
        super().__init__(service_name="codebuild")
        self.automated_parameter_parsing = True

    @property
    def _backend(self) -> CloudCodeBuildBackend:
        backend: CloudCodeBuildBackend = codebuild_backends[self.identity.account_id][self.region]
        return backend

    # --- projects -----------------------------------------------------------------------------------------

    def create_project(self) -> ActionResult:
        given = self._checked()
        if self._backend.project(given["name"]) is not None:
            raise CloudError("ResourceAlreadyExistsException", f"Project already exists: {self._named(given['name'])}")
        return self._put(given)

    def update_project(self) -> ActionResult:
        """What is given takes the place of what was; the rest stays."""
        given = self._checked()
        known = self._project(given["name"])
        merged = {**known.given, **given, "name": known.shape["name"]}
        return self._put(merged)

    def _put(self, given: Shape) -> ActionResult:
        shape = projects.normal(given, str(self._get_action()), self.identity.account_id, self.region)
        self._check_role(shape["serviceRole"])
        self._check_network(shape.get("vpcConfig") or {})
        return ActionResult({"project": self._backend.put_project(given, shape).describe()})

    def delete_project(self) -> EmptyResult:
        """One that is not there is no error; its builds stay to be read."""
        known = self._backend.project(self._get_param("name"))
        if known is not None:
            del self._backend.projects[known.shape["name"]]
        return EmptyResult()

    def batch_get_projects(self) -> ActionResult:
        found = {name: self._backend.project(name) for name in self._get_param("names")}
        return ActionResult(
            {
                "projects": [project.describe() for project in found.values() if project is not None],
                "projectsNotFound": [name for name, project in found.items() if project is None],
            }
        )

    def list_projects(self) -> ActionResult:
        key = self._get_param("sortBy", "NAME")
        by = {"CREATED_TIME": lambda p: p.created, "LAST_MODIFIED_TIME": lambda p: p.modified}
        projects = sorted(self._backend.projects.values(), key=by.get(key, lambda p: p.shape["name"]))
        names = [project.shape["name"] for project in projects]
        if self._get_param("sortOrder") == "DESCENDING":
            names.reverse()
        shown, token = page(names, PAGE, self._get_param("nextToken"))
        return ActionResult({"projects": shown, "nextToken": token})

    # --- builds -------------------------------------------------------------------------------------------

    def start_build(self) -> ActionResult:
        call = self._checked()
        project = self._project(call["projectName"])
        again = self._again(call)
        if again is not None:
            return again
        asked = order.build_of(project.shape, call)
        order.check_startable(asked)
        if call.get("serviceRoleOverride"):
            self._check_role(asked["serviceRole"])
        return self._start(project, asked, call)

    def retry_build(self) -> ActionResult:
        """The same once more, as the build that is named took it."""
        call = self._checked()
        known = self._build(call.get("id") or "")
        project = self._project(known.project)
        return self._again(call) or self._start(project, known.asked, call)

    def _start(self, project: Project, asked: Shape, call: Shape) -> ActionResult:
        backend, name = self._backend, project.shape["name"]
        limit = project.shape.get("concurrentBuildLimit")
        if limit is not None and len(backend.running(name)) >= limit:
            text = f"Cannot have more than {limit} builds in progress for the project {name}"
            raise CloudError("AccountLimitExceededException", text)
        number = backend.numbers[name] = backend.numbers.get(name, 0) + 1
        build = Build(self.identity.account_id, self.region, name, number, self._initiator(), asked)
        backend.builds[build.id] = build
        if call.get("idempotencyToken"):
            backend.tokens[call["idempotencyToken"]] = Token(_digest(call), build.id, now())
        engine.submit(build)
        return ActionResult({"build": build.describe()})

    def stop_build(self) -> ActionResult:
        build = self._build(self._get_param("id"))
        engine.stop(build)
        return ActionResult({"build": build.describe()})

    def batch_get_builds(self) -> ActionResult:
        found = {identifier: self._backend.build(identifier) for identifier in self._get_param("ids")}
        return ActionResult(
            {
                "builds": [build.describe() for build in found.values() if build is not None],
                "buildsNotFound": [identifier for identifier, build in found.items() if build is None],
            }
        )

    def batch_delete_builds(self) -> ActionResult:
        """A build that is under way is not deleted."""
        deleted, kept = [], []
        for identifier in self._get_param("ids"):
            build = self._backend.build(identifier)
            if build is None:
                kept.append({"id": identifier, "statusCode": "BUILD_NOT_FOUND"})
            elif build.ended is None:
                kept.append({"id": identifier, "statusCode": "BUILD_IN_PROGRESS"})
            else:
                del self._backend.builds[build.id]
                deleted.append(build.arn)
        return ActionResult({"buildsDeleted": deleted, "buildsNotDeleted": kept})

    def list_builds(self) -> ActionResult:
        return self._ids(self._backend.builds.values())

    def list_builds_for_project(self) -> ActionResult:
        name = self._project(self._get_param("projectName")).shape["name"]
        return self._ids(build for build in self._backend.builds.values() if build.project == name)

    def _ids(self, builds: Iterable[Build]) -> ActionResult:
        """The latest first, unless asked otherwise."""
        ids = [build.id for build in builds]
        if self._get_param("sortOrder", "DESCENDING") == "DESCENDING":
            ids.reverse()
        shown, token = page(ids, PAGE, self._get_param("nextToken"))
        return ActionResult({"ids": shown, "nextToken": token})

    # --- credentials of git servers -----------------------------------------------------------------------

    def import_source_credentials(self) -> ActionResult:
        given = self._checked()
        kept = self._backend.source_credentials
        server = given["serverType"]
        if server in kept and not given.get("shouldOverwrite", True):
            raise CloudError("ResourceAlreadyExistsException", f"There are credentials for {server} already")
        arn = f"arn:aws:codebuild:{self.region}:{self.identity.account_id}:token/{server.lower()}"
        linked = given["authType"] in ("CODECONNECTIONS", "SECRETS_MANAGER")
        kept[server] = SourceCredentials(arn, server, given["authType"], given["token"] if linked else None)
        return ActionResult({"arn": arn})

    def list_source_credentials(self) -> ActionResult:
        infos = [one.describe() for one in self._backend.source_credentials.values()]
        return ActionResult({"sourceCredentialsInfos": infos})

    def delete_source_credentials(self) -> ActionResult:
        arn = self._get_param("arn")
        kept = self._backend.source_credentials
        server = next((name for name, one in kept.items() if one.arn == arn), None)
        if server is None:
            raise CloudError("ResourceNotFoundException", f"{arn} does not exist")
        del kept[server]
        return ActionResult({"arn": arn})

    # --- what they share ----------------------------------------------------------------------------------

    def _checked(self) -> Shape:
        """The options, within the bounds of the service's model."""
        given = json.loads(self.body)
        # Of a tag's key the model says what it may be made of in a dialect that is not Python's.
        plain = {name: value for name, value in given.items() if name != "tags"}
        constraints.check("codebuild", str(self._get_action()), plain)
        return {name: value for name, value in given.items() if value is not None}

    def _named(self, name: str) -> str:
        return f"arn:aws:codebuild:{self.region}:{self.identity.account_id}:project/{name}"

    def _project(self, name: str) -> Project:
        known = self._backend.project(name)
        if known is None:
            raise CloudError("ResourceNotFoundException", f"Project cannot be found: {self._named(name)}")
        return known

    def _build(self, identifier: str) -> Build:
        known = self._backend.build(identifier)
        if known is None:
            raise CloudError("ResourceNotFoundException", f"Build cannot be found: {identifier}")
        return known

    def _check_role(self, role: str) -> None:
        match = ROLE_ARN.fullmatch(role)
        if match is None or match["account"] != self.identity.account_id:
            raise invalid("Invalid service role: Service role account ID does not match caller's account")
        if not trust.trusts(role, SERVICE):
            raise invalid(f"CodeBuild is not authorized to perform: sts:AssumeRole on {role}")

    def _check_network(self, vpc: Shape) -> None:
        """A VPC is told of and not joined, but it must be there."""
        if not vpc.get("vpcId"):
            return
        ec2 = ec2_backends[self.identity.account_id][self.region]
        if vpc["vpcId"] not in ec2.vpcs:
            raise invalid(f"Invalid vpc ID {vpc['vpcId']}")
        subnets = {subnet.id: subnet.vpc_id for zone in ec2.subnets.values() for subnet in zone.values()}
        for subnet in vpc.get("subnets") or []:
            if subnets.get(subnet) != vpc["vpcId"]:
                raise invalid(f"Invalid subnet ID {subnet}: it is not in {vpc['vpcId']}")
        for group in vpc.get("securityGroupIds") or []:
            known = ec2.get_security_group_from_id(group)
            if known is None or known.vpc_id != vpc["vpcId"]:
                raise invalid(f"Invalid security group ID {group}: it is not in {vpc['vpcId']}")

    def _again(self, call: Shape) -> ActionResult | None:
        """The build that this very call has started before."""
        known = self._backend.tokens.get(call.get("idempotencyToken") or "")
        if known is None or known.at + TOKEN_LASTS < now():
            return None
        if known.digest != _digest(call):
            raise invalid("The idempotency token was used with other parameters before")
        build = self._backend.builds.get(known.build_id)
        return ActionResult({"build": build.describe()}) if build is not None else None

    def _initiator(self) -> str:
        """Who has started a build: a user's name, or a role's and its session's."""
        return self.identity.arn.split("/", 1)[-1]


def _digest(call: Shape) -> str:
    return hashlib.sha256(json.dumps(call, sort_keys=True).encode()).hexdigest()


def recover() -> None:
    """After a restart: what was under way has failed, and its containers go."""
    from golden_cloud.api.codebuild import backend

    cloud = runtime.current()
    for key in backend.recover():
        cloud.jobs.submit(key, lambda key=key: cloud.builders.remove(key))  # type: ignore[misc]
