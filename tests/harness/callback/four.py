# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = """
name: four
type: notification
short_description: Writes each task's result as a line of JSON
description:
  - Appends one JSON object for each task that ended to the file that E(FOUR_RECORD) names. It has C(task), C(action),
    C(status) (C(ok), C(failed), C(skipped) or C(unreachable)), C(result), and C(calls), which is where the file that
    E(FOUR_CALLS) names ended before the task and after it, in bytes.
  - Does nothing without E(FOUR_RECORD).
"""

import json
import os
import typing as t
from pathlib import Path

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "four"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._record = os.environ.get("FOUR_RECORD")
        self._calls = Path(os.environ.get("FOUR_CALLS", os.devnull))
        self._before = 0

    def v2_playbook_on_task_start(self, task: t.Any, is_conditional: bool) -> None:
        self._before = self._end_of_calls()

    def v2_runner_on_ok(self, result: t.Any) -> None:
        self._write("ok", result)

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        self._write("failed", result)

    def v2_runner_on_skipped(self, result: t.Any) -> None:
        self._write("skipped", result)

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        self._write("unreachable", result)

    def _end_of_calls(self) -> int:
        # The cloud writes a call down before it answers, so at a task's end all its calls are there.
        return self._calls.stat().st_size if self._calls.is_file() else 0

    def _write(self, status: str, result: t.Any) -> None:
        if not self._record:
            return
        # Not all versions of ansible-core have a word for these in the result.
        told = {"changed": result.is_changed(), **({status: True} if status in ("failed", "skipped") else {})}
        line = {
            "task": result.task.get_name(),
            "action": result.task.resolved_action or result.task.action,
            "status": status,
            "result": {**result.result, **told},
            "calls": [self._before, self._end_of_calls()],
        }
        with Path(self._record).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=str) + "\n")
