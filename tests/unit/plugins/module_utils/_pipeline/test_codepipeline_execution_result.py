# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An execution out of AWS's answers."""

from __future__ import annotations

import datetime

from ansible_collections.golden.ami.plugins.module_utils._pipeline.codepipeline_execution_result import (
    failed_condition,
    failure_of,
    newer_than,
    stages_of,
    stamp,
)
from harness.pipeline_world import World, identifier


def test_of_an_action_that_was_retried_the_last_run_counts() -> None:
    world = World()
    world.action(1, "Source", "repository", "Succeeded")
    world.action(1, "Build", "packer", "Failed")
    world.action(1, "Build", "packer", "Succeeded")
    (source, build) = stages_of(world.actions)
    assert (source["name"], build["name"]) == ("Source", "Build")
    assert [one["status"] for one in build["actions"]] == ["Succeeded"]


def test_the_first_that_failed_is_told() -> None:
    world = World()
    world.action(1, "Build", "one", "Failed", result={"externalExecutionSummary": "said so"})
    world.action(1, "Build", "two", "Abandoned")
    failure = failure_of({"stages": stages_of(world.actions), "status_summary": None})
    assert failure is not None
    assert (failure["action"], failure["message"]) == ("one", "said so")
    assert failure_of({"stages": []}) is None


def test_a_condition_counts_for_the_execution_that_it_stopped() -> None:
    world = World()
    state = world.stage("Build", 1, "Failed")
    state["onSuccessConditionState"] = {"latestExecution": {"status": "Errored"}}
    failure = failed_condition(world.stages, identifier(1))
    assert failure is not None
    assert (failure["code"], failure["message"]) == ("on_success", "the condition on_success is Errored")
    assert failed_condition(world.stages, identifier(2)) is None


def test_the_execution_after_another() -> None:
    executions = [{"pipelineExecutionId": one} for one in "cba"]
    assert [newer_than(executions, one) for one in "abcd"] == ["b", "c", None, None]


def test_moments_are_utc() -> None:
    east = datetime.timezone(datetime.timedelta(hours=2))
    assert stamp(datetime.datetime(2026, 11, 21, 1, 30, tzinfo=east)) == "2026-11-20T23:30:00Z"
    assert stamp(None) is None
