# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The options of the module codepipeline."""

from __future__ import annotations

import typing as t

Spec = dict[str, t.Any]

_STRING: Spec = {"type": "str"}
_NAME: Spec = {"type": "str", "required": True}
_STRINGS: Spec = {"type": "list", "elements": "str", "default": []}

STORE: Spec = {
    "location": _NAME,
    "type": {"type": "str", "choices": ["S3"], "default": "S3"},
    "encryption_key": {
        "type": "dict",
        "no_log": False,
        "options": {"id": _NAME, "type": {"type": "str", "choices": ["KMS"], "default": "KMS"}},
    },
}

_RULES: Spec = {
    "name": _NAME,
    "provider": _NAME,
    "version": {"type": "str", "default": "1"},
    "configuration": {"type": "dict", "default": {}},
    "commands": _STRINGS,
    "input_artifacts": _STRINGS,
    "region": _STRING,
    "role_arn": _STRING,
    "timeout_in_minutes": {"type": "int"},
}


def _conditions(results: list[str], *, required: bool) -> Spec:
    options = {
        "result": {"type": "str", "choices": results},
        "rules": {"type": "list", "elements": "dict", "required": True, "options": _RULES},
    }
    conditions: Spec = {"type": "list", "elements": "dict", "options": options}
    return {**conditions, "required": True} if required else {**conditions, "default": []}


_RESULTS = ["FAIL", "ROLLBACK", "RETRY", "SKIP"]
_ON_FAILURE: Spec = {
    "result": {"type": "str", "choices": _RESULTS},
    "retry_configuration": {
        "type": "dict",
        "options": {"retry_mode": {"type": "str", "choices": ["FAILED_ACTIONS", "ALL_ACTIONS"], "required": True}},
    },
    "conditions": _conditions(_RESULTS, required=False),
}

_ACTION: Spec = {
    "name": _NAME,
    "category": {
        "type": "str",
        "required": True,
        "choices": ["Source", "Build", "Test", "Deploy", "Approval", "Invoke", "Compute"],
    },
    "owner": {"type": "str", "choices": ["AWS", "ThirdParty", "Custom"], "default": "AWS"},
    "provider": _NAME,
    "version": {"type": "str", "default": "1"},
    "run_order": {"type": "int", "default": 1},
    "configuration": {"type": "dict", "default": {}},
    "input_artifacts": {"type": "list", "elements": "raw", "default": []},
    "output_artifacts": {"type": "list", "elements": "raw", "default": []},
    "region": _STRING,
    "role_arn": _STRING,
    "namespace": _STRING,
    "timeout_in_minutes": {"type": "int"},
    "commands": _STRINGS,
    "output_variables": _STRINGS,
    "environment_variables": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": _NAME,
            "value": _NAME,
            "type": {"type": "str", "choices": ["PLAINTEXT", "SECRETS_MANAGER"], "default": "PLAINTEXT"},
        },
    },
}

_PATTERNS: Spec = {"type": "dict", "options": {"includes": _STRINGS, "excludes": _STRINGS}}
_TRIGGER: Spec = {
    "source_action_name": _NAME,
    "push": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"branches": _PATTERNS, "tags": _PATTERNS, "file_paths": _PATTERNS},
    },
    "pull_request": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "events": {"type": "list", "elements": "str", "choices": ["OPEN", "UPDATED", "CLOSED"], "default": []},
            "branches": _PATTERNS,
            "file_paths": _PATTERNS,
        },
    },
}

ARGUMENT_SPEC: Spec = {
    "name": _NAME,
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "role_arn": _STRING,
    "pipeline_type": {"type": "str", "choices": ["V1", "V2"], "default": "V2"},
    "execution_mode": {"type": "str", "choices": ["SUPERSEDED", "QUEUED", "PARALLEL"], "default": "SUPERSEDED"},
    "artifact_store": {"type": "dict", "options": STORE},
    "artifact_stores": {"type": "dict"},
    "stages": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": _NAME,
            "actions": {"type": "list", "elements": "dict", "required": True, "options": _ACTION},
            "before_entry": {
                "type": "dict",
                "options": {"conditions": _conditions(["FAIL", "SKIP"], required=True)},
            },
            "on_success": {
                "type": "dict",
                "options": {"conditions": _conditions(["FAIL", "ROLLBACK"], required=True)},
            },
            "on_failure": {"type": "dict", "options": _ON_FAILURE},
        },
    },
    "variables": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"name": _NAME, "default_value": _STRING, "description": _STRING},
    },
    "triggers": {"type": "list", "elements": "dict", "default": [], "options": _TRIGGER},
    "tags": {"type": "dict", "aliases": ["resource_tags"]},
    "purge_tags": {"type": "bool", "default": True},
}
REQUIRED_IF = [("state", "present", ["role_arn", "stages"])]
MUTUALLY_EXCLUSIVE = [("artifact_store", "artifact_stores")]
