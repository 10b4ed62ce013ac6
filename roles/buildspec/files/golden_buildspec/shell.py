# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One shell that runs command after command, so that what one of them sets is there for the next."""

from __future__ import annotations

import os
import subprocess
import tempfile
import types
from pathlib import Path

# Each line of the first pipe is a file to run; how it ended goes to the second. A command may leave the shell.
_LOOP = """\
exec 3<"$1" 4>"$2"
trap 'echo "left $?" >&4' EXIT
while IFS= read -r golden_command <&3; do
  . "$golden_command"
  echo "ended $?" >&4
done
trap - EXIT
"""
_KILLED = 137


class Shell:
    """Starts with its first command, and anew after one that left it. Its output is that of this process."""

    def __init__(self, program: str, directory: Path, environment: dict[str, str]) -> None:
        self._program = program
        self._directory = directory
        self._environment = environment
        self._files = tempfile.TemporaryDirectory(prefix="golden-buildspec-")
        self._session: _Session | None = None

    def __enter__(self) -> Shell:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        if self._session:
            self._session.end()
        self._files.cleanup()

    def run(self, command: str) -> int:
        """Run a command to its end; its exit status."""
        if self._session is None:
            self._session = _Session(self._program, self._directory, self._environment, Path(self._files.name))
        how, status = self._session.run(command)
        if how != "ended":
            self._session.end()
            self._session = None
        return status


class _Session:
    def __init__(self, program: str, directory: Path, environment: dict[str, str], files: Path) -> None:
        self._file = files / "command.sh"
        asked, told = files / "asked", files / "told"
        for pipe in (asked, told):
            pipe.unlink(missing_ok=True)
            os.mkfifo(pipe, 0o600)
        self._process = subprocess.Popen(
            [program, "-c", _LOOP, "buildspec", str(asked), str(told)],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
        )
        # In the order in which the shell opens them: each waits for the other end.
        self._asked = asked.open("w", encoding="utf-8", buffering=1)
        self._told = told.open(encoding="utf-8")

    def run(self, command: str) -> tuple[str, int]:
        """How it ended, and its exit status."""
        self._file.write_text(f"{command}\n", encoding="utf-8")
        self._asked.write(f"{self._file}\n")
        how, _space, status = self._told.readline().partition(" ")
        # One that was killed says nothing.
        return (how, int(status)) if status else ("killed", _KILLED)

    def end(self) -> None:
        self._asked.close()
        self._told.close()
        self._process.wait()
