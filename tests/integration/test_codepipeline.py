# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pipeline is made once, changed when its options are, and read as the same in whatever words another tool made it."""

from __future__ import annotations

import copy

import pytest
from harness.cloud import Cloud
from harness.four import Four
from harness.planted_pipelines import Pipelines

MODULE = "golden.ami.codepipeline"


@pytest.fixture
def pipelines(cloud: Cloud) -> Pipelines:
    return Pipelines(cloud)


def test_made_once_changed_once_and_deleted_once(four: Four, pipelines: Pipelines) -> None:
    options = pipelines.options(approval=True, tags={"team": "web"})
    made = four.module(MODULE, options)
    made.expect(changed=True, writes={"CreatePipeline": 1}, idle_reads=2)
    shown = pipelines.client.get_pipeline(name=pipelines.name)
    assert made.apply.result["pipeline"]["arn"] == shown["metadata"]["pipelineArn"]
    assert shown["pipeline"]["stages"][0]["actions"][0]["configuration"]["PollForSourceChanges"] == "false"
    options["execution_mode"] = "QUEUED"
    options["stages"][-1]["on_failure"] = {"result": "RETRY"}
    options["tags"] = {"stage": "test"}
    changed = four.module(MODULE, options)
    changed.expect(changed=True, writes={"UpdatePipeline": 1, "TagResource": 1, "UntagResource": 1}, idle_reads=2)
    assert changed.apply.result["changes"] == ["execution_mode", "stages[Deploy].on_failure", "tags"]
    assert changed.apply.result["pipeline"]["version"] == 2
    gone = four.module(MODULE, {"name": pipelines.name, "state": "absent"})
    gone.expect(changed=True, writes={"DeletePipeline": 1}, idle_reads=1)


def test_a_pipeline_of_type_v1(four: Four, pipelines: Pipelines) -> None:
    options = {**pipelines.options(), "pipeline_type": "V1", "variables": []}
    four.module(MODULE, options)
    again = four.module(MODULE, options)
    again.expect(changed=False, writes={}, idle_reads=2)


def test_what_another_tool_made_reads_as_unchanged(four: Four, pipelines: Pipelines) -> None:
    options = pipelines.options()
    four.module(MODULE, options)
    declaration = pipelines.client.get_pipeline(name=pipelines.name)["pipeline"]
    pipelines.client.delete_pipeline(name=pipelines.name)
    for stage in declaration["stages"]:
        for action in stage["actions"]:
            action["region"] = "us-east-1"
    store = declaration.pop("artifactStore")
    declaration["artifactStores"] = {"us-east-1": store}
    pipelines.client.create_pipeline(pipeline={**declaration, "variables": [{"name": "REASON", "description": ""}]})
    four.module(MODULE, options).expect(changed=False, writes={}, idle_reads=2)


def test_what_is_refused_before_the_first_call(four: Four, pipelines: Pipelines) -> None:
    options = pipelines.options()
    unknown = copy.deepcopy(options)
    unknown["stages"][1]["actions"][0]["configuration"]["ObjectKey"] = "#{Sauce.VersionId}"
    missing = copy.deepcopy(options)
    missing["stages"][1]["actions"][0]["input_artifacts"] = ["nothing"]
    trigger = {"source_action_name": "object", "push": [{"branches": {"includes": ["main"]}}]}
    four.refuses(
        MODULE,
        {
            "here are 1": {**options, "stages": options["stages"][:1]},
            "first stage has source actions only": {**options, "stages": options["stages"][::-1]},
            "no action before it has the namespace Sauce": unknown,
            "takes the artifact nothing, which no action makes": missing,
            "let an EventBridge rule start the pipeline": {**options, "triggers": [trigger]},
            "variables needs pipeline_type V2": {**options, "pipeline_type": "V1"},
            "may have 1 to 100": {**options, "name": "x" * 101},
        },
    )
