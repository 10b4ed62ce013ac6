# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows the phases of a build and the lines of its log while it runs. The work is the module's, which does the same without this plugin."""

from __future__ import annotations

import os
import re
import secrets
import time
import typing as t

from ansible.plugins.action import ActionBase
from ansible_collections.golden.ami.plugins.module_utils._packer.log import STEP_PREFIX
from ansible_collections.golden.ami.plugins.module_utils._packer.progress import clock
from ansible_collections.golden.ami.plugins.module_utils._packer.state import state_directory
from ansible_collections.golden.ami.plugins.plugin_utils._live import LiveFile
from ansible_collections.golden.ami.plugins.plugin_utils._screen import Heartbeat, show, waiting_for_the_module

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
        arguments = dict(self._task.args)
        if not self._can_follow():
            return {**result, **self._module(arguments, task_vars)}
        if not arguments.get("log_path"):
            stamp = f"{time.strftime('%Y%m%d%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"
            arguments["log_path"] = str(state_directory() / "logs" / f"codebuild-{stamp}.log")
        screen = _Screen()
        path = os.path.expanduser(os.path.expandvars(str(arguments["log_path"])))
        with waiting_for_the_module(), screen.heartbeat, LiveFile(path, screen.line):
            done = self._module(arguments, task_vars)
        return {**result, **done}

    def _can_follow(self) -> bool:
        """The log is on this machine, and somebody waits for the end."""
        local = getattr(self._connection, "transport", "") == "local"
        return local and not self._task.async_val and not self._task.check_mode

    def _module(self, arguments: dict[str, t.Any], task_vars: dict[str, t.Any] | None) -> dict[str, t.Any]:
        done: dict[str, t.Any] = self._execute_module(
            module_name="golden.ami.codebuild_build",
            module_args=arguments,
            task_vars=task_vars,
            wrap_async=self._task.async_val,
        )
        return done
