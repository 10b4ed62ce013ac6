# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines for a person who waits: one when a step begins, one at least every ten seconds, one when it ends."""

from __future__ import annotations

import time
import typing as t
from contextlib import contextmanager
from pathlib import Path

QUIET_SECONDS = 10.0


def clock(seconds: float) -> str:
    """A duration as ``01:20``, or ``1:02:03`` from an hour on."""
    whole = int(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes:02}:{whole % 60:02}"


class Step:
    """A part of the work that takes a while. ``tick`` may be called often: it speaks seldom."""

    def __init__(self, say: t.Callable[[str], None], text: str, now: t.Callable[[], float]) -> None:
        self._say = say
        self._text = text
        self._now = now
        self._began = self._spoke = now()

    @property
    def elapsed(self) -> float:
        return self._now() - self._began

    def tick(self, detail: str = "") -> None:
        if self._now() - self._spoke < QUIET_SECONDS:
            return
        self._spoke = self._now()
        self._say(f"{self._text} … {clock(self.elapsed)} elapsed{', ' if detail else ''}{detail}")


class Progress:
    """Append lines to a file that somebody follows; without a file, to nothing."""

    def __init__(self, path: Path | None, now: t.Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._now = now
        self.durations: dict[str, float] = {}

    def say(self, text: str) -> None:
        if self._path is None:
            return
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")

    @contextmanager
    def step(self, text: str, hint: str = "") -> t.Iterator[Step]:
        """Announce a step, and say how long it took when it has succeeded."""
        self.say(f"{text} …{' ' if hint else ''}{hint}")
        step = Step(self.say, text, self._now)
        yield step
        self.durations[text] = round(step.elapsed, 1)
        self.say(f"{text}: done in {clock(step.elapsed)}")
