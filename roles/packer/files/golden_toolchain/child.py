# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a program that takes minutes: watch it, count its lines, and never leave it behind.

The program gets a process group of its own. It is ended when this process is told to stop, and when this process'
own parent is gone (a killed Ansible worker sends no signal).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
import typing as t
from pathlib import Path

from golden_toolchain.errors import ToolchainError

POLL_SECONDS = 0.25
GRACE_SECONDS = 5.0
TAIL_LINES = 30
_PARENT = os.getppid()  # as early as can be: it may die at any time


class Stopped(BaseException):
    """The user, or the loss of the parent process, ended the work. Not an Exception: nobody may go on after it."""


_pending: list[str] = []
_spawning = False
_children: list[Child] = []


def stop_on_signals() -> None:
    """Turn the first INT, TERM or HUP into ``Stopped``, so that every ``finally`` runs. Later ones are ignored."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(number: int, _frame: object) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        reason = f"stopped by {signal.Signals(number).name}"
        if not _spawning:
            raise Stopped(reason)
        _pending.append(reason)

    for number in numbers:
        signal.signal(number, stop)


@contextlib.contextmanager
def _recorded() -> t.Iterator[None]:
    """Hold a signal back until a new process is written down: it must not be lost between birth and record."""
    global _spawning
    _spawning = True
    try:
        yield
    finally:
        _spawning = False
    if _pending:
        raise Stopped(_pending[0])


def stop_all() -> None:
    """End whatever was started and still runs."""
    for each in _children:
        each.stop()


class Child:
    """One running program; ``lines`` holds what it has printed (both streams) so far."""

    def __init__(self, argv: t.Sequence[str], *, cwd: Path, env: t.Mapping[str, str], nice: int = 0) -> None:
        prefix = ["nice", "-n", str(nice)] if nice else []
        self.argv = [*prefix, *argv]
        self.lines: list[str] = []
        with _recorded():
            self._process = self._start(cwd, env)
            self._reader = threading.Thread(target=self._read, daemon=True)
            self._reader.start()
            _children.append(self)

    def _start(self, cwd: Path, env: t.Mapping[str, str]) -> subprocess.Popen[str]:
        try:
            return subprocess.Popen(  # ended in stop(); a with block would wait for it without a limit
                self.argv,
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            raise ToolchainError(f"{self.argv[0]} cannot be started: {error.strerror}.") from error

    def _read(self) -> None:
        for line in t.cast("t.IO[str]", self._process.stdout):
            self.lines.append(line.rstrip("\n"))

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def code(self) -> int:
        """The exit status of a program that has ended."""
        return self._process.wait()

    @property
    def tail(self) -> str:
        return "\n".join(self.lines[-TAIL_LINES:])

    def stop(self) -> None:
        """End the whole process group, and have all its output. Harmless when the program has ended by itself."""
        if self.running:
            self._signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=GRACE_SECONDS)
            self._signal(signal.SIGKILL)  # also for those in the group that outlived the program
            self._process.wait()
        self._reader.join(timeout=GRACE_SECONDS)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def check_parent() -> None:
    """Stop when the process that started this one is gone."""
    if os.getppid() != _PARENT:
        raise Stopped("stopped: the process that started it is gone")


def watch(children: t.Sequence[Child], tick: t.Callable[[], None]) -> None:
    """Wait until all have ended, calling ``tick`` several times a second; end them when this process must stop."""
    try:
        while any(child.running for child in children):
            tick()
            check_parent()
            time.sleep(POLL_SECONDS)
    finally:
        for child in children:
            child.stop()


def run(
    argv: t.Sequence[str],
    *,
    cwd: Path,
    env: t.Mapping[str, str],
    nice: int = 0,
    tick: t.Callable[[Child], None] | None = None,
) -> Child:
    """Run one program to its end and return it, whatever its exit status."""
    child = Child(argv, cwd=cwd, env=env, nice=nice)
    watch([child], lambda: tick(child) if tick else None)
    return child


def ask(argv: t.Sequence[str], *, env: t.Mapping[str, str], cwd: Path | None = None, limit: float = 10) -> str | None:
    """Ask a program something that it answers at once: its output, or None when it fails or takes too long.

    Standard input is empty: a program of the same name that waits for input (cracklib's packer) must not hang us.
    """
    try:
        answer = subprocess.run(
            list(argv),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limit,
            check=False,
            start_new_session=True,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout if answer.returncode == 0 else None
