# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What counts as a test that passed, and what a message says of one that did not."""

from __future__ import annotations

import pytest
from ansible_collections.golden.ami.plugins.module_utils._testing.cases import Case, Outcome, Ran, judged, shortened


@pytest.mark.parametrize(
    ("outcome", "good"), [("passed", True), ("skipped", True), ("failed", False), ("error", False)]
)
def test_one_bad_case_is_a_suite_that_failed(outcome: Outcome, good: bool) -> None:
    ran = Ran("goss", "goss", "boot", (Case("a"), Case("b", outcome)))
    assert ran.passed is good
    assert [case.name for case in ran.bad] == ([] if good else ["b"])
    assert ran.count(outcome) == (2 if outcome == "passed" else 1)


def test_a_suite_that_tests_nothing_has_not_passed() -> None:
    (nothing,) = judged([], "goss")
    assert (nothing.outcome, nothing.message.partition(",")[0]) == ("error", "there is no test in it")
    skipped = judged([Case("a", "skipped"), Case("b", "skipped")], "goss")
    assert skipped[-1].message.startswith("all 2 tests were skipped")
    assert judged([Case("a", "skipped"), Case("b")], "goss") == (Case("a", "skipped"), Case("b"))


def test_a_message_has_the_first_lines_of_why() -> None:
    case = Case("x", "failed", "first\n\n second\nthird\nfourth\nfifth")
    assert case.lines() == ["x: first", "second", "third", "fourth"]
    assert Case("x", "error", details="it broke").lines() == ["x: it broke"]
    assert Case("x", "failed").lines() == ["x: failed"]


def test_of_a_long_text_the_end_is_kept() -> None:
    assert shortened("short") == "short"
    long = shortened("a" * 9000 + "the end")
    assert long.startswith("…")
    assert long.endswith("the end")
    assert len(long) < 5000
