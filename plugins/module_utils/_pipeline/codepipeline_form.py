# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""A pipeline in the words of the module, whole: what the options leave out has AWS's own default.

There are three ways: from the options (C(from_options)), from AWS (C(from_aws)), and to AWS (C(to_aws)).
"""

from __future__ import annotations

import collections.abc as c
import json
import typing as t

Form = dict[str, t.Any]
Declaration = dict[str, t.Any]

GIT_PROVIDER = "CodeStarSourceConnection"
_KIND = ("category", "owner", "provider", "version")


def text_of(value: object) -> str:
    """What AWS takes as the value of a configuration: a string; of lists and dictionaries their JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return canonical(value)
    return str(value)


def canonical(value: object) -> str:
    """The JSON of a value, the same however its keys are ordered; without blanks, for AWS counts its characters."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _configuration(given: c.Mapping[str, t.Any] | None) -> dict[str, str]:
    return {str(key): text_of(value) for key, value in (given or {}).items() if value is not None}


def _snake_rule(rule: c.Mapping[str, t.Any], home: str) -> Form:
    kind = rule["ruleTypeId"]
    return {
        "name": rule["name"],
        "provider": kind["provider"],
        "version": kind.get("version") or "1",
        "configuration": dict(rule.get("configuration") or {}),
        "commands": list(rule.get("commands") or []),
        "input_artifacts": [one["name"] for one in rule.get("inputArtifacts") or []],
        "region": rule.get("region") or home,
        "role_arn": rule.get("roleArn"),
        "timeout_in_minutes": rule.get("timeoutInMinutes"),
    }


def _snake_conditions(given: c.Iterable[c.Mapping[str, t.Any]] | None, home: str) -> list[Form]:
    return [
        {"result": one.get("result"), "rules": [_snake_rule(rule, home) for rule in one.get("rules") or []]}
        for one in given or []
    ]


def _snake_checks(given: c.Mapping[str, t.Any] | None, home: str) -> Form | None:
    conditions = _snake_conditions((given or {}).get("conditions"), home)
    return {"conditions": conditions} if conditions else None


def _snake_failure(given: c.Mapping[str, t.Any] | None, home: str) -> Form | None:
    if not given:
        return None
    mode = (given.get("retryConfiguration") or {}).get("retryMode")
    return {
        "result": given.get("result"),
        "retry_configuration": {"retry_mode": mode} if mode else None,
        "conditions": _snake_conditions(given.get("conditions"), home),
    }


def _snake_action(action: c.Mapping[str, t.Any], home: str) -> Form:
    return {
        "name": action["name"],
        **{key: action["actionTypeId"][key] for key in _KIND},
        "run_order": action.get("runOrder") or 1,
        "configuration": dict(action.get("configuration") or {}),
        "input_artifacts": [one["name"] for one in action.get("inputArtifacts") or []],
        "output_artifacts": [
            {"name": one["name"], "files": list(one.get("files") or [])} for one in action.get("outputArtifacts") or []
        ],
        "region": action.get("region") or home,
        "role_arn": action.get("roleArn"),
        "namespace": action.get("namespace"),
        "timeout_in_minutes": action.get("timeoutInMinutes"),
        "commands": list(action.get("commands") or []),
        "output_variables": list(action.get("outputVariables") or []),
        "environment_variables": [
            {"name": one["name"], "value": one["value"], "type": one.get("type") or "PLAINTEXT"}
            for one in action.get("environmentVariables") or []
        ],
    }


def _patterns(given: c.Mapping[str, t.Any] | None) -> Form | None:
    lists = {key: list((given or {}).get(key) or []) for key in ("includes", "excludes")}
    return lists if any(lists.values()) else None


def _snake_trigger(trigger: c.Mapping[str, t.Any]) -> Form:
    git = trigger["gitConfiguration"]
    return {
        "source_action_name": git["sourceActionName"],
        "push": [
            {
                "branches": _patterns(one.get("branches")),
                "tags": _patterns(one.get("tags")),
                "file_paths": _patterns(one.get("filePaths")),
            }
            for one in git.get("push") or []
        ],
        "pull_request": [
            {
                "events": list(one.get("events") or []),
                "branches": _patterns(one.get("branches")),
                "file_paths": _patterns(one.get("filePaths")),
            }
            for one in git.get("pullRequest") or []
        ],
    }


def _snake_store(store: c.Mapping[str, t.Any]) -> Form:
    key = store.get("encryptionKey")
    return {
        "location": store["location"],
        "type": store.get("type") or "S3",
        "encryption_key": {"id": key["id"], "type": key.get("type") or "KMS"} if key else None,
    }


def from_aws(declaration: Declaration, home: str) -> Form:
    """What GetPipeline says. C(home) is the pipeline's Region, which stores and actions have unless they name another."""
    stores = declaration.get("artifactStores") or (
        {home: declaration["artifactStore"]} if declaration.get("artifactStore") else {}
    )
    return {
        "name": declaration["name"],
        "role_arn": declaration["roleArn"],
        "pipeline_type": declaration.get("pipelineType") or "V1",
        "execution_mode": declaration.get("executionMode") or "SUPERSEDED",
        "artifact_stores": {region: _snake_store(store) for region, store in stores.items()},
        "stages": [
            {
                "name": stage["name"],
                "actions": [_snake_action(action, home) for action in stage["actions"]],
                "before_entry": _snake_checks(stage.get("beforeEntry"), home),
                "on_success": _snake_checks(stage.get("onSuccess"), home),
                "on_failure": _snake_failure(stage.get("onFailure"), home),
            }
            for stage in declaration["stages"]
        ],
        "variables": [
            {
                "name": one["name"],
                "default_value": one.get("defaultValue"),
                "description": one.get("description") or None,
            }
            for one in declaration.get("variables") or []
        ],
        "triggers": [_snake_trigger(one) for one in declaration.get("triggers") or []],
    }


