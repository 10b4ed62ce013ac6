# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Show lines of a growing file while something else runs.

Ansible shows a task's output when the task has ended. A compile or an image build takes minutes, and a silent
screen looks like a hang. An action plugin starts its module, and this follower prints what is appended to a file.

Note that this plugin util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import codecs
import collections.abc as c
import contextlib
import os
import secrets
import tempfile
import threading
import time
import typing as t
from pathlib import Path
from types import TracebackType

from ansible.plugins.action import ActionBase
from ansible_collections.golden.ami.plugins.module_utils._packer.state import state_directory
from ansible_collections.golden.ami.plugins.plugin_utils._screen import Heartbeat, waiting_for_the_module
from ansible_collections.golden.ami.plugins.plugin_utils._threads import start_without_signals

Variables = dict[str, t.Any]
# From the path that the task names, or None, to the one that the module is given, for as long as the module runs.
Log = t.Callable[[str | None], contextlib.AbstractContextManager[str]]


class LiveFile:
    """Hand each complete line appended to a file to ``show``, from a thread, until the ``with`` block ends.

    ``path`` need not exist yet. What was in the file before the block began is not shown. ``interval`` is in
    seconds. Nothing that happens here may break the task that is followed: a file that cannot be read is silence,
    and a ``show`` that raises ends the display, not the task.
    """

    def __init__(self, path: str | Path, show: t.Callable[[str], None], interval: float = 0.25) -> None:
        self._path = Path(path)
        self._show = show
        self._interval = interval
        self._position = 0
        self._rest = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="golden-live", daemon=True)

    def __enter__(self) -> t.Self:
        try:
            self._position = self._path.stat().st_size
        except OSError:
            self._position = 0
        start_without_signals(self._thread)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(timeout=5)

    def _follow(self) -> None:
        try:
            while not self._ended.wait(self._interval):
                self._show_new(final=False)
            self._show_new(final=True)
        except Exception:  # the display is a courtesy: see the class's words
            self._ended.set()

    def _show_new(self, *, final: bool) -> None:
        lines = (self._rest + self._decoder.decode(self._read_new(), final)).split("\n")
        self._rest = "" if final else lines.pop()
        for line in lines:
            if text := line.rstrip("\r"):
                self._show(text)

    def _read_new(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                file.seek(self._position)
                data = file.read()
        except OSError:
            return b""
        self._position += len(data)
        return data


class Screen(t.Protocol):
    """Decides what of a log is shown."""

    heartbeat: Heartbeat

    def line(self, raw: str) -> None: ...


def kept_log(kind: str) -> Log:
    """Where the task names no file, one of that kind among the logs of this machine, which stays."""

    @contextlib.contextmanager
    def log(named: str | None) -> c.Iterator[str]:
        stamp = f"{time.strftime('%Y%m%d%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"
        yield named or str(state_directory() / "logs" / f"{kind}-{stamp}.log")

    return log


@contextlib.contextmanager
def passing_log(named: str | None) -> c.Iterator[str]:
    """Where the task names no file, one that goes when the module has ended."""
    if named:
        yield _expanded(named)
        return
    with tempfile.TemporaryDirectory(prefix="golden-live-") as directory:
        yield os.path.join(directory, "progress")


def run_followed(
    action: ActionBase, module: str, screen: t.Callable[[], Screen], task_vars: Variables | None, *, log: Log
) -> Variables:
    """Run the module of an action plugin, and hand what it adds to its C(log_path) to a screen; gives the module's result.

    Where nobody could follow, it is as if there were no action plugin.
    """
    arguments = dict(action._task.args)
    if not _can_follow(action):
        return _execute(action, module, arguments, task_vars)
    with log(arguments.get("log_path")) as path:
        seen = screen()
        with waiting_for_the_module(), seen.heartbeat, LiveFile(_expanded(path), seen.line):
            return _execute(action, module, {**arguments, "log_path": path}, task_vars)


def _can_follow(action: ActionBase) -> bool:
    """The log is on this machine, and somebody waits for the end."""
    local = getattr(action._connection, "transport", "") == "local"
    return local and not action._task.async_val and not action._task.check_mode


def _execute(action: ActionBase, module: str, arguments: Variables, task_vars: Variables | None) -> Variables:
    done: Variables = action._execute_module(
        module_name=module, module_args=arguments, task_vars=task_vars, wrap_async=action._task.async_val
    )
    return done


def _expanded(path: str) -> str:
    return os.path.expanduser(os.path.expandvars(str(path)))
