# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a look at an execution tells besides what modules show of it: failures and what changed since the last look."""

from __future__ import annotations

from ansible_collections.golden.ami.plugins.module_utils._pipeline.codepipeline_execution_news import behind, news
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codepipeline_execution_result import stages_of
from harness.pipeline_world import World


def test_each_change_is_told_once() -> None:
    world = World()
    world.action(1, "Build", "packer")
    seen, lines = news({}, stages_of(world.actions))
    assert lines == ["Build / packer begins"]
    assert news(seen, stages_of(world.actions)) == (seen, [])
    world.actions[0].update(status="Failed", output={"executionResult": {"errorDetails": {"message": "no"}}})
    seen, lines = news(seen, stages_of(world.actions))
    assert lines == ["Build / packer Failed (0:45): no"]
    world.action(1, "Build", "packer")
    seen, lines = news(seen, stages_of(world.actions))
    assert lines == ["Build / packer begins"], "it is retried"
    world.action(1, "Approve", "look", category="Approval")
    assert news(seen, stages_of(world.actions))[1] == ["Approve / look waits for an approval"]


def test_what_waits_for_another_execution_says_so() -> None:
    states = [
        {"stageName": "Build", "latestExecution": {"pipelineExecutionId": "two", "status": "Succeeded"}},
        {
            "stageName": "Approve",
            "inboundExecutions": [{"pipelineExecutionId": "two", "status": "InProgress"}],
            "latestExecution": {"pipelineExecutionId": "one", "status": "InProgress"},
            "inboundTransitionState": {"enabled": True},
        },
    ]
    assert behind(states, "two") == "waits in front of Approve for the execution one, which is InProgress there"
    assert behind(states, "one") is None
    states[1]["inboundTransitionState"] = {"enabled": False, "disabledReason": "a freeze"}
    assert behind(states, "two") == "waits in front of Approve, which is disabled: a freeze"
