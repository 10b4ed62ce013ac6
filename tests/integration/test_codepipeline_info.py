# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pipelines are read with what runs in them, and without what would let anybody answer for somebody else."""

from __future__ import annotations

import json

from harness.cloud import Cloud
from harness.four import Four
from harness.planted_pipelines import Pipelines


def test_a_pipeline_that_waits(four: Four, cloud: Cloud) -> None:
    pipelines = Pipelines(cloud)
    made = four.module("golden.ami.codepipeline", pipelines.options(approval=True, tags={"name": pipelines.name}))
    execution_id = pipelines.start()
    pipelines.until_it_waits()
    options = {"filters": {"name": f"{pipelines.name[:6]}*", "tags": {"name": pipelines.name}}}
    outcome = four.module("golden.ami.codepipeline_info", options)
    (found,) = outcome.apply.result["pipelines"]
    wanted = made.apply.result["pipeline"]
    assert {**found["declaration"], **{key: found[key] for key in ("tags", "arn", "version")}} == wanted
    assert [one["execution_id"] for one in found["approvals"]] == [execution_id]
    assert [one["status"] for one in found["executions"]] == ["InProgress"]
    assert [one["status"] for one in found["state"]] == ["Succeeded", "InProgress", None]
    token = pipelines.client.get_pipeline_state(name=pipelines.name)["stageStates"][1]["actionStates"][0]
    assert token["latestExecution"]["token"] not in json.dumps(outcome.apply.result)
    named = four.module("golden.ami.codepipeline_info", {"names": [pipelines.name], "include": ["executions"]})
    named.expect(changed=False, writes={}, idle_reads=2)
