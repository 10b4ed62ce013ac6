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
import threading
import typing as t
from pathlib import Path
from types import TracebackType

from ansible_collections.golden.ami.plugins.plugin_utils._threads import start_without_signals


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
