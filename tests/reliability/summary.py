# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table at the end of the suite, made of what the tests reported."""

from __future__ import annotations

import collections.abc as c
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Report:
    """One phase of one row: ``phase`` is setup, call or teardown, ``outcome`` passed, failed or skipped."""

    row: str
    cls: str
    phase: str
    outcome: str
    seconds: float
    leaked: int = 0


@dataclass
class Line:
    """One class of rows."""

    rows: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)
    # Those whose test itself came to a good end: one that was interrupted did not.
    good: set[str] = field(default_factory=set)
    leaked: int = 0
    seconds: float = 0.0

    @property
    def tried(self) -> int:
        return len(self.rows - self.skipped)

    @property
    def passed(self) -> int:
        return len(self.good - self.failed)


def lines(reports: c.Iterable[Report]) -> dict[str, Line]:
    """The classes in the order of their names. A row that fails in any phase has failed."""
    found: dict[str, Line] = {}
    for report in reports:
        line = found.setdefault(report.cls, Line())
        line.rows.add(report.row)
        line.seconds += report.seconds
        line.leaked += report.leaked
        if report.outcome == "failed":
            line.failed.add(report.row)
        elif report.outcome == "skipped":
            line.skipped.add(report.row)
        elif report.phase == "call":
            line.good.add(report.row)
    return dict(sorted(found.items()))


def table(found: dict[str, Line], total_seconds: float) -> list[str]:
    """Lines for a person. The seconds of a class are those of its rows one after the other; the last line has the whole time."""
    width = max([len("class"), *map(len, found)])
    head = f"{'class':<{width}}  rows tried  passed  failed  skipped  leaked resources  seconds"
    rows = [_line(name, line, width) for name, line in found.items()]
    total = Line()
    for line in found.values():
        total.rows |= line.rows
        total.failed |= line.failed
        total.skipped |= line.skipped
        total.good |= line.good
        total.leaked += line.leaked
        total.seconds += line.seconds
    return [head, *rows, _line("total", total, width), f"The whole suite took {total_seconds:.0f} s."]


def _line(name: str, line: Line, width: int) -> str:
    return (
        f"{name:<{width}}  {line.tried:>10}  {line.passed:>6}  {len(line.failed):>6}  {len(line.skipped):>7}"
        f"  {line.leaked:>16}  {line.seconds:>7.0f}"
    )
