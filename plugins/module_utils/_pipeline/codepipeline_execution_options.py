# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The options of the module codepipeline_execution, read once."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

ARGUMENT_SPEC: dict[str, t.Any] = {
    "pipeline": {"type": "str", "required": True, "aliases": ["name"]},
    "state": {
        "type": "str",
        "choices": ["started", "stopped", "approved", "rejected", "retried", "rolled_back", "watched"],
        "default": "started",
    },
    "execution_id": {"type": "str"},
    "variables": {"type": "dict", "default": {}},
    "source_revisions": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "action": {"type": "str", "required": True},
            "type": {
                "type": "str",
                "choices": ["COMMIT_ID", "IMAGE_DIGEST", "S3_OBJECT_VERSION_ID", "S3_OBJECT_KEY"],
            },
            "value": {"type": "str", "required": True},
        },
    },
    "client_request_token": {"type": "str", "no_log": False},
    "abandon": {"type": "bool", "default": False},
    "stage": {"type": "str"},
    "action": {"type": "str"},
    "message": {"type": "str", "default": "", "aliases": ["summary", "reason"]},
    "retry_mode": {"type": "str", "choices": ["failed_actions", "all_actions"], "default": "failed_actions"},
    "target_execution_id": {"type": "str"},
    "wait": {"type": "bool", "default": True},
    "wait_for": {"type": "str", "choices": ["end", "approval"], "default": "end"},
    "timeout": {"type": "int", "default": 3600},
    "follow_logs": {"type": "bool", "default": False},
    "log_path": {"type": "path"},
}
REQUIRED_IF = [("state", "rolled_back", ["stage"])]


@dataclasses.dataclass(frozen=True)
class Options:
    pipeline: str
    state: str
    execution_id: str | None
    variables: dict[str, str]
    source_revisions: list[dict[str, t.Any]]
    client_request_token: str | None
    abandon: bool
    stage: str | None
    action: str | None
    message: str
    retry_mode: str
    target_execution_id: str | None
    wait: bool
    wait_for: str
    timeout: int
    follow_logs: bool
    log_path: str | None


def read(params: c.Mapping[str, t.Any]) -> Options:
    values = {field.name: params[field.name] for field in dataclasses.fields(Options)}
    return Options(**{**values, "variables": {str(key): str(value) for key, value in params["variables"].items()}})