def _given_artifact(one: object) -> Form:
    """A name, or a dictionary with C(name) and C(files)."""
    if isinstance(one, dict):
        return {"name": str(one.get("name", "")), "files": [str(file) for file in one.get("files") or []]}
    return {"name": str(one), "files": []}


def _given_conditions(given: c.Mapping[str, t.Any] | None, home: str) -> list[Form]:
    return [
        {
            "result": one["result"],
            "rules": [
                {
                    **rule,
                    "configuration": _configuration(rule["configuration"]),
                    "region": rule["region"] or home,
                }
                for rule in one["rules"]
            ],
        }
        for one in (given or {}).get("conditions") or []
    ]


def _given_checks(given: c.Mapping[str, t.Any] | None, home: str) -> Form | None:
    # Without a condition it is kept, for it is refused later on.
    return None if given is None else {"conditions": _given_conditions(given, home)}


def _given_failure(given: c.Mapping[str, t.Any] | None, home: str) -> Form | None:
    if given is None:
        return None
    retry = given["retry_configuration"]
    if given["result"] == "RETRY" and retry is None:
        retry = {"retry_mode": "FAILED_ACTIONS"}
    return {
        "result": given["result"],
        "retry_configuration": retry,
        "conditions": _given_conditions(given, home),
    }


def _given_action(action: c.Mapping[str, t.Any], home: str) -> Form:
    return {
        **action,
        "configuration": _configuration(action["configuration"]),
        "input_artifacts": [_given_artifact(one)["name"] for one in action["input_artifacts"]],
        "output_artifacts": [_given_artifact(one) for one in action["output_artifacts"]],
        "region": action["region"] or home,
        "role_arn": action["role_arn"] or None,
        "namespace": action["namespace"] or None,
    }


def from_options(options: c.Mapping[str, t.Any], home: str) -> Form:
    """What the options of the module say. C(artifact_stores) has checked stores by Region."""
    stores = options["artifact_stores"] or ({home: options["artifact_store"]} if options["artifact_store"] else {})
    return {
        **{key: options[key] for key in ("name", "role_arn", "pipeline_type", "execution_mode")},
        "artifact_stores": {region: dict(store) for region, store in stores.items()},
        "stages": [
            {
                "name": stage["name"],
                "actions": [_given_action(action, home) for action in stage["actions"]],
                "before_entry": _given_checks(stage["before_entry"], home),
                "on_success": _given_checks(stage["on_success"], home),
                "on_failure": _given_failure(stage["on_failure"], home),
            }
            for stage in options["stages"] or []
        ],
        "variables": [{**one, "description": one["description"] or None} for one in options["variables"]],
        "triggers": [
            {
                "source_action_name": one["source_action_name"],
                "push": [{key: _patterns(value) for key, value in each.items()} for each in one["push"]],
                "pull_request": [
                    {
                        **each,
                        **{key: _patterns(each[key]) for key in ("branches", "file_paths")},
                    }
                    for each in one["pull_request"]
                ],
            }
            for one in options["triggers"]
        ],
    }
