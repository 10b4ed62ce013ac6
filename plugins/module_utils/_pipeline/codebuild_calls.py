# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Calls of CodeBuild, of the log of a build, and of IAM for a role's ARN."""

from __future__ import annotations

import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code

from .._ami.calls import AmiError, Client, Resource, _call
from .new_roles import once_the_role_is_known

# CodeBuild tries both of a role.
_NOT_YET = ("is not authorized to perform: sts:AssumeRole", "Not authorized to perform DescribeSecurityGroups")


class CodeBuildError(AmiError):
    """What is asked for can't be, or CodeBuild refused it."""


@_call("read the CodeBuild project {name}")
def read_project(codebuild: Client, name: str) -> Resource | None:
    """None when there is none of that name."""
    projects: list[Resource] = codebuild.batch_get_projects(names=[name])["projects"]
    return projects[0] if projects else None


def _once_the_role_is_known(call: t.Callable[[], Resource]) -> Resource:
    return once_the_role_is_known(call, "InvalidInputException", *_NOT_YET)


@_call("create the CodeBuild project {name}")
def create_project(codebuild: Client, name: str, request: Resource) -> Resource | None:
    """What CodeBuild says of it then; None when there is one of that name by now: botocore repeats a call whose answer got lost."""
    try:
        answer = _once_the_role_is_known(lambda: codebuild.create_project(name=name, **request))
    except is_boto3_error_code("ResourceAlreadyExistsException"):
        return None
    project: Resource = answer["project"]
    return project


@_call("update the CodeBuild project {name}")
def update_project(codebuild: Client, name: str, request: Resource) -> Resource:
    project: Resource = _once_the_role_is_known(lambda: codebuild.update_project(name=name, **request))["project"]
    return project


@_call("delete the CodeBuild project {name}")
def delete_project(codebuild: Client, name: str) -> None:
    """One that is gone is no error to CodeBuild."""
    codebuild.delete_project(name=name)


@_call("read the IAM role {name}")
def read_role_arn(iam: Client, name: str) -> str | None:
    try:
        arn: str = iam.get_role(RoleName=name)["Role"]["Arn"]
    except is_boto3_error_code("NoSuchEntity"):
        return None
    return arn


@_call("start a build of the CodeBuild project {project}")
def start_build(codebuild: Client, project: str, request: Resource) -> Resource:
    build: Resource = codebuild.start_build(projectName=project, **request)["build"]
    return build


@_call("retry the build {build_id}")
def retry_build(codebuild: Client, build_id: str, token: str) -> Resource:
    build: Resource = codebuild.retry_build(id=build_id, idempotencyToken=token)["build"]
    return build


@_call("stop the build {build_id}")
def stop_build(codebuild: Client, build_id: str) -> Resource:
    build: Resource = codebuild.stop_build(id=build_id)["build"]
    return build


@_call("read the build {build_id}")
def read_build(codebuild: Client, build_id: str) -> Resource | None:
    builds: list[Resource] = codebuild.batch_get_builds(ids=[build_id])["builds"]
    return builds[0] if builds else None


class Page(t.NamedTuple):
    """Lines of a log, and where the next ones begin."""

    lines: list[str]
    token: str | None


@_call("read the log {stream} in {group}")
def read_log(logs: Client, group: str, stream: str, token: str | None) -> Page:
    """What comes after the token, from the start without one. A log that is not there yet has no lines."""
    place = {"nextToken": token} if token else {}
    try:
        answer = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True, **place)
    except is_boto3_error_code("ResourceNotFoundException"):
        return Page([], token)
    return Page([event["message"] for event in answer["events"]], answer.get("nextForwardToken", token))
