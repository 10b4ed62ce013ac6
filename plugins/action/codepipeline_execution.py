# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows how an execution of a pipeline goes on. The work is the module's, which does the same without this plugin."""

from __future__ import annotations

import re
import time
import typing as t

from ansible.plugins.action import ActionBase
from ansible_collections.golden.ami.plugins.module_utils._packer.log import STEP_PREFIX
from ansible_collections.golden.ami.plugins.module_utils._packer.progress import clock
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codepipeline_execution_progress import BUILD_PREFIX
from ansible_collections.golden.ami.plugins.plugin_utils._live import passing_log, run_followed
from ansible_collections.golden.ami.plugins.plugin_utils._screen import Heartbeat, show

_STAMP = re.compile(r"^\d\d:\d\d:\d\d ")


class _Screen:
    """The steps as they are, with the lines of builds below them."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._last = "the pipeline"
        self.heartbeat = Heartbeat(self._idle)

    def line(self, raw: str) -> None:
        text = _STAMP.sub("", raw, count=1)
        if text.startswith(STEP_PREFIX):
            text = text.removeprefix(STEP_PREFIX)
            self._last = text.partition("] ")[2]
            show(f"  {text}")
        elif text.startswith(BUILD_PREFIX):
            show(f"  {text}")
        self.heartbeat.beat()

    def _idle(self) -> None:
        show(f"  … still: {self._last} ({clock(time.monotonic() - self._began)})")


class ActionModule(ActionBase):
    """Runs the module of the same name, and follows what it writes."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        del tmp
        done = run_followed(self, "golden.ami.codepipeline_execution", _Screen, task_vars, log=passing_log)
        return {**result, **done}
