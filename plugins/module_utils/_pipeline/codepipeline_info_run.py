# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What the module codepipeline_info does."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import fnmatch
import typing as t

from .._ami.cloud import Cloud
from . import codepipeline_execution_calls as execution_calls
from .codepipeline_approval import waiting
from .codepipeline_calls import Client, Resource, get_pipeline, get_tags, list_pipelines
from .codepipeline_comparison import normal_form
from .codepipeline_execution_result import stamp
from .codepipeline_form import from_aws
from .codepipeline_run import region_of
from .codepipeline_state import execution_line, stage_state

PARTS = ["declaration", "tags", "state", "executions", "approvals"]
ARGUMENT_SPEC: dict[str, t.Any] = {
    "names": {"type": "list", "elements": "str", "default": [], "aliases": ["name"]},
    "filters": {
        "type": "dict",
        "options": {
            "name": {"type": "str"},
            "pipeline_type": {"type": "str", "choices": ["V1", "V2"]},
            "execution_mode": {"type": "str", "choices": ["SUPERSEDED", "QUEUED", "PARALLEL"]},
            "tags": {"type": "dict", "default": {}},
        },
    },
    "include": {"type": "list", "elements": "str", "choices": PARTS, "default": PARTS},
    "executions": {"type": "int", "default": 5},
}


@dataclasses.dataclass(frozen=True)
class _Filters:
    name: str | None
    pipeline_type: str | None
    execution_mode: str | None
    tags: dict[str, str]

    def pass_words(self, given: c.Mapping[str, t.Any]) -> bool:
        """C(given) is AWS's summary or declaration of a pipeline."""
        pattern = self.name is None or fnmatch.fnmatchcase(given["name"], self.name)
        kind = self.pipeline_type in (None, given.get("pipelineType") or "V1")
        return pattern and kind and self.execution_mode in (None, given.get("executionMode") or "SUPERSEDED")

    def pass_tags(self, tags: c.Mapping[str, str]) -> bool:
        return all(tags.get(key) == value for key, value in self.tags.items())


def _filters(given: c.Mapping[str, t.Any]) -> _Filters:
    tags = {str(key): str(value) for key, value in (given.get("tags") or {}).items()}
    return _Filters(given.get("name"), given.get("pipeline_type"), given.get("execution_mode"), tags)


def _names(client: Client, given: list[str], filters: _Filters) -> list[str]:
    """Those that are named need no look at all there are."""
    return given or [one["name"] for one in list_pipelines(client) if filters.pass_words(one)]


@dataclasses.dataclass(frozen=True)
class _Asked:
    parts: frozenset[str]
    filters: _Filters
    executions: int
    region: str


def _pipeline(client: Client, name: str, asked: _Asked) -> Resource | None:
    answer = get_pipeline(client, name)
    if answer is None or not asked.filters.pass_words(answer["pipeline"]):
        return None
    metadata = answer["metadata"]
    told: Resource = {
        "name": name,
        "arn": metadata["pipelineArn"],
        "version": answer["pipeline"]["version"],
        "created": stamp(metadata.get("created")),
        "updated": stamp(metadata.get("updated")),
    }
    if "tags" in asked.parts or asked.filters.tags:
        tags = get_tags(client, metadata["pipelineArn"])
        if not asked.filters.pass_tags(tags):
            return None
        told["tags"] = tags
    if "declaration" in asked.parts:
        told["declaration"] = normal_form(from_aws(answer["pipeline"], asked.region))
    return {**told, **_life(client, name, asked)}


def _life(client: Client, name: str, asked: _Asked) -> Resource:
    """What happens in it."""
    told: Resource = {}
    if asked.parts & {"state", "approvals"}:
        states = execution_calls.get_state(client, name)
        if "state" in asked.parts:
            told["state"] = [stage_state(one) for one in states]
        if "approvals" in asked.parts:
            told["approvals"] = [one.told() for one in waiting(client, name, states)]
    if "executions" in asked.parts:
        found = execution_calls.list_executions(client, name, asked.executions) if asked.executions else []
        told["executions"] = [execution_line(one) for one in found]
    return told


def run(module: t.Any) -> Resource:
    params = module.params
    if not 0 <= params["executions"] <= 100:
        module.fail_json(msg=f"executions is {params['executions']}, and may be 0 to 100.")
    region = region_of(module)
    asked = _Asked(frozenset(params["include"]), _filters(params["filters"] or {}), params["executions"], region)
    client = Cloud(module.client, region).codepipeline()
    found = [_pipeline(client, name, asked) for name in _names(client, params["names"], asked.filters)]
    return {"changed": False, "pipelines": [one for one in found if one is not None]}
