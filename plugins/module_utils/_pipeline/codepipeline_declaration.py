# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""A pipeline's form as AWS takes it: without what is empty, and without what is AWS's own default for an action's place."""

from __future__ import annotations

import typing as t

from .codepipeline_form import GIT_PROVIDER, Declaration, Form

# Words that are not just AWS's in another case.
_KIND = ("category", "owner", "provider", "version")


def _camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _filled(given: dict[str, t.Any]) -> Declaration:
    """With AWS's words as keys, without what is empty. A configuration has its keys from the user: it is taken as it is."""
    return {_camel(key): value for key, value in given.items() if value not in (None, [], {})}


def _artifacts(names: list[str]) -> list[Declaration]:
    return [{"name": name} for name in names]


def _elsewhere(region: str, home: str) -> str | None:
    return None if region == home else region


def _rule(rule: Form, home: str) -> Declaration:
    return _filled(
        {
            **{key: value for key, value in rule.items() if key not in ("provider", "version")},
            "rule_type_id": {
                "category": "Rule",
                "owner": "AWS",
                "provider": rule["provider"],
                "version": rule["version"],
            },
            "input_artifacts": _artifacts(rule["input_artifacts"]),
            "region": _elsewhere(rule["region"], home),
        }
    )


def _conditions(conditions: list[Form], home: str) -> list[Declaration]:
    return [
        _filled({"result": one["result"], "rules": [_rule(rule, home) for rule in one["rules"]]}) for one in conditions
    ]


def _checks(given: Form | None, home: str) -> Declaration | None:
    return {"conditions": _conditions(given["conditions"], home)} if given else None


def _failure(given: Form | None, home: str) -> Declaration | None:
    if given is None:
        return None
    retry = given["retry_configuration"]
    return _filled(
        {
            "result": given["result"],
            "retry_configuration": _filled(retry) if retry else None,
            "conditions": _conditions(given["conditions"], home),
        }
    )


def _action(action: Form, home: str) -> Declaration:
    return _filled(
        {
            **{key: value for key, value in action.items() if key not in _KIND},
            "action_type_id": {key: action[key] for key in _KIND},
            "input_artifacts": _artifacts(action["input_artifacts"]),
            "output_artifacts": [_filled(one) for one in action["output_artifacts"]],
            "region": _elsewhere(action["region"], home),
        }
    )


def _stage(stage: Form, home: str) -> Declaration:
    return _filled(
        {
            "name": stage["name"],
            "actions": [_action(action, home) for action in stage["actions"]],
            "before_entry": _checks(stage["before_entry"], home),
            "on_success": _checks(stage["on_success"], home),
            "on_failure": _failure(stage["on_failure"], home),
        }
    )


def _filter(given: Form) -> Declaration:
    return _filled({key: _filled(value) if isinstance(value, dict) else value for key, value in given.items()})


def _trigger(trigger: Form) -> Declaration:
    git = {
        "source_action_name": trigger["source_action_name"],
        "push": [_filter(one) for one in trigger["push"]],
        "pull_request": [_filter(one) for one in trigger["pull_request"]],
    }
    return {"providerType": GIT_PROVIDER, "gitConfiguration": _filled(git)}


def to_aws(form: Form, home: str) -> Declaration:
    """What CreatePipeline and UpdatePipeline take."""
    stores = {region: _filled(store) for region, store in form["artifact_stores"].items()}
    alone = list(stores) == [home]
    return _filled(
        {
            **{key: form[key] for key in ("name", "role_arn", "pipeline_type", "execution_mode")},
            "artifact_store": stores[home] if alone else None,
            "artifact_stores": None if alone else stores,
            "stages": [_stage(stage, home) for stage in form["stages"]],
            "variables": [_filled(one) for one in form["variables"]],
            "triggers": [_trigger(one) for one in form["triggers"]],
        }
    )
