# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What uses the rest, CodeBuild projects and the pipeline: read here, so that all that is somebody else's is refused at once."""

from __future__ import annotations

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code

from .._ami.calls import Client, _call
from .resources_plan import Thing


@_call("read the CodeBuild projects {names}")
def read_projects(codebuild: Client, names: list[str]) -> list[Thing]:
    found = codebuild.batch_get_projects(names=names)["projects"] if names else []
    return [
        Thing("project", one["name"], {}, {tag["key"]: tag["value"] for tag in one.get("tags", [])}) for one in found
    ]


@_call("read the pipeline {name}")
def read_pipeline(codepipeline: Client, name: str) -> list[Thing]:
    """It alone, or nothing."""
    try:
        arn = codepipeline.get_pipeline(name=name)["metadata"]["pipelineArn"]
    except is_boto3_error_code("PipelineNotFoundException"):
        return []
    tags = codepipeline.list_tags_for_resource(resourceArn=arn).get("tags", [])
    return [Thing("pipeline", name, {}, {tag["key"]: tag["value"] for tag in tags})]
