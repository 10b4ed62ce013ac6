# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows the steps of a build while it runs. The work is the module's, which does the same without this plugin."""

from __future__ import annotations

import re
import time
import typing as t

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.golden.ami.plugins.module_utils._packer.log import STEP_PREFIX
from ansible_collections.golden.ami.plugins.module_utils._packer.progress import TASK_PREFIX, clock
from ansible_collections.golden.ami.plugins.plugin_utils._live import kept_log, run_followed
from ansible_collections.golden.ami.plugins.plugin_utils._screen import Heartbeat, show

_STAMP = re.compile(r"^\d\d:\d\d:\d\d ")
# From this verbosity on all that Packer says is shown: -vv.
_ALL = 2
# A provisioner has dozens of tasks that take no time: one is shown when it takes this long, or when the screen was
# quiet for so long. Seconds.
_NOTABLE = 1.0
_QUIET = 5.0


class _Screen:
    """Decides what of the log is shown."""

    def __init__(self) -> None:
        self._all = Display().verbosity >= _ALL
        self._step = ""
        self._began = 0.0
        self._shown = 0.0
        self._waiting: str | None = None
        self.heartbeat = Heartbeat(self._idle)

    def line(self, raw: str) -> None:
        text = _STAMP.sub("", raw)
        if text.startswith(STEP_PREFIX):
            self._enter(text.removeprefix(STEP_PREFIX))
        elif self._all:
            self._show(text)

    def _enter(self, text: str) -> None:
        self._step, self._began = text.partition("] ")[2], time.monotonic()
        passing = self._step.startswith(TASK_PREFIX) and not self._all and self._began - self._shown < _QUIET
        if passing:
            self._waiting = text
            self.heartbeat.beat(_NOTABLE)
        else:
            self._show(text)

    def _show(self, text: str) -> None:
        self._waiting = None
        self._shown = time.monotonic()
        self.heartbeat.beat()
        show(f"  {text}")

    def _idle(self) -> None:
        if self._waiting:
            self._show(self._waiting)
            return
        show(f"  … still: {self._step} ({clock(time.monotonic() - self._began)})")


class ActionModule(ActionBase):
    """Runs the module of the same name, and follows its log."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        del tmp
        done = run_followed(self, "golden.ami.packer_build", _Screen, task_vars, log=kept_log("build"))
        return {**result, **done}
