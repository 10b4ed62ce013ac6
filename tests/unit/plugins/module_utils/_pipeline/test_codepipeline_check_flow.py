# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Artifacts and variables are there before they are taken."""

from __future__ import annotations

import collections.abc as c
import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codepipeline_check_flow import flow_faults
from harness.pipeline_forms import action, changed_form, condition, given_action, stage

Change = c.Callable[[dict[str, t.Any]], object]


def uses(text: str, place: str = "Build") -> Change:
    return lambda one: action(one, place)["configuration"].update(Text=text)


def beside(order: int) -> Change:
    """Another action of the stage, which takes what packer makes."""
    more = given_action(
        "scan", input_artifacts=["built"], run_order=order, configuration={"ProjectName": "#{Build.AMI_ID}"}
    )
    return lambda one: stage(one, "Build")["actions"].append(more)


@pytest.mark.parametrize(
    "change",
    [
        uses("#{Source.CommitId} #{codepipeline.PipelineExecutionId} #{rule.window.Key}"),
        beside(2),
        lambda one: (
            one["variables"].append({"name": "SCRIPT", "default_value": None, "description": None}),
            uses('[{"value":"#{variables.SCRIPT}"}]')(one),
        ),
        # A stage's success is looked at when its actions are through.
        lambda one: stage(one, "Build").update(on_success=condition(configuration={"Variable": "#{Build.AMI_ID}"})),
    ],
)
def test_what_is_there(change: Change) -> None:
    assert flow_faults(changed_form(change)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (uses("#{variables.SCRIPT}"), "uses #{variables.SCRIPT}, and variables has none"),
        (uses("#{Sauce.CommitId}"), "no action before it has the namespace Sauce (those before it: Source)"),
        (uses("#{Build.AMI_ID}"), "no action before it has the namespace Build"),
        (uses("#{Build.AMI_ID}", "Source"), "no action before it has the namespace Build (those before it: none)"),
        (uses("#{codepipeline.Name}"), "AWS has PipelineExecutionId only"),
        (beside(1), "action scan takes the artifact built, which stage Build, action packer makes, not before it"),
        (lambda one: action(one, "Build").update(input_artifacts=["x"]), "takes the artifact x, which no action makes"),
        (
            lambda one: action(one, "Build").update(output_artifacts=[{"name": "source", "files": []}]),
            "makes the artifact source, which stage Source, action repository makes already",
        ),
        (
            lambda one: action(one, "Source").update(input_artifacts=["built"]),
            "a source action, which takes no artifacts",
        ),
        (lambda one: action(one, "Build").update(category="Approval"), "an approval, which has no artifacts"),
        (lambda one: action(one, "Build").update(namespace="variables"), "the namespace variables is AWS's own"),
        (lambda one: action(one, "Build").update(namespace="Source"), "has the namespace Source, which stage Source"),
        (
            lambda one: stage(one, "Build").update(
                before_entry=condition(configuration={"Variable": "#{Build.AMI_ID}"})
            ),
            "stage Build, before_entry, rule window uses #{Build.AMI_ID}",
        ),
    ],
)
def test_what_is_not(change: Change, said: str) -> None:
    assert said in "; ".join(flow_faults(changed_form(change)))
