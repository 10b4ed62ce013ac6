# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections.abc as c
import ctypes
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import typing as t

from .._ami.processes import ProcessId, ancestors, group_members, is_alive, marked_processes, watched_ancestors

# The environment variable by which everything that a run started is found again.
MARK = "GOLDEN_AMI_RUN"
_PR_SET_PDEATHSIG = 1
_POLL = 0.1
_WATCH = 0.5
# How long Packer may take to clean up after itself: it terminates the instance and waits for it.
_GRACE_INT = 90.0
_GRACE_TERM = 30.0
_GRACE_KILL = 5.0
# With credentials that have expired it cannot, and would try for a quarter of an hour.
_GRACE_EXPIRED = 30.0


class Stop(t.NamedTuple):
    """Why a process was ended before it was done."""

    kind: t.Literal["timeout", "signal", "orphan", "expired"]
    text: str


class SignalTrap:
    """Remembers INT, TERM and HUP instead of dying of them, so that what was begun can be cleaned up.

    Where HUP is ignored (under nohup) it stays so. INT is ignored in what a shell puts into the background,
    too, but Ansible handles it there all the same, and so does this.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self._before: dict[signal.Signals, t.Any] = {}

    def _remember(self, number: int, _frame: object) -> None:
        self.received = self.received or signal.Signals(number)

    def __enter__(self) -> SignalTrap:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._remember)
        return self

    def __exit__(self, *_exc: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


class AncestorWatch:
    """Notices that the process above Ansible's worker is gone (killed, hung up, its terminal closed)."""

    def __init__(self, watched: list[ProcessId] | None = None) -> None:
        self._watched = watched_ancestors(ancestors(os.getpid())) if watched is None else watched
        self._next = 0.0

    def lost(self) -> ProcessId | None:
        if time.monotonic() < self._next:
            return None
        self._next = time.monotonic() + _WATCH
        return next((identity for identity in self._watched if not is_alive(identity)), None)


def _die_with_parent() -> c.Callable[[], None]:
    """A function for the child: have the kernel send it TERM when this process is killed."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def apply() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return apply


class LineReader:
    """Reads what was added to a file as whole lines, wherever the ends of what was written are; the last one when C(final)."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._offset = 0
        self._rest = b""

    def read(self, *, final: bool = False) -> c.Iterator[str]:
        while chunk := os.pread(self._handle, 1 << 20, self._offset):
            self._offset += len(chunk)
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            for line in lines:
                yield self._text(line)
        if final and self._rest:
            rest, self._rest = self._rest, b""
            yield self._text(rest)

    @staticmethod
    def _text(line: bytes) -> str:
        return line.decode("utf-8", "replace").rstrip("\r")


