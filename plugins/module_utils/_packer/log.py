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

# AnsibleAWSModule.warn hands warnings on in a way that ansible-core calls deprecated.
from ansible.module_utils.common.warnings import warn

from .progress import Progress
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
        self._handle: int | None = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._scrubber = scrubber
        self.progress = progress
        self.path = path
        self.lines: collections.deque[str] = collections.deque(maxlen=_KEPT)

    def write(self, text: str) -> None:
        """Write what was said, after the step that it begins, if it does."""
        for raw in text.splitlines():
            line = self._scrubber.text(raw)
            self._step(self.progress.hear(line))
            self.lines.append(line)
            self._put(line)

    def step(self, name: str, kind: str, about: str = "") -> None:
        """Write that the module begins something."""
        self._step(self.progress.enter(name, kind, about))

    def _step(self, line: str | None) -> None:
        if line:
            self._put(f"{STEP_PREFIX}{line}")

    def _put(self, line: str) -> None:
        if self._handle is None:
            return
        try:
            os.write(self._handle, f"{time.strftime('%H:%M:%S')} {line}\n".encode())
        except OSError as error:
            # What was launched needs its clean-up more than this.
            warn(f"The log {self.path} ends before the build does, which goes on: {error.strerror}.")
            self.close()

    def tail(self) -> list[str]:
        return list(self.lines)[-_TAIL:]

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
