# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watches a machine while a build runs: whose command line holds a secret, and which file of the build anybody could read."""

from __future__ import annotations

import os
import stat
import threading
import typing as t
from pathlib import Path

PAUSE = 0.02


class Watch:
    """Looks every few hundredths of a second, from another thread. What lives shorter than that may be missed."""

    def __init__(self, secrets: list[str], temporary: Path) -> None:
        self._secrets = [secret.encode() for secret in secrets]
        self._temporary = temporary
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.command_lines: set[str] = set()
        self.open_files: set[str] = set()
        self.looks = 0

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_exc: t.Any) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(PAUSE):
            self.looks += 1
            self._processes()
            self._files()

    def _processes(self) -> None:
        # The machines of the local cloud are containers, so their processes are among these.
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            try:
                line = Path("/proc", name, "cmdline").read_bytes()
            except OSError:
                continue
            if any(secret in line for secret in self._secrets):
                self.command_lines.add(line.replace(b"\0", b" ").decode(errors="replace"))

    def _files(self) -> None:
        for directory, _names, files in os.walk(self._temporary):
            for name in files:
                path = Path(directory, name)
                try:
                    found = path.lstat()
                    if not stat.S_ISREG(found.st_mode) or found.st_size > 1 << 20:
                        continue
                    private = self._private(path)
                    if not private and any(secret in path.read_bytes() for secret in self._secrets):
                        self.open_files.add(str(path))
                except OSError:
                    continue

    def _private(self, path: Path) -> bool:
        """Whether a file or one of the directories above it keeps others out."""
        inside = [path, *path.parents][: len(path.relative_to(self._temporary).parts)]
        return any(one.stat().st_mode & 0o077 == 0 for one in inside)


def files_with(secrets: list[str], *directories: Path, except_for: tuple[str, ...] = ()) -> list[str]:
    """The files below these directories that hold one of the secrets; names in ``except_for`` are what they were planted in."""
    found = []
    for directory in directories:
        for parent, names, files in os.walk(directory):
            # The disks of the machines.
            names[:] = [name for name in names if name != "storage"]
            for name in files:
                path = Path(parent, name)
                if path.is_symlink() or not path.is_file() or any(name.endswith(end) for end in except_for):
                    continue
                content = path.read_bytes()
                if any(secret.encode() in content for secret in secrets):
                    found.append(str(path))
    return found