class Supervised:
    """A command in a process group of its own, whose output is read line by line while it runs.

    The output goes through a nameless file instead of a pipe: were this process killed, a pipe would break,
    and Packer would die of writing to it instead of cleaning up.

    C(mark) is the variable by which what outlived it is found; None where it is the mark of somebody else's run.
    """

    def __init__(
        self,
        argv: list[str],
        *,
        environment: dict[str, str],
        directory: str,
        scratch: pathlib.Path,
        stdin: t.IO[bytes] | None = None,
        mark: str | None = MARK,
    ) -> None:
        self._output = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115 - lives as long as the process
        self._lines = LineReader(self._output.fileno())
        self._mark = f"{mark}={environment[mark]}".encode() if mark and mark in environment else None
        # pylint: disable-next=ansible-bad-function  # its output is read while it runs, and it is ended as a group
        self._process = subprocess.Popen(  # noqa: S603
            argv,
            env=environment,
            cwd=directory,
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent(),
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def run(
        self,
        on_line: c.Callable[[str], None],
        *,
        timeout: float | None,
        trap: SignalTrap,
        watch: AncestorWatch,
        expired: c.Callable[[], bool] = lambda: False,
    ) -> tuple[int, Stop | None]:
        """Read until the process ends, or until there is a reason to end it. Gives the exit status and the reason."""
        deadline = time.monotonic() + timeout if timeout else None
        stop: Stop | None = None
        try:
            while self._process.poll() is None and not stop:
                self._pump(on_line)
                stop = self._reason(deadline, timeout, trap, watch) or _expired(expired)
                if not stop:
                    time.sleep(_POLL)
            if stop:
                self._end(on_line, _GRACE_EXPIRED if stop.kind == "expired" else _GRACE_INT)
            code = self._process.wait()
            if code != 0:
                self._end_rest(on_line)
            self._pump(on_line, final=True)
        except BaseException:
            self._end(lambda _line: None)
            raise
        finally:
            if self._process.poll() is not None:
                self._output.close()
        return code, stop

    def _pump(self, on_line: c.Callable[[str], None], *, final: bool = False) -> None:
        for line in self._lines.read(final=final):
            on_line(line)

    @staticmethod
    def _reason(deadline: float | None, timeout: float | None, trap: SignalTrap, watch: AncestorWatch) -> Stop | None:
        if trap.received:
            return Stop("signal", f"the module got {trap.received.name}")
        if deadline and time.monotonic() >= deadline:
            return Stop("timeout", f"it took longer than the timeout of {timeout:g} s")
        lost = watch.lost()
        if lost:
            return Stop("orphan", f"the process {lost.pid} that waited for the result is gone")
        return None

    def _signal_group(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return

    def _end(self, on_line: c.Callable[[str], None], grace_int: float = 0.0) -> None:
        """Ask, insist, kill. Packer cleans up by itself when its group gets INT, so that comes first."""
        for number, grace in (
            (signal.SIGINT, grace_int or _GRACE_INT),
            (signal.SIGTERM, _GRACE_TERM),
            (signal.SIGKILL, _GRACE_KILL),
        ):
            if self._process.poll() is not None:
                return
            self._signal_group(number)
            self._wait(grace, lambda: self._process.poll() is not None, on_line)

    def _end_rest(self, on_line: c.Callable[[str], None]) -> None:
        """End what outlived its leader: Packer proper and its plugins, when the outer process was killed."""
        for number, grace in ((signal.SIGTERM, _GRACE_TERM), (signal.SIGKILL, _GRACE_KILL)):
            if not self._remaining():
                return
            self._signal_group(number)
            signal_all(self._marked(), number)
            self._wait(grace, lambda: not self._remaining(), on_line)

    def _marked(self) -> list[ProcessId]:
        return marked_processes(self._mark) if self._mark else []

    def _remaining(self) -> list[ProcessId]:
        return group_members(self._process.pid) or self._marked()

    def _wait(self, seconds: float, done: c.Callable[[], bool], on_line: c.Callable[[str], None]) -> None:
        until = time.monotonic() + seconds
        while not done() and time.monotonic() < until:
            self._pump(on_line)
            time.sleep(_POLL)


def _expired(expired: c.Callable[[], bool]) -> Stop | None:
    return (
        Stop("expired", "the credentials have expired: get new ones, that last as long as a build")
        if expired()
        else None
    )


def signal_all(processes: list[ProcessId], number: signal.Signals) -> None:
    for identity in processes:
        try:
            os.kill(identity.pid, number)
        except ProcessLookupError:
            continue


def end_marked(run_id: str) -> None:
    """End what a dead run left running on this machine."""
    mark = f"{MARK}={run_id}".encode()
    for number, grace in ((signal.SIGTERM, _GRACE_TERM), (signal.SIGKILL, _GRACE_KILL)):
        remaining = marked_processes(mark)
        if not remaining:
            return
        signal_all(remaining, number)
        until = time.monotonic() + grace
        while marked_processes(mark) and time.monotonic() < until:
            time.sleep(_POLL)
