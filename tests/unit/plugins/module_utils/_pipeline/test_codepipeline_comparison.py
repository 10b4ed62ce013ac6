# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether two pipelines are the same, and where they differ."""

from __future__ import annotations

import json

import pytest
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codepipeline_comparison import (
    differences,
    masked_like,
    normal_form,
    without_default_triggers,
)
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codepipeline_form import Form
from harness.pipeline_forms import action, changed_form, form

VARIABLES = [{"name": "A", "value": "é"}, {"name": "B", "value": "1"}]


def test_json_is_the_same_however_it_is_written() -> None:
    texts = [json.dumps(VARIABLES), json.dumps(VARIABLES, indent=2, sort_keys=True), json.dumps(VARIABLES[::-1])]
    one, same, other = (
        normal_form(changed_form(lambda one, text=text: action(one, "Build")["configuration"].update(Text=text)))  # type: ignore[misc]
        for text in texts
    )
    assert differences(one, same) == []
    assert differences(one, other) == ["stages[Build].actions[packer].configuration.Text"]


def test_what_only_looks_like_json_is_text() -> None:
    texts = ["[not json", "{a b}", "12", '"x"', "[" * 100_000]
    forms = [
        changed_form(lambda one, text=text: action(one, "Build")["configuration"].update(Text=text)) for text in texts
    ]  # type: ignore[misc]
    assert [action(normal_form(one), "Build")["configuration"]["Text"] for one in forms] == texts


def test_differences_are_named_by_where_they_are() -> None:
    wanted = changed_form(
        lambda one: (
            one.update(execution_mode="QUEUED"),
            action(one, "Source").update(namespace=None),
            action(one, "Build")["configuration"].update(ProjectName="other", More="1"),
        )
    )
    assert differences(normal_form(form()), normal_form(wanted)) == [
        "execution_mode",
        "stages[Source].actions[repository].namespace",
        "stages[Build].actions[packer].configuration.ProjectName",
        "stages[Build].actions[packer].configuration.More",
    ]
    fewer = changed_form(lambda one: one["stages"].pop())
    assert differences(form(), fewer) == ["stages"]


def test_a_masked_value_is_as_wanted_and_any_other_is_compared() -> None:
    def configured(**values: str) -> dict[str, object]:
        return changed_form(lambda one: action(one, "Build")["configuration"].update(values))

    current = configured(Secret="****", Open="1")
    same = masked_like(configured(Secret="mine", Open="1"), current)
    assert differences(normal_form(current), normal_form(same)) == []
    other = masked_like(configured(Secret="mine", Open="2"), current)
    assert differences(normal_form(current), normal_form(other)) == ["stages[Build].actions[packer].configuration.Open"]


def test_only_the_trigger_that_aws_adds_is_left_out() -> None:
    push = {"branches": {"includes": ["main"], "excludes": []}, "tags": None, "file_paths": None}
    default = {"source_action_name": "repository", "push": [push], "pull_request": []}
    other = {**default, "push": [{**push, "branches": {"includes": ["dev"], "excludes": []}}]}
    wanted = form()
    current = changed_form(
        lambda one: (
            one.update(triggers=[default, other]),
            action(one, "Source").update(provider="CodeStarSourceConnection"),
        )
    )
    assert without_default_triggers(current, wanted)["triggers"] == [other]
    assert without_default_triggers(current, {**wanted, "triggers": [default]}) == current


@pytest.mark.parametrize(("detects", "left"), [("true", 0), ("TRUE", 0), ("false", 1)])
def test_where_no_changes_are_to_be_detected_somebody_made_the_trigger(detects: str, left: int) -> None:
    push = {"branches": {"includes": ["main"], "excludes": []}, "tags": None, "file_paths": None}
    trigger = {"source_action_name": "repository", "push": [push], "pull_request": []}

    def connected(one: Form) -> None:
        one.update(triggers=[trigger])
        source = action(one, "Source")
        source.update(provider="CodeStarSourceConnection")
        source["configuration"].update(DetectChanges=detects)

    assert len(without_default_triggers(changed_form(connected), form())["triggers"]) == left
