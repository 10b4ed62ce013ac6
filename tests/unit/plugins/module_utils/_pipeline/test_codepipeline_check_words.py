# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names, lengths and keys."""

from __future__ import annotations

import collections.abc as c
import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codepipeline_check_words import word_faults
from harness.pipeline_forms import action, changed_form, condition, stage
from harness.pipeline_world import REGION

Change = c.Callable[[dict[str, t.Any]], object]


def configure(**values: str) -> Change:
    return lambda one: action(one, "Build")["configuration"].update(values)


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.update(name="x" * 100),
        configure(EnvironmentVariables="x" * 1000),
        lambda one: one.update(role_arn="arn:aws-us-gov:iam::111111111111:role/path/x"),
        # Whose keys are not known here is AWS's business.
        lambda one: action(one, "Build").update(owner="Custom", provider="Mine", configuration={}),
        lambda one: stage(one, "Build").update(before_entry=condition()),
    ],
)
def test_what_aws_takes(change: Change) -> None:
    assert word_faults(changed_form(change)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda one: one.update(name="x" * 101), "has 101 characters, and may have 1 to 100"),
        (lambda one: one.update(name="a/b"), "name 'a/b' is not of the form"),
        (lambda one: one.update(role_arn="pipeline"), "role_arn 'pipeline' is not of the form"),
        (lambda one: stage(one, "Build").update(name="a b"), "stage a b: name 'a b' is not of the form"),
        (lambda one: action(one, "Build").update(name=""), "name '' has 0 characters"),
        (lambda one: action(one, "Build").update(run_order=0), "run_order is 0, and may be 1 to 999"),
        (lambda one: action(one, "Build").update(timeout_in_minutes=4), "timeout_in_minutes is 4, and may be 5 to"),
        (lambda one: action(one, "Build").update(namespace="a.b"), "namespace 'a.b' is not of the form"),
        (lambda one: action(one, "Build").update(input_artifacts=["a b"]), "artifact 'a b' is not of the form"),
        (lambda one: action(one, "Build").update(commands=["x"] * 51), "has 51 commands, and may have 50"),
        (lambda one: action(one, "Build").update(commands=[""]), "has a command of 0 characters"),
        (
            lambda one: action(one, "Build").update(environment_variables=[{"name": "A-B", "value": ""}]),
            "environment variable 'A-B' is not of the form",
        ),
        (configure(PrimarySource=""), "configuration.PrimarySource is empty, which AWS does not take: leave it out"),
        (configure(ProjectName="x" * 1001), "configuration.ProjectName has 1001 characters, of which AWS takes 1000"),
        (configure(**{"x" * 51: "y"}), "of which AWS takes 1 to 50 characters"),
        (
            lambda one: action(one, "Build")["configuration"].pop("ProjectName"),
            "stage Build, action packer: configuration.ProjectName is missing, which CodeBuild needs",
        ),
        (lambda one: stage(one, "Build").update(on_success={"conditions": []}), "has 0 conditions, and may have one"),
        (
            lambda one: stage(one, "Build").update(on_success={"conditions": [{"result": "FAIL", "rules": []}]}),
            "a condition of 0 rules, and may have 1 to 5",
        ),
        (
            lambda one: stage(one, "Build").update(before_entry=condition(name="a b", timeout_in_minutes=1)),
            "before_entry: rule a b: name 'a b' is not of the form",
        ),
        (
            lambda one: one.update(variables=[{"name": "A", "default_value": "", "description": None}] * 2),
            "two variables are named A; variables: the default of A has 0 characters",
        ),
        (
            lambda one: one.update(variables=[{"name": "A", "default_value": None, "description": "x" * 201}]),
            "the description of A is longer than 200 characters",
        ),
        (lambda one: one["artifact_stores"][REGION].update(location="a_b"), f"store of {REGION}: bucket 'a_b' is not"),
        (
            lambda one: one["artifact_stores"][REGION].update(encryption_key={"id": "", "type": "KMS"}),
            "the id of the key is empty",
        ),
    ],
)
def test_what_is_refused(change: Change, said: str) -> None:
    assert said in "; ".join(word_faults(changed_form(change)))
