# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The part of ``live_command`` that shows progress. The work, and the result, are the module's."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import threading
import typing as t
from pathlib import Path

from ansible.plugins.action import ActionBase
from ansible_collections.golden.ami.plugins.plugin_utils._live import LiveFile
from ansible_collections.golden.ami.plugins.plugin_utils._screen import show, waiting_for_the_module

_MODULE = "golden.ami.live_command"


class ActionModule(ActionBase):
    """Run the module, and show what grows in its progress file."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        super().run(tmp, task_vars)
        task_vars = task_vars or {}
        if self._connection.transport != "local" or self._task.check_mode:
            return self._execute(self._task.args, task_vars)
        if named := self._task.args.get("progress_file"):
            return self._follow(Path(named).expanduser(), task_vars)
        with tempfile.TemporaryDirectory(prefix="golden-live-") as directory:
            return self._follow(Path(directory, "progress"), task_vars)

    def _follow(self, path: Path, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        with LiveFile(path, lambda line: show(f"  {line}")), _ended_with_ansible(), waiting_for_the_module():
            return self._execute({**self._task.args, "progress_file": os.fspath(path)}, task_vars)

    def _execute(self, arguments: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        result: dict[str, t.Any] = self._execute_module(module_name=_MODULE, module_args=arguments, task_vars=task_vars)
        return result


@contextlib.contextmanager
def _ended_with_ansible() -> t.Iterator[None]:
    """Send TERM to the command when ansible-playbook is gone without a word (HUP, KILL, a closed terminal).

    Its worker, this process, would run on to the end of the task, with nobody to see the result. The worker leads a
    process group, in which module and command are too.
    """
    if os.getpgrp() != os.getpid():
        yield
        return
    ansible = os.getppid()
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(1.0):
            if os.getppid() != ansible:
                os.killpg(os.getpgrp(), signal.SIGTERM)
                return

    threading.Thread(target=watch, name="golden-ansible-watch", daemon=True).start()
    try:
        yield
    finally:
        ended.set()
