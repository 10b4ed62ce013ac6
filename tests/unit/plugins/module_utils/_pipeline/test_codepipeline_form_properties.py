# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Properties of the forms of pipelines, on any pipeline that the options can say."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.golden.ami.plugins.module_utils._pipeline.codepipeline_comparison import (
    differences,
    masked_like,
    normal_form,
    without_default_triggers,
)
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codepipeline_declaration import to_aws
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codepipeline_form import from_aws
from harness.pipeline_forms import form_of
from harness.pipeline_world import REGION, ROLE
from hypothesis import given
from hypothesis import strategies as st

names = st.sampled_from(["one", "two", "three", "camelCase", "snake_case"])
texts = st.sampled_from(["x", '{"b": 1, "a": [1, 2]}', "[ ]", "#{variables.A}", "****", "Ünïcode", "[x"])
values = st.one_of(texts, st.booleans(), st.integers(), st.none(), st.lists(st.dictionaries(names, texts), max_size=2))
configurations = st.dictionaries(st.sampled_from(["ProjectName", "OAuthToken", "snake_key", "Kebab-Key"]), values)
regions = st.sampled_from([None, REGION, "us-east-1"])
roles = st.sampled_from([None, ROLE])
patterns = st.fixed_dictionaries({}, optional={key: st.lists(names, max_size=2) for key in ("includes", "excludes")})
rules = st.fixed_dictionaries(
    {"name": names, "provider": names, "configuration": configurations, "region": regions},
    optional={"version": names, "commands": st.lists(texts, max_size=1), "timeout_in_minutes": st.just(5)},
)


def conditions(*results: str) -> st.SearchStrategy[t.Any]:
    one = st.fixed_dictionaries({"result": st.sampled_from(results), "rules": st.lists(rules, min_size=1, max_size=2)})
    return st.fixed_dictionaries({"conditions": st.lists(one, min_size=1, max_size=1)})


def _name(one: dict[str, t.Any]) -> str:
    return str(one["name"])


actions = st.fixed_dictionaries(
    {
        "name": names,
        "category": st.sampled_from(["Source", "Build"]),
        "provider": st.sampled_from(["CodeStarSourceConnection", "S3"]),
    },
    optional={
        "owner": st.sampled_from(["AWS", "Custom"]),
        "run_order": st.integers(1, 3),
        "configuration": configurations,
        "input_artifacts": st.lists(names, max_size=2),
        "output_artifacts": st.lists(
            st.one_of(names, st.fixed_dictionaries({"name": names, "files": st.lists(texts)})), max_size=2
        ),
        "region": regions,
        "role_arn": roles,
        "namespace": st.one_of(st.none(), names),
        "environment_variables": st.lists(st.fixed_dictionaries({"name": names, "value": texts}), max_size=2),
    },
)
stages = st.fixed_dictionaries(
    {"name": names, "actions": st.lists(actions, min_size=1, max_size=2, unique_by=_name)},
    optional={
        "before_entry": conditions("FAIL", "SKIP"),
        "on_success": conditions("ROLLBACK"),
        "on_failure": st.fixed_dictionaries({"result": st.sampled_from(["FAIL", "RETRY"])}),
    },
)
filters = st.fixed_dictionaries({}, optional={"branches": patterns, "file_paths": patterns})
triggers = st.fixed_dictionaries({"source_action_name": names, "push": st.lists(filters, max_size=2)})
stores = st.fixed_dictionaries({"location": names}, optional={"encryption_key": st.just({"id": "alias/x"})})
pipelines = st.fixed_dictionaries(
    {
        "name": names,
        "role_arn": st.just(ROLE),
        "artifact_stores": st.dictionaries(st.sampled_from([REGION, "us-east-1"]), stores, min_size=1),
        "stages": st.lists(stages, min_size=1, max_size=3, unique_by=_name),
    },
    optional={
        "pipeline_type": st.sampled_from(["V1", "V2"]),
        "execution_mode": st.sampled_from(["SUPERSEDED", "PARALLEL"]),
        "variables": st.lists(st.fixed_dictionaries({"name": names}, optional={"description": texts}), max_size=2),
        "triggers": st.lists(triggers, max_size=2),
    },
)
Options = dict[str, t.Any]


@given(pipelines)
def test_the_normal_form_of_a_normal_form_is_itself(options: Options) -> None:
    once = normal_form(form_of(options))
    assert normal_form(once) == once
    assert differences(once, once) == []
    json.dumps(once)


@given(pipelines)
def test_what_is_sent_and_read_back_is_what_was_wanted(options: Options) -> None:
    """So that a second run finds nothing to do."""
    wanted = form_of(options)
    current = from_aws(json.loads(json.dumps(to_aws(wanted, REGION))), REGION)
    assert current == wanted
    shown = without_default_triggers(current, wanted)
    if wanted["triggers"]:
        assert differences(normal_form(shown), normal_form(masked_like(wanted, shown))) == []


@given(pipelines, pipelines)
def test_there_is_a_difference_just_when_the_normal_forms_differ(one: Options, other: Options) -> None:
    before, after = normal_form(form_of(one)), normal_form(form_of(other))
    assert bool(differences(before, after)) == (before != after)


@given(configurations)
def test_keys_of_a_configuration_are_the_users_and_values_are_strings(configuration: Options) -> None:
    action = {"name": "one", "category": "Build", "provider": "S3", "configuration": configuration}
    given = {
        "name": "x",
        "role_arn": ROLE,
        "artifact_store": {"location": "x"},
        "stages": [{"name": "x", "actions": [action]}],
    }
    sent = to_aws(form_of(given), REGION)["stages"][0]["actions"][0].get("configuration", {})
    assert set(sent) == {key for key, value in configuration.items() if value is not None}
    assert all(isinstance(value, str) for value in sent.values())
