# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows the phases of a build and the lines of its log while it runs. The work is the module's, which does the same without this plugin."""

from __future__ import annotations

import re
import time
import typing as t

from ansible.plugins.action import ActionBase
from ansible_collections.golden.ami.plugins.module_utils._packer.log import STEP_PREFIX
from ansible_collections.golden.ami.plugins.module_utils._packer.progress import clock
from ansible_collections.golden.ami.plugins.plugin_utils._live import kept_log, run_followed
from ansible_collections.golden.ami.plugins.plugin_utils._screen import Heartbeat, show

_STAMP = re.compile(r"^\d\d:\d\d:\d\d ")


class _Screen:
    """Each phase, and each line further in."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._last = "the build"
        self.heartbeat = Heartbeat(self._idle)

    def line(self, raw: str) -> None:
        text = _STAMP.sub("", raw)
        self.heartbeat.beat()
        if text.startswith(STEP_PREFIX):
            step = text.removeprefix(STEP_PREFIX)
            self._last = step.partition("] ")[2]
            show(f"  {step}")
        else:
            show(f"    {text}")

    def _idle(self) -> None:
        show(f"  … still at it ({clock(time.monotonic() - self._began)}); the last was {self._last}")


class ActionModule(ActionBase):
    """Runs the module of the same name, and follows its log."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        del tmp
        done = run_followed(self, "golden.ami.codebuild_build", _Screen, task_vars, log=kept_log("codebuild"))
        return {**result, **done}
