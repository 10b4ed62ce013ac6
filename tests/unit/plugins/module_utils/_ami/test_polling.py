# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When EC2 is asked for what: each decision by itself. What they add up to is in test_waiting.py."""

from __future__ import annotations

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.outlook import Outlook
from ansible_collections.golden.ami.plugins.module_utils._ami.polling import Asked, Poll, next_poll
from hypothesis import given
from hypothesis import strategies as st

PERCENT = st.floats(0, 100)
OUTLOOKS = st.builds(
    lambda before, readings: _outlook(before, sorted(readings)),
    st.one_of(st.none(), st.floats(-100, 5000)),
    st.lists(st.tuples(st.floats(0, 5000), PERCENT), max_size=5),
)
READ = st.one_of(st.none(), st.floats(0, 5000))


def _outlook(before: float | None, readings: list[tuple[float, float]]) -> Outlook:
    outlook = Outlook(before)
    for when, percent in readings:
        outlook = outlook.seen(when, percent)
    return outlook


def test_the_first_call_is_soon_when_nothing_is_known() -> None:
    """A copy that is ready at once is not waited for, and a token of one that is gone is noticed."""
    assert next_poll(Asked(0, 0.0, readable=True), Outlook()) == Poll(0.5)


def test_without_progress_as_often_as_botocore() -> None:
    assert [next_poll(Asked(calls, 15.0 * (calls - 1)), Outlook()).due for calls in (1, 2, 3)] == [15, 30, 45]


def test_one_call_of_the_waiter_is_left_out_to_see_how_far_they_are() -> None:
    """The states first: how far they are matters only when they are not ready."""
    asked = Asked(2, 15.0, pending=15.0, readable=True)
    assert next_poll(asked, Outlook()) == Poll(45)
    asked = asked.after_states(45.0)
    assert next_poll(asked, Outlook()) == Poll(45, reads=True)


def test_when_that_says_nothing_it_is_asked_again_much_later() -> None:
    asked = Asked(3, 45.0, pending=45.0, readable=True).after_reading(45.0, 0.0)
    read = []
    while asked.now < 1000:
        poll = next_poll(asked, Outlook())
        read += [poll.due] if poll.reads else []
        asked = asked.after_reading(poll.due, 0.0) if poll.reads else asked.after_states(poll.due)
    assert read == [105, 225, 465, 945]


def test_where_it_can_never_be_asked_it_is_not_asked_again() -> None:
    asked = Asked(3, 45.0, pending=45.0, readable=True).after_reading(45.0, None)
    assert not asked.readable
    assert next_poll(asked, Outlook()) == Poll(60)


def test_what_is_said_to_be_done_is_looked_at_at_once() -> None:
    asked = Asked(3, 100.0, pending=100.0, readable=True).after_reading(130.0, 100.0)
    assert next_poll(asked, Outlook().seen(130.0, 100.0)) == Poll(130)


def test_nearer_to_the_end_it_is_asked_oftener() -> None:
    far = Asked(4, 90.0, pending=90.0, read=90.0, readable=True)
    assert next_poll(far, Outlook().seen(90.0, 10.0)).due >= 120
    near = Asked(12, 890.0, pending=890.0, read=890.0, readable=True)
    poll = next_poll(near, Outlook().seen(890.0, 99.0))
    assert (poll.reads, poll.due) == (False, 891.0)


@pytest.mark.parametrize(("read", "reads"), [(400.0, True), (940.0, False)])
def test_when_they_are_late_it_is_seen_how_far_they_are(read: float, reads: bool) -> None:
    asked = Asked(20, 950.0, pending=950.0, read=read, readable=True)
    assert next_poll(asked, Outlook().seen(400.0, 50.0)).reads is reads


@pytest.mark.parametrize("outlook", [Outlook(100.0), Outlook().seen(70.0, 70.0)])
def test_when_they_are_late_and_no_call_is_left_one_of_the_waiter_is_left_out_for_it(outlook: Outlook) -> None:
    asked = Asked(21, 300.0, pending=300.0, read=70.0, readable=True)
    assert next_poll(asked, outlook) == Poll(330)
    assert next_poll(asked.after_states(330.0), outlook) == Poll(330, reads=True)


@given(st.integers(0, 400), st.floats(0, 5000), OUTLOOKS, READ, st.booleans())
def test_each_call_is_one_that_botocore_would_have_made_by_then(
    calls: int, now: float, outlook: Outlook, read: float | None, readable: bool
) -> None:
    asked = Asked(calls, now, pending=now, read=read, readable=readable)
    poll = next_poll(asked, outlook)
    assert poll.due >= now
    assert poll.due >= 15 * calls or calls == 0
    # Should that call say that they are done, there is one left to see it, and botocore's waiter had made it too.
    assert not poll.reads or (readable and calls <= now // 15)


@given(st.floats(1, 5000), st.floats(0, 5000), st.integers(0, 400))
def test_each_call_is_later_than_the_one_before(before: float, now: float, calls: int) -> None:
    """A clock that says a little less than was waited for does not make it ask twice at once."""
    outlook = Outlook(before)
    due = next_poll(Asked(calls, now, pending=now), outlook).due
    assert due >= now
    assert next_poll(Asked(calls + 1, due - 1e-6, pending=now), outlook).due > due + 0.9
