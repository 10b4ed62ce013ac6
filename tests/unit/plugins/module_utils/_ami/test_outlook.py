# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When AMIs are likely to be ready, by the one before and by how far they are."""

from __future__ import annotations

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.outlook import Outlook
from hypothesis import given
from hypothesis import strategies as st


def seen(*readings: tuple[float, float], before: float | None = None) -> Outlook:
    outlook = Outlook(before)
    for when, percent in readings:
        outlook = outlook.seen(when, percent)
    return outlook


def test_without_anything_nobody_knows() -> None:
    assert Outlook().end is None
    assert Outlook(300.0).end == 300.0


def test_what_ec2_says_at_first_and_again_is_no_news() -> None:
    outlook = seen((30, 0), (60, 10), (90, 10), (120, 8))
    assert [one.percent for one in outlook.readings] == [10]
    assert seen((30, 0), before=300.0).end == 300.0


@given(st.floats(60, 3000), st.floats(0.1, 0.98))
def test_what_goes_evenly_ends_when_it_says(takes: float, part: float) -> None:
    """Within what EC2 rounds off."""
    outlook = seen((part * takes, int(100 * part)))
    assert outlook.end == pytest.approx(takes, rel=0.5 / int(100 * part) + 0.006)


def test_what_began_late_goes_by_its_pace_since() -> None:
    """Nothing in the first 200 seconds, then one per cent in four."""
    assert seen((208, 2), (400, 50)).end == pytest.approx(600, abs=5)


def test_the_further_it_is_the_less_the_one_before_matters() -> None:
    """By their progress alone they take 400 seconds."""
    ends = [seen((4.0 * percent, percent), before=800.0).end for percent in (10, 50, 90)]
    assert ends == [pytest.approx(690, abs=10), pytest.approx(450, abs=5), pytest.approx(400, abs=5)]


def test_what_is_done_is_not_expected_later() -> None:
    assert seen((100, 40), (170, 100), before=800.0).end == 170


def test_the_doubt_shrinks_with_what_is_left() -> None:
    doubts = [seen((4.0 * percent, percent)).doubt for percent in (10, 50, 90, 99)]
    assert doubts == sorted(doubts, reverse=True)
    assert doubts[-1] < 5


@given(st.one_of(st.none(), st.floats(1, 5000)), st.lists(st.tuples(st.floats(0, 5000), st.floats(0, 100))))
def test_the_end_is_never_before_the_last_reading(before: float | None, readings: list[tuple[float, float]]) -> None:
    outlook = seen(*sorted(readings), before=before)
    if outlook.readings:
        assert outlook.end is not None
        assert outlook.end >= outlook.readings[-1].when - 0.01 * outlook.readings[-1].when
        assert outlook.doubt >= 1
