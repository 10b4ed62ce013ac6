# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Whether two pipelines are the same: their normal forms, and where these differ."""

from __future__ import annotations

import collections.abc as c
import json
import typing as t

from .codepipeline_form import GIT_PROVIDER, Form, canonical

# What GetPipeline says instead of a secret.
MASK = "****"
# The secret of AWS's own action types: that of the GitHub source of version 1.
SECRET_KEYS = frozenset({"OAuthToken"})


def _as_json(text: str) -> str:
    """The same JSON is the same value, however it is written; what is no JSON of a list or dictionary stays."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return canonical(value)


def _value(key: str, value: str) -> str:
    return MASK if key in SECRET_KEYS else _as_json(value)


def _configured(one: Form) -> Form:
    configuration = one["configuration"]
    return {**one, "configuration": {key: _value(key, configuration[key]) for key in sorted(configuration)}}


def _checks(given: Form | None) -> Form | None:
    if given is None:
        return None
    conditions = [
        {"result": one["result"], "rules": [_configured(rule) for rule in one["rules"]]} for one in given["conditions"]
    ]
    return {**given, "conditions": conditions}


def _action(action: Form) -> Form:
    variables = sorted(action["environment_variables"], key=lambda one: str(one["name"]))
    return {**_configured(action), "environment_variables": variables}


def _sorted_lists(given: t.Any) -> t.Any:
    """Of the patterns and events of a filter the order says nothing."""
    if isinstance(given, dict):
        return {key: _sorted_lists(value) for key, value in given.items()}
    return sorted(given) if isinstance(given, list) else given


def _trigger(trigger: Form) -> Form:
    filters = {key: [_sorted_lists(one) for one in trigger[key]] for key in ("push", "pull_request")}
    return {**trigger, **filters}


def normal_form(form: Form) -> Form:
    """The same for all that AWS takes as the same, without secrets: for comparing and showing, not for sending."""
    return {
        **form,
        "artifact_stores": {region: form["artifact_stores"][region] for region in sorted(form["artifact_stores"])},
        "stages": [
            {
                **stage,
                "actions": [_action(action) for action in stage["actions"]],
                **{key: _checks(stage[key]) for key in ("before_entry", "on_success", "on_failure")},
            }
            for stage in form["stages"]
        ],
        "variables": sorted(form["variables"], key=lambda one: str(one["name"])),
        "triggers": sorted(map(_trigger, form["triggers"]), key=lambda one: str(one["source_action_name"])),
    }


def _actions(form: Form) -> dict[tuple[str, str], Form]:
    return {(stage["name"], action["name"]): action for stage in form["stages"] for action in stage["actions"]}


def masked_like(wanted: Form, current: Form) -> Form:
    """C(wanted) without the values that AWS does not show of C(current): those of a custom action's secrets."""
    known = _actions(current)

    def hide(stage: str, action: Form) -> Form:
        shown = known.get((stage, action["name"]), {}).get("configuration", {})
        configuration = {
            key: MASK if shown.get(key) == MASK else value for key, value in action["configuration"].items()
        }
        return {**action, "configuration": configuration}

    stages = [
        {**stage, "actions": [hide(stage["name"], action) for action in stage["actions"]]} for stage in wanted["stages"]
    ]
    return {**wanted, "stages": stages}


def without_default_triggers(current: Form, wanted: Form) -> Form:
    """C(current) without what AWS adds to a pipeline that has no triggers: a push to the branch of a connection's source."""
    if wanted["triggers"]:
        return current
    sources = {name: action for (_stage, name), action in _actions(current).items()}

    def by_default(trigger: Form) -> bool:
        action = sources.get(trigger["source_action_name"], {})
        configuration = action.get("configuration", {})
        branches = {"includes": [configuration.get("BranchName")], "excludes": []}
        pushes = [{"branches": branches, "tags": None, "file_paths": None}]
        return (
            action.get("provider") == GIT_PROVIDER
            # Otherwise AWS adds none: somebody did.
            and configuration.get("DetectChanges", "true").lower() == "true"
            and not trigger["pull_request"]
            and trigger["push"] in ([], pushes)
        )

    return {**current, "triggers": [one for one in current["triggers"] if not by_default(one)]}


def _labels(given: list[t.Any]) -> list[str] | None:
    """The names of a list's entries when each has one of its own."""
    names = [str(one["name"]) for one in given if isinstance(one, dict) and "name" in one]
    return names if len(names) == len(given) == len(set(names)) else None


def differences(before: t.Any, after: t.Any, place: str = "") -> list[str]:
    """Where two normal forms differ, such as C(stages[Build].actions[packer].configuration.ProjectName)."""
    if before == after:
        return []
    if isinstance(before, dict) and isinstance(after, dict):
        keys = [*before, *(key for key in after if key not in before)]
        return _each(keys, lambda key: (before.get(key), after.get(key), f"{place}.{key}" if place else str(key)))
    if isinstance(before, list) and isinstance(after, list):
        ours, theirs = _labels(before), _labels(after)
        if ours is not None and ours == theirs:
            return _each(range(len(ours)), lambda number: (before[number], after[number], f"{place}[{ours[number]}]"))
    return [place or "all"]


def _each(keys: c.Iterable[t.Any], parts: c.Callable[[t.Any], tuple[t.Any, t.Any, str]]) -> list[str]:
    return [where for key in keys for where in differences(*parts(key))]
