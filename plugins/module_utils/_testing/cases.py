# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What tests showed, whichever engine ran them. Values that call nothing."""

from __future__ import annotations

import dataclasses
import typing as t

Outcome = t.Literal["passed", "failed", "error", "skipped"]
BOOT, REBOOT = "boot", "reboot"
# On a machine that is there, as a builder.
BUILD = "build"
# How much of what one test said is told; the whole is in the log.
_LONGEST = 4000
_LINES = 4


@dataclasses.dataclass(frozen=True)
class Case:
    """One test. C(seconds) is how long it took; C(message) is why it did not pass, in a line or a few."""

    name: str
    outcome: Outcome = "passed"
    message: str = ""
    details: str = ""
    seconds: float = 0.0
    # What it is about, as JUnit's classname.
    subject: str = ""

    @property
    def good(self) -> bool:
        return self.outcome in {"passed", "skipped"}

    def lines(self) -> list[str]:
        """For a message: the name, and the first lines of why."""
        said = [line.strip() for line in (self.message or self.details).splitlines() if line.strip()]
        return [f"{self.name}: {said[0][:300] if said else self.outcome}", *(line[:300] for line in said[1:_LINES])]


@dataclasses.dataclass(frozen=True)
class Ran:
    """A suite that ran on an instance, after its first boot or after the reboot."""

    suite: str
    engine: str
    phase: str
    cases: tuple[Case, ...]
    seconds: float = 0.0
    log: str | None = None

    @property
    def passed(self) -> bool:
        return all(case.good for case in self.cases)

    def count(self, outcome: Outcome) -> int:
        return sum(case.outcome == outcome for case in self.cases)

    @property
    def bad(self) -> list[Case]:
        return [case for case in self.cases if not case.good]


def shortened(text: str) -> str:
    """The end of a long text, where what went wrong is."""
    return text if len(text) <= _LONGEST else f"…{text[-_LONGEST:]}"


def judged(cases: t.Sequence[Case], suite: str) -> tuple[Case, ...]:
    """The cases of a suite. One that tested nothing has shown nothing."""
    if any(case.outcome != "skipped" for case in cases):
        return tuple(cases)
    why = f"all {len(cases)} tests were skipped" if cases else "there is no test in it"
    return (*cases, Case(suite, "error", f"{why}, so it shows nothing: add a test, or take the suite out"))
