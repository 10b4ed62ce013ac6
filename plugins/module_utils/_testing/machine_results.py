# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What a run on one machine says: JUnit files, lines for a person, and why it failed."""

from __future__ import annotations

import collections.abc as c
import datetime
import pathlib
import typing as t

from .._ami import table
from . import junit
from .cases import Ran

# How many failing tests a message tells.
_TOLD = 10


def file_of(directory: pathlib.Path, name: str, ran: Ran) -> pathlib.Path:
    return directory / f"{name}-{ran.phase}-{ran.suite}.xml"


def write_report(directory: pathlib.Path, name: str, host: str, ran: Ran, now: datetime.datetime) -> None:
    """The JUnit file of one suite."""
    about = {"host": host, "phase": ran.phase}
    text = junit.render(f"{name} {ran.phase} {ran.suite}", ran, now.strftime("%Y-%m-%dT%H:%M:%S"), about)
    file = file_of(directory, name, ran)
    file.write_text(f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n', encoding="utf-8")


def failures(ran: c.Sequence[Ran]) -> list[str]:
    """Each failing test in a line or a few: of which suite, and what it says."""
    told = []
    for one in ran:
        for case in one.bad:
            first, *rest = case.lines()
            told.append("\n".join([f"{one.suite}: {first}", *(f"    {line}" for line in rest)]))
    return told


def message(name: str, ran: c.Sequence[Ran], directory: pathlib.Path) -> str:
    """The task's error."""
    found = failures(ran)
    count = sum(len(one.cases) for one in ran)
    shown = [f"  {line}" for entry in found[:_TOLD] for line in entry.splitlines()]
    more = [f"  and {len(found) - _TOLD} more"] if len(found) > _TOLD else []
    return "\n".join([f"{len(found)} of {count} tests of {name} failed:", *shown, *more, f"Reports: {directory}"])


def suite_line(directory: pathlib.Path, name: str, ran: Ran) -> dict[str, t.Any]:
    """A suite, for results."""
    return {
        "name": ran.suite,
        "engine": ran.engine,
        "tests": len(ran.cases),
        "failures": ran.count("failed"),
        "errors": ran.count("error"),
        "skipped": ran.count("skipped"),
        "seconds": round(ran.seconds, 1),
        "junit": str(file_of(directory, name, ran)),
        "log": ran.log,
    }


def lines(ran: c.Sequence[Ran]) -> list[str]:
    """A line for each suite, for a person."""
    rows = [
        (
            one.suite,
            "passed" if one.passed else "failed",
            f"{sum(case.good for case in one.cases)}/{len(one.cases)}",
            f"{one.seconds:.1f} s",
        )
        for one in ran
    ]
    return table.lines(rows)
