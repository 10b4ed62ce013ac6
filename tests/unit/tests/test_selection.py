# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""With --one-row each test still runs."""

from __future__ import annotations

from harness.selection import selected
from hypothesis import given
from hypothesis import strategies as st

ROWS = st.lists(st.tuples(st.sampled_from("abcd"), st.booleans()))


def test_those_that_stand_for_a_test_or_its_first_row() -> None:
    rows = [("a", False), ("a", False), ("b", False), ("b", True), ("b", True), ("c", False)]
    assert selected(rows) == [0, 3, 4, 5]


@given(ROWS)
def test_no_test_is_left_out(rows: list[tuple[str, bool]]) -> None:
    kept = [rows[place] for place in selected(rows)]
    assert {test for test, _representative in kept} == {test for test, _representative in rows}
    assert [row for row in rows if row[1]] == [row for row in kept if row[1]]
    plain = [test for test, representative in kept if not representative]
    assert len(plain) == len(set(plain))
