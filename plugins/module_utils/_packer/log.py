# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections
import os
import pathlib
import time

from .progress import Progress, step_in
from .secrets import Scrubber
from .state import make_private

# By this the steps are told from what Packer says, by whoever follows the log.
STEP_PREFIX = "==> golden.ami: "
_TAIL = 30
_KEPT = 5000


def tell_step(path: pathlib.Path, text: str) -> None:
    """Show a step that comes before the run, and so before its log."""
    make_private(path.parent)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w", encoding="utf-8") as stream:
        stream.write(f"{time.strftime('%H:%M:%S')} {STEP_PREFIX}[0:00] {text}\n")


class RunLog:
    """The log of a run: what Packer said, without secrets, with the time, readable by its owner only."""

    def __init__(self, path: pathlib.Path, scrubber: Scrubber, progress: Progress) -> None:
        make_private(path.parent)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._stream = os.fdopen(handle, "w", encoding="utf-8", buffering=1)
        self._scrubber = scrubber
        self.progress = progress
        self.path = path
        self.lines: collections.deque[str] = collections.deque(maxlen=_KEPT)

    def write(self, text: str) -> None:
        """Write what was said, after the step that it begins, if it does."""
        for raw in text.splitlines():
            line = self._scrubber.text(raw)
            step = step_in(line)
            if step:
                self.step(step)
            self.lines.append(line)
            self._put(line)

    def step(self, name: str, about: str = "") -> None:
        line = self.progress.enter(name, about)
        if line:
            self._put(f"{STEP_PREFIX}{line}")

    def _put(self, line: str) -> None:
        self._stream.write(f"{time.strftime('%H:%M:%S')} {line}\n")

    def tail(self) -> list[str]:
        return list(self.lines)[-_TAIL:]

    def close(self) -> None:
        self._stream.close()
