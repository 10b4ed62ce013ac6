# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Calls to CodePipeline about pipelines, and which of its answers are worth another try."""

from __future__ import annotations

import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from .._ami.calling import Calling
from .new_roles import once_the_role_is_known

Client = t.Any
Resource = dict[str, t.Any]

# AWSRetry knows neither of the words in which CodePipeline, CodeBuild and CloudWatch Logs say "not so fast", nor that of two
# writes at once.
_THROTTLED = ["ThrottlingException", "TooManyRequestsException", "ConcurrentModificationException"]
_GONE = ["PipelineNotFoundException", "ResourceNotFoundException"]


class PipelineError(AnsibleAWSError):
    """A call about a pipeline failed, or what is asked for cannot be. C(result) is told besides."""

    def __init__(
        self,
        message: str | None = None,
        exception: Exception | None = None,
        result: Resource | None = None,
        **more: t.Any,
    ) -> None:
        super().__init__(message=message, exception=exception, **more)
        self.result = result or {}


_calling = Calling(PipelineError, gone=_GONE, throttled=_THROTTLED)
call = _calling.call
lookup = _calling.lookup
deletion = _calling.deletion


def has_code(error: AnsibleAWSError, *codes: str) -> bool:
    """Whether this is what AWS answered."""
    response = getattr(error.exception, "response", None) or {}
    return response.get("Error", {}).get("Code") in codes


def _once_the_role_is_known(write: t.Callable[[], Resource]) -> Resource:
    """CodePipeline assumes the role when it is given."""
    return once_the_role_is_known(write, "InvalidStructureException", "AssumeRole")


@lookup("read the pipeline {name}")
def get_pipeline(client: Client, name: str) -> Resource | None:
    """Its declaration as C(pipeline), with its C(metadata)."""
    found: Resource = client.get_pipeline(name=name)
    return found


@call("read the tags of {arn}")
def get_tags(client: Client, arn: str) -> dict[str, str]:
    pages = client.get_paginator("list_tags_for_resource").paginate(resourceArn=arn)
    return {tag["key"]: tag["value"] for page in pages for tag in page.get("tags", [])}


@call("create the pipeline {name}")
def create_pipeline(client: Client, name: str, declaration: Resource, tags: list[Resource]) -> Resource:
    request = {"pipeline": declaration, **({"tags": tags} if tags else {})}
    created: Resource = _once_the_role_is_known(lambda: client.create_pipeline(**request))["pipeline"]
    return created


@call("update the pipeline {name}")
def update_pipeline(client: Client, name: str, declaration: Resource) -> Resource:
    updated: Resource = _once_the_role_is_known(lambda: client.update_pipeline(pipeline=declaration))["pipeline"]
    return updated


@deletion("delete the pipeline {name}")
def delete_pipeline(client: Client, name: str) -> None:
    client.delete_pipeline(name=name)


@call("tag {arn}")
def tag(client: Client, arn: str, tags: list[Resource]) -> None:
    client.tag_resource(resourceArn=arn, tags=tags)


@call("untag {arn}")
def untag(client: Client, arn: str, keys: list[str]) -> None:
    client.untag_resource(resourceArn=arn, tagKeys=keys)


@call("list the pipelines")
def list_pipelines(client: Client) -> list[Resource]:
    pages = client.get_paginator("list_pipelines").paginate()
    return [one for page in pages for one in page.get("pipelines", [])]
