# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Programs that this machine runs for the tests: each in a group of its own, and ended in time whatever it does."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import os
import pathlib
import signal
import time
import typing as t

from .._ami.processes import marked_processes
from .._packer.process import Stop, Supervised, signal_all
from .errors import Interrupted

# The environment variable by which everything that a run started is found again.
MARK = "GOLDEN_AMI_TEST"
_POLL = 0.2
_GRACE = 5.0
# Lines of a program that are kept.
_KEPT = 50_000


class Trap(t.Protocol):
    received: signal.Signals | None


class Watch(t.Protocol):
    def lost(self) -> object: ...


@dataclasses.dataclass(frozen=True)
class Ended:
    """How a program ended: its exit status, what it printed without what is secret, and the seconds that it took."""

    code: int
    lines: tuple[str, ...]
    seconds: float
    timed_out: bool = False

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


class Commands:
    """Runs programs; several threads may at a time. Raises Interrupted when the module is to end."""

    def __init__(
        self,
        run_id: str,
        scratch: pathlib.Path,
        environment: c.Mapping[str, str],
        scrub: c.Callable[[str], str],
        trap: Trap,
        watch: Watch,
    ) -> None:
        self.scratch = scratch
        self.scrub = scrub
        self._run_id = run_id
        self._environment = {**environment, MARK: run_id}
        self._trap = trap
        self._watch = watch

    @property
    def path(self) -> str:
        """Where programs are looked for."""
        return self._environment.get("PATH", os.defpath)

    def check(self) -> None:
        """Raise Interrupted when the module is to end."""
        if self._trap.received:
            raise Interrupted(f"the module got {self._trap.received.name}")
        if self._watch.lost():
            raise Interrupted("the process that waited for the result is gone")

    def pause(self, seconds: float) -> None:
        """Sleep, unless the module is to end."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.check()
            time.sleep(min(left, _POLL))

    def run(
        self,
        argv: c.Sequence[str],
        *,
        timeout: float,
        environment: c.Mapping[str, str] | None = None,
        directory: pathlib.Path | None = None,
        stdin: t.IO[bytes] | None = None,
    ) -> Ended:
        """Run it to its end, or to that of the timeout (seconds). Raises FileNotFoundError when there is no such program."""
        self.check()
        lines: list[str] = []

        def keep(line: str) -> None:
            if len(lines) < _KEPT:
                lines.append(self.scrub(line))

        began = time.monotonic()
        supervised = Supervised(
            list(argv),
            environment={**self._environment, **(environment or {})},
            directory=str(directory or self.scratch),
            scratch=self.scratch,
            stdin=stdin,
            # On a builder there is the mark of the build, which a test that fails must not end.
            mark=None,
        )
        code, stop = supervised.run(keep, timeout=timeout, trap=self._trap, watch=self._watch)  # type: ignore[arg-type]
        _refuse_to_go_on(stop)
        return Ended(code, tuple(lines), time.monotonic() - began, stop is not None)

    def end_rest(self) -> None:
        """End what programs left in the background, such as SSH connections that were to last."""
        mark = f"{MARK}={self._run_id}".encode()
        for number in (signal.SIGTERM, signal.SIGKILL):
            rest = [one for one in marked_processes(mark) if one.pid != os.getpid()]
            if not rest:
                return
            signal_all(rest, number)
            until = time.monotonic() + _GRACE
            while marked_processes(mark) and time.monotonic() < until:
                time.sleep(_POLL)


def _refuse_to_go_on(stop: Stop | None) -> None:
    if stop and stop.kind != "timeout":
        raise Interrupted(stop.text)
