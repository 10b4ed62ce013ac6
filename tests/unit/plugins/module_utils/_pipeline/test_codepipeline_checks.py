# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWS would refuse of a whole pipeline is told, and nothing of one that is right."""

from __future__ import annotations

import collections.abc as c
import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codepipeline_checks import faults
from harness.pipeline_forms import action, changed_form, form, stage
from harness.pipeline_world import REGION

Change = c.Callable[[dict[str, t.Any]], object]


def test_one_that_is_right() -> None:
    assert faults(form(), REGION) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda one: one.update(stages=[]), "two stages at least, a source and what is done with it; here are 0"),
        (lambda one: one["stages"].pop(), "here are 1"),
        (lambda one: stage(one, "Build").update(actions=[]), "stage Build has no actions"),
        (
            lambda one: action(one, "Source").update(category="Build"),
            "first stage has source actions only, and repository",
        ),
        (lambda one: action(one, "Build").update(category="Source"), "packer is a source action, which only the first"),
        (lambda one: one["stages"].append(one["stages"][1]), "two stages are named Build"),
        (lambda one: stage(one, "Build")["actions"].append(action(one, "Build")), "two actions are named packer"),
        (lambda one: one["artifact_stores"].clear(), "artifact_store or artifact_stores must say"),
        (
            lambda one: one.update(artifact_stores={"us-east-1": one["artifact_stores"][REGION]}),
            f"artifact_stores has none for the pipeline's own Region {REGION}",
        ),
        (
            lambda one: action(one, "Build").update(region="us-east-1"),
            "action packer is in us-east-1, for which there is",
        ),
    ],
)
def test_what_is_refused(change: Change, said: str) -> None:
    assert said in "; ".join(faults(changed_form(change), REGION))
