# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reliability suite's table counts what its rows reported."""

from __future__ import annotations

from reliability.summary import Report, lines, table


def phases(row: str, cls: str, call: str = "passed", teardown: str = "passed", leaked: int = 0) -> list[Report]:
    return [
        Report(row, cls, "setup", "passed", 1.0),
        Report(row, cls, "call", call, 2.0),
        Report(row, cls, "teardown", teardown, 0.5, leaked),
    ]


def test_a_row_fails_in_any_phase_and_once() -> None:
    found = lines(
        [
            *phases("a", "signals"),
            *phases("b", "signals", call="failed", teardown="failed", leaked=3),
            *phases("c", "signals", teardown="failed", leaked=1),
            *phases("d", "names"),
            Report("e", "names", "setup", "skipped", 0.1),
        ]
    )
    assert list(found) == ["names", "signals"]
    signals, names = found["signals"], found["names"]
    assert (signals.tried, signals.passed, len(signals.failed), signals.leaked) == (3, 1, 2, 4)
    assert (names.tried, names.passed, len(names.skipped), names.leaked) == (1, 1, 1, 0)
    assert signals.seconds == 10.5


def test_a_row_that_was_interrupted_has_not_passed() -> None:
    interrupted = [one for one in phases("a", "signals") if one.phase != "call"]
    assert (lines(interrupted)["signals"].tried, lines(interrupted)["signals"].passed) == (1, 0)


def test_the_last_lines_are_totals() -> None:
    printed = table(lines([*phases("a", "signals"), *phases("b", "names", call="failed", leaked=2)]), 7.4)
    assert printed[0].split() == [
        "class",
        "rows",
        "tried",
        "passed",
        "failed",
        "skipped",
        "leaked",
        "resources",
        "seconds",
    ]
    assert printed[-2].split() == ["total", "2", "1", "1", "0", "2", "7"]
    assert printed[-1] == "The whole suite took 7 s."
