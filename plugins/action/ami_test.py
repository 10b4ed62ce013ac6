# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows the steps of a run of tests while it runs. The work is the module's, which does the same without this plugin."""

from __future__ import annotations

import re
import time
import typing as t

from ansible.plugins.action import ActionBase
from ansible_collections.golden.ami.plugins.module_utils._packer.log import STEP_PREFIX
from ansible_collections.golden.ami.plugins.module_utils._packer.progress import clock
from ansible_collections.golden.ami.plugins.plugin_utils._live import kept_log, run_followed
from ansible_collections.golden.ami.plugins.plugin_utils._screen import Heartbeat, show

_STEP = re.compile(rf"^\d\d:\d\d:\d\d {re.escape(STEP_PREFIX)}\[[^]]*\] (?P<text>.*)$")


class _Screen:
    """Each step with the time since the first."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._last = "the tests"
        self.heartbeat = Heartbeat(self._idle)

    def line(self, raw: str) -> None:
        step = _STEP.match(raw)
        if step:
            self._last = step["text"]
            self.heartbeat.beat()
            show(f"  [{self._clock()}] {self._last}")

    def _idle(self) -> None:
        show(f"  … still at it ({self._clock()}); the last was {self._last}")

    def _clock(self) -> str:
        return clock(time.monotonic() - self._began)


class ActionModule(ActionBase):
    """Runs the module of the same name, and follows its log."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        del tmp
        done = run_followed(self, "golden.ami.ami_test", _Screen, task_vars, log=kept_log("test"))
        return {**result, **done}
