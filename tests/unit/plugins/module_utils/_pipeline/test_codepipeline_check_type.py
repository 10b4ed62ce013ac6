# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""V1 and V2, stages that fail, and git triggers."""

from __future__ import annotations

import collections.abc as c
import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codepipeline_check_type import type_faults
from harness.pipeline_forms import action, changed_form, condition, stage

Change = c.Callable[[dict[str, t.Any]], object]
BRANCHES = {"includes": ["main"], "excludes": []}
PUSH = {"branches": BRANCHES, "tags": None, "file_paths": None}


def trigger(name: str = "repository", push: list[dict[str, t.Any]] | None = None, provider: str = "") -> Change:
    def change(one: dict[str, t.Any]) -> None:
        one["triggers"].append({"source_action_name": name, "push": push or [PUSH], "pull_request": []})
        if provider:
            action(one, "Source")["provider"] = provider

    return change


def on_failure(place: str, **given: t.Any) -> Change:
    failure = {"result": None, "retry_configuration": None, "conditions": [], **given}
    return lambda one: stage(one, place).update(on_failure=failure)


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.update(pipeline_type="V1"),
        trigger(provider="CodeStarSourceConnection"),
        on_failure("Build", result="ROLLBACK"),
        on_failure("Source", result="RETRY", retry_configuration={"retry_mode": "ALL_ACTIONS"}),
        on_failure("Build", **condition("ROLLBACK")),
    ],
)
def test_what_aws_takes(change: Change) -> None:
    assert type_faults(changed_form(change)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda one: one.update(pipeline_type="V1", execution_mode="QUEUED"),
            "execution_mode QUEUED needs pipeline_type V2",
        ),
        (
            lambda one: (one.update(pipeline_type="V1"), stage(one, "Build").update(before_entry=condition())),
            "before_entry of stage Build needs pipeline_type V2",
        ),
        (on_failure("Source", result="ROLLBACK"), "the first stage cannot be rolled back"),
        (on_failure("Build"), "say a result or conditions"),
        (
            on_failure("Build", result="FAIL", retry_configuration={"retry_mode": "ALL_ACTIONS"}),
            "retry_configuration is for the result RETRY",
        ),
        (trigger("nobody"), "there is no such source action; there are repository"),
        (
            trigger(push=[{**PUSH, "tags": BRANCHES}], provider="CodeStarSourceConnection"),
            "a filter has either tags, or branches and file_paths",
        ),
        (trigger(push=[dict.fromkeys(PUSH)], provider="CodeStarSourceConnection"), "a filter is empty"),
        (trigger(push=[PUSH] * 4, provider="CodeStarSourceConnection"), "push has 4 filters, and may have 3"),
        (
            trigger(
                push=[{**PUSH, "branches": {"includes": ["x"] * 9, "excludes": []}}],
                provider="CodeStarSourceConnection",
            ),
            "branches.includes has 9 patterns, and may have 8",
        ),
        (lambda one: (trigger()(one), trigger()(one)), "two triggers are of the source repository"),
    ],
)
def test_what_is_refused(change: Change, said: str) -> None:
    assert said in "; ".join(type_faults(changed_form(change)))


def test_a_git_trigger_of_codecommit_gets_the_rule_to_use_instead() -> None:
    (said,) = type_faults(changed_form(trigger()))
    assert "works with a source of CodeConnections (CodeStarSourceConnection), and repository is CodeCommit" in said
    assert "let an EventBridge rule start the pipeline: source aws.codecommit" in said
    assert "of the repository images" in said
    assert "referenceName main" in said
    (other,) = type_faults(changed_form(trigger(provider="S3")))
    assert other.endswith("let an EventBridge rule start the pipeline.")
