# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The file in which a module tells how an execution goes on, for whoever follows it."""

from __future__ import annotations

import os
import pathlib
import time
import types
import typing as t

from .._packer.log import STEP_PREFIX
from .._packer.progress import clock
from .._packer.state import make_private

# What a build says stands behind this, what the module says behind STEP_PREFIX.
BUILD_PREFIX = "    | "


class ProgressFile:
    """Writes lines with the time into a file that its owner reads; nowhere without a path."""

    def __init__(self, path: str | None) -> None:
        self._began = time.monotonic()
        self._handle: int | None = None
        if path:
            file = pathlib.Path(path)
            make_private(file.parent)
            self._handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def __enter__(self) -> t.Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def step(self, text: str) -> None:
        """Something about the execution."""
        self._put(f"{STEP_PREFIX}[{clock(time.monotonic() - self._began)}] {text}")

    def build(self, text: str) -> None:
        """What a build said."""
        self._put(f"{BUILD_PREFIX}{text}")

    def _put(self, line: str) -> None:
        if self._handle is not None:
            os.write(self._handle, f"{time.strftime('%H:%M:%S')} {line}\n".encode())
