# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The log of a build on this machine: steps and lines with the time, without secrets, readable by its owner only."""

from __future__ import annotations

import os
import pathlib
import time

# AnsibleAWSModule.warn hands warnings on in a way that ansible-core calls deprecated.
from ansible.module_utils.common.warnings import warn

from .._packer.log import STEP_PREFIX
from .._packer.progress import clock
from .._packer.secrets import Scrubber
from .._packer.state import make_private
from .codebuild_calls import CodeBuildError


class BuildLog:
    """C(golden.ami.codebuild_build)'s action plugin shows what is written here. Without a path nothing is."""

    def __init__(self, path: str | None, scrubber: Scrubber) -> None:
        self._scrubber = scrubber
        self._began = time.monotonic()
        self._handle: int | None = None
        if path:
            try:
                make_private(pathlib.Path(path).parent)
                self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            except OSError as error:
                raise CodeBuildError(f"log_path: {path} cannot be written: {error.strerror}.") from error

    def step(self, text: str) -> None:
        self._put(f"{STEP_PREFIX}[{clock(time.monotonic() - self._began)}] {self._scrubber.text(text)}")

    def line(self, text: str) -> None:
        self._put(self._scrubber.text(text))

    def _put(self, line: str) -> None:
        if self._handle is None:
            return
        try:
            os.write(self._handle, f"{time.strftime('%H:%M:%S')} {line}\n".encode())
        except OSError as error:
            # To follow the build matters more than to show it.
            warn(f"The log on this machine ends before the build does, which goes on: {error.strerror}.")
            self.close()

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
