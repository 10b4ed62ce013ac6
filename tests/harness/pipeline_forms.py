# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Forms of pipelines for tests of what is decided about them: one that is right, changed as a test says."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codepipeline_form import Form, from_options
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codepipeline_options import ARGUMENT_SPEC, STORE
from harness.pipeline_world import REGION, Resource, options


def form_of(given: Resource) -> Form:
    """The form that options of the module codepipeline make."""
    result = ArgumentSpecValidator(ARGUMENT_SPEC).validate(given)
    if result.error_messages:
        raise AssertionError(result.error_messages)
    validated = dict(result.validated_parameters)
    stores = validated["artifact_stores"] or {}
    validated["artifact_stores"] = {
        region: ArgumentSpecValidator(STORE).validate(store).validated_parameters for region, store in stores.items()
    }
    return from_options(validated, REGION)


def form() -> Form:
    return form_of(options())


def changed_form(change: c.Callable[[Form], object]) -> Form:
    made = form()
    change(made)
    return made


def stage(one: Form, name: str) -> Form:
    found: Form = next(each for each in one["stages"] if each["name"] == name)
    return found


def action(one: Form, place: str) -> Form:
    """The first action of a stage."""
    found: Form = stage(one, place)["actions"][0]
    return found


def given_action(name: str, **more: t.Any) -> Form:
    """The form of one that builds."""
    given = {"name": name, "category": "Build", "provider": "CodeBuild", "configuration": {"ProjectName": name}, **more}
    made: Form = form_of(options({"name": "More", "actions": [given]}))["stages"][-1]["actions"][0]
    return made


def condition(result: str = "FAIL", **rule: t.Any) -> Form:
    """One with one rule."""
    given: Form = {
        "name": "window",
        "provider": "DeploymentWindow",
        "version": "1",
        "configuration": {},
        "commands": [],
        "input_artifacts": [],
        "region": REGION,
        "role_arn": None,
        "timeout_in_minutes": None,
        **rule,
    }
    return {"conditions": [{"result": result, "rules": [given]}]}
