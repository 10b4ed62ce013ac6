# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Following a build: its phases and the lines of its log, until it is over, the time is, or a signal comes."""

from __future__ import annotations

import collections
import collections.abc as c
import dataclasses
import time
import typing as t

from .._ami.calls import AmiError
from .._ami.steps import why
from .codebuild_build_result import Build, is_complete, message_of
from .codebuild_calls import Page

# CodeBuild says of a build once in so many seconds what it does: at first often, for those that fail at once.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 5.0
# A signal is heard this soon.
_TICK = 0.2
# Lines reach the log a little after they were said: when a build is over there may be some on the way.
_LATE = 1.0
_LATE_READINGS = 5
TAIL = 30

End = t.Literal["complete", "timeout", "interrupted"]


class Screen(t.Protocol):
    """Where a build is shown."""

    def step(self, text: str) -> None: ...

    def line(self, text: str) -> None: ...


@dataclasses.dataclass(frozen=True)
class World:
    """What following asks for: a build by its id, a page of a log, and whether somebody wants it to end, with the reason."""

    read_build: c.Callable[[], Build]
    read_log: c.Callable[[str, str, str | None], Page]
    interrupted: c.Callable[[], str | None]
    clock: c.Callable[[], float] = time.monotonic
    sleep: c.Callable[[float], None] = time.sleep


@dataclasses.dataclass(frozen=True)
class Followed:
    """How it ended, the build as it was last seen, and the reason of an interruption."""

    end: End
    build: Build
    reason: str | None = None


class Log:
    """The lines of a build's log as they come."""

    def __init__(self, world: World, screen: Screen, warn: c.Callable[[str], None]) -> None:
        self._world = world
        self._screen = screen
        self._warn = warn
        self._token: str | None = None
        self._closed = False
        self.tail: collections.deque[str] = collections.deque(maxlen=TAIL)

    def read(self, build: Build) -> int:
        """Show what is new, and say how many lines that were. CodeBuild names the place when the build has begun."""
        logs = build.get("logs") or {}
        group, stream = logs.get("groupName"), logs.get("streamName")
        off = (logs.get("cloudWatchLogs") or {}).get("status") == "DISABLED"
        count = 0
        while group and stream and not off and not self._closed:
            try:
                page = self._world.read_log(group, stream, self._token)
            except AmiError as error:
                # The build is not the worse for it.
                self._closed = True
                self._warn(f"The lines of the log cannot be shown: {why(error)}")
                break
            for message in page.lines:
                self._show(message)
            count += len(page.lines)
            over = not page.lines or page.token == self._token
            self._token = page.token
            if over:
                break
        return count

    def _show(self, message: str) -> None:
        for line in message.rstrip("\n").split("\n"):
            self.tail.append(line)
            self._screen.line(line)


class Phases:
    """Tells of each phase once when it begins and once when it has ended."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._told: set[tuple[str, str]] = set()

    def tell(self, build: Build) -> None:
        for phase in build.get("phases") or ():
            name, status = phase["phaseType"], phase.get("phaseStatus") or "begins"
            if (name, status) in self._told or name == "COMPLETED":
                continue
            self._told.add((name, status))
            self._screen.step(f"{name}: {status.lower().replace('_', ' ')}{_details(phase)}")


def _details(phase: Build) -> str:
    seconds = phase.get("durationInSeconds")
    said = message_of(phase)
    time_taken = f" ({seconds} s)" if seconds is not None and phase.get("phaseStatus") else ""
    return f"{time_taken}{f': {said}' if said else ''}"


def _pause(world: World, seconds: float) -> str | None:
    """Sleep, but for the reason to end, if one comes up."""
    until = world.clock() + seconds
    while True:
        reason = world.interrupted()
        left = until - world.clock()
        if reason or left <= 0:
            return reason
        world.sleep(min(_TICK, left))


def follow(world: World, log: Log, screen: Screen, *, timeout: float) -> Followed:
    """Until the build is over, the timeout, or a reason to end. The build runs on in the last two cases."""
    deadline = world.clock() + timeout
    phases = Phases(screen)
    pause = _FIRST_PAUSE
    while True:
        build = world.read_build()
        phases.tell(build)
        log.read(build)
        if is_complete(build):
            _read_late(world, log, build)
            return Followed("complete", build)
        left = deadline - world.clock()
        if left <= 0:
            return Followed("timeout", build)
        reason = _pause(world, min(pause, left))
        if reason:
            return Followed("interrupted", build, reason)
        pause = min(pause * 1.2, _LONGEST_PAUSE)


def _read_late(world: World, log: Log, build: Build) -> None:
    for _reading in range(_LATE_READINGS):
        if _pause(world, _LATE) or not log.read(build):
            return
