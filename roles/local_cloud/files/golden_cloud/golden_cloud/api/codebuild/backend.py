# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What CodeBuild has in one account and Region: projects, builds, reports, the credentials of git servers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend

from golden_cloud.api.codebuild import project as projects
from golden_cloud.api.codebuild.build import Build, now
from golden_cloud.api.codebuild.reports import Report, ReportGroup

CLOUD_ENDED = "The local cloud ended while the build was running."


@dataclass
class Project:
    """What was given of a project; what it is follows from that."""

    arn: str
    given: dict[str, Any]
    shape: dict[str, Any]
    created: datetime = field(default_factory=now)
    modified: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.modified = self.created

    def describe(self) -> dict[str, Any]:
        badge: dict[str, Any] = {"badgeEnabled": bool(self.given.get("badgeEnabled"))}
        if badge["badgeEnabled"]:
            region = self.arn.split(":")[3]
            badge["badgeRequestUrl"] = (
                f"https://codebuild.{region}.amazonaws.com/badges?uuid={self.shape['name']}&branch=main"
            )
        return self.shape | {
            "arn": self.arn,
            "created": self.created,
            "lastModified": self.modified,
            "badge": badge,
        }


@dataclass
class SourceCredentials:
    """That there are credentials for a git server; they are of no use here and not kept."""

    arn: str
    server: str
    auth: str
    resource: str | None

    def describe(self) -> dict[str, Any]:
        told = {"arn": self.arn, "serverType": self.server, "authType": self.auth}
        return told | ({"resource": self.resource} if self.resource else {})


@dataclass(frozen=True)
class Token:
    """A StartBuild or RetryBuild that may come again."""

    digest: str
    build_id: str
    at: datetime


class CloudCodeBuildBackend(BaseBackend):
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.projects: dict[str, Project] = {}
        self.builds: dict[str, Build] = {}
        """By id, in the order of their starts."""
        self.numbers: dict[str, int] = {}
        """The last build's number, by project; a project that is made again goes on counting."""
        self.report_groups: dict[str, ReportGroup] = {}
        self.reports: dict[str, Report] = {}
        self.source_credentials: dict[str, SourceCredentials] = {}
        self.tokens: dict[str, Token] = {}

    def project(self, name: str) -> Project | None:
        """By its name, or its ARN."""
        return self.projects.get(name.rsplit(":project/", 1)[-1])

    def build(self, identifier: str) -> Build | None:
        """By its id, or its ARN."""
        return self.builds.get(identifier.rsplit(":build/", 1)[-1])

    def running(self, project: str) -> list[Build]:
        return [build for build in self.builds.values() if build.project == project and build.ended is None]

    def put_project(self, given: dict[str, Any], shape: dict[str, Any]) -> Project:
        """A new project, or what has become of one."""
        name = shape["name"]
        known = self.projects.get(name)
        if known is None:
            known = Project(projects.arn_of(self.account_id, self.region_name, name), given, shape)
            self.projects[name] = known
        known.given, known.shape, known.modified = given, shape, now()
        return known

    def report_group(self, name: str) -> ReportGroup:
        """The group, made when it is not there: as a build may that names one of its own."""
        if name not in self.report_groups:
            export = {"exportConfigType": "NO_EXPORT"}
            self.report_groups[name] = ReportGroup(self.account_id, self.region_name, name, "TEST", export, [])
        return self.report_groups[name]


codebuild_backends: BackendDict[CloudCodeBuildBackend] = BackendDict(CloudCodeBuildBackend, "codebuild")


def recover() -> list[str]:
    """After a restart: builds that were under way have failed, as their containers can't be gone on with.

    Keys of the builds, whose containers are to be removed.
    """
    interrupted = []
    for _account, _region, backend in list(codebuild_backends.iter_backends()):
        for build in backend.builds.values():
            if build.ended is None:
                build.interrupt("FAILED", CLOUD_ENDED)
                interrupted.append(build.key)
    return interrupted
