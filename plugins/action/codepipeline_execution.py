# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows how an execution of a pipeline goes on. The work is the module's, which does the same without this plugin."""

from __future__ import annotations

import os
import re
import tempfile
import time
import typing as t
from pathlib import Path

from ansible.plugins.action import ActionBase
from ansible_collections.golden.ami.plugins.module_utils._packer.log import STEP_PREFIX
from ansible_collections.golden.ami.plugins.module_utils._packer.progress import clock
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codepipeline_execution_progress import BUILD_PREFIX
from ansible_collections.golden.ami.plugins.plugin_utils._live import LiveFile
from ansible_collections.golden.ami.plugins.plugin_utils._screen import Heartbeat, show, waiting_for_the_module

_STAMP = re.compile(r"^\d\d:\d\d:\d\d ")
_MODULE = "golden.ami.codepipeline_execution"


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
        arguments = dict(self._task.args)
        if not self._can_follow():
            return {**result, **self._module(arguments, task_vars)}
        if named := arguments.get("log_path"):
            path = Path(os.path.expanduser(os.path.expandvars(str(named))))
            return {**result, **self._follow(path, arguments, task_vars)}
        with tempfile.TemporaryDirectory(prefix="golden-live-") as directory:
            return {**result, **self._follow(Path(directory, "progress"), arguments, task_vars)}

    def _follow(self, path: Path, arguments: dict[str, t.Any], task_vars: dict[str, t.Any] | None) -> dict[str, t.Any]:
        screen = _Screen()
        with waiting_for_the_module(), screen.heartbeat, LiveFile(path, screen.line):
            return self._module({**arguments, "log_path": os.fspath(path)}, task_vars)

    def _can_follow(self) -> bool:
        """The file is on this machine, and somebody waits for the end."""
        local = getattr(self._connection, "transport", "") == "local"
        return local and not self._task.async_val and not self._task.check_mode

    def _module(self, arguments: dict[str, t.Any], task_vars: dict[str, t.Any] | None) -> dict[str, t.Any]:
        done: dict[str, t.Any] = self._execute_module(
            module_name=_MODULE, module_args=arguments, task_vars=task_vars, wrap_async=self._task.async_val
        )
        return done
