# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for AMIs against botocore's own waiter: sooner, and with no more calls."""

from __future__ import annotations

import random
from statistics import mean

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.waiting import (
    GONE,
    MISSING,
    next_poll,
    wait_for_images,
)
from harness.waits import Clock, Images, by_botocore, by_ours
from hypothesis import given
from hypothesis import strategies as st

# EC2 does not take the same time each time.
SPREAD = 0.03


def moments(seed: int) -> list[tuple[float, float]]:
    """When copies are ready, and when that was expected by the one before."""
    chance = random.Random(seed)
    return [
        (took, took * (1 + chance.uniform(-SPREAD, SPREAD)))
        for took in (chance.uniform(60, 1800) for _number in range(200))
    ]


def test_noticed_within_a_fifth_of_the_delay_of_botocore() -> None:
    """The promise: at most 0.20 of botocore's delay, with no more calls, the one for what to expect included."""
    ours = [by_ours(ready, expected=expected, asked=1) for ready, expected in moments(1)]
    theirs = [by_botocore(ready) for ready, _expected in moments(1)]
    assert mean(one.delay for one in ours) <= 0.20 * mean(one.delay for one in theirs)
    assert all(mine.calls <= other.calls for mine, other in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("ready", [60.0, 91.5, 312.0, 599.0, 1200.0])
def test_noticed_within_three_seconds_of_what_was_expected(ready: float) -> None:
    assert 0 <= by_ours(ready, expected=ready).delay <= 0.20 * 15


@given(st.floats(0, 5000), st.one_of(st.none(), st.floats(-100, 5000)))
def test_never_more_calls_than_botocore(ready: float, expected: float | None) -> None:
    """Whatever was expected, and however wrong that was."""
    assert by_ours(ready, expected=expected).calls <= max(by_botocore(ready).calls, 1)


@given(st.floats(16, 5000))
def test_without_an_expectation_as_soon_as_botocore(ready: float) -> None:
    assert by_ours(ready, expected=None).delay <= 15


@given(st.floats(60, 3000))
def test_later_than_expected_as_soon_as_botocore(ready: float) -> None:
    assert by_ours(ready, expected=ready / 2).delay <= 15


def test_eight_cost_hardly_more_than_one() -> None:
    """The promise: at most 1.5 x the calls of waiting for one."""
    chance = random.Random(2)
    eight = [300 * (1 + chance.uniform(-SPREAD, SPREAD)) for _one in range(8)]
    assert by_ours(*eight, expected=300).calls <= 1.5 * by_ours(300, expected=300).calls


def test_the_first_call_is_soon_when_nothing_is_known() -> None:
    """A copy that is ready at once is not waited for, and a token of one that is gone is noticed."""
    assert next_poll(0, 0.0, None) < 1


def wait(images: Images, timeout: float = 10_000, **more: object) -> object:
    return wait_for_images(
        images.read,
        list(images.ready),
        timeout=timeout,
        clock=images.clock.time,
        sleep=images.clock.sleep,
        **more,  # type: ignore[arg-type]
    )


def test_the_timeout_says_what_was_reached() -> None:
    images = Images({"ami-1": 20.0, "ami-2": 5000.0})
    waited = wait(images, timeout=100)
    assert images.clock.now == 100
    assert waited.states == {"ami-1": "available", "ami-2": "pending"}  # type: ignore[attr-defined]
    assert waited.waiting == ["ami-2"]  # type: ignore[attr-defined]
    assert list(waited.seconds) == ["ami-1"]  # type: ignore[attr-defined]


def test_what_is_there_is_not_asked_for_again() -> None:
    asked: list[list[str]] = []
    clock = Clock()

    def read(ids: list[str]) -> dict[str, str]:
        asked.append(ids)
        return {one: "available" if one == "ami-1" or clock.now > 14 else "pending" for one in ids}

    wait_for_images(read, ["ami-1", "ami-2"], timeout=100, clock=clock.time, sleep=clock.sleep)
    assert asked == [["ami-1", "ami-2"], ["ami-2"]]


@pytest.mark.parametrize(
    ("told", "state", "after"),
    [
        # EC2 may need a moment to know what it has made.
        ([{}, {"ami-1": "pending"}, {"ami-1": "available"}], "available", 30),
        ([{"ami-1": "pending"}, {}], GONE, 15),
        ([{}, {}, {}], MISSING, 30),
        ([{"ami-1": "failed"}], "failed", 0.5),
    ],
)
def test_what_ends_a_wait(told: list[dict[str, str]], state: str, after: float) -> None:
    clock = Clock()
    waited = wait_for_images(lambda _ids: told.pop(0), ["ami-1"], timeout=1000, clock=clock.time, sleep=clock.sleep)
    assert waited.states == {"ami-1": state}
    assert (waited.seconds["ami-1"], told) == (after, [])


def test_only_until_ec2_knows_it() -> None:
    waited = wait_for_images(
        lambda _ids: {"ami-1": "pending"}, ["ami-1"], timeout=9, visible=True, sleep=lambda _s: None
    )
    assert (waited.states, waited.waiting, waited.calls) == ({"ami-1": "pending"}, [], 1)


def test_nothing_to_wait_for_costs_nothing() -> None:
    assert wait_for_images(lambda _ids: {}, [], timeout=9).calls == 0


@given(st.floats(1, 5000), st.floats(0, 5000), st.integers(0, 400))
def test_each_call_is_later_than_the_one_before(expected: float, now: float, polls: int) -> None:
    """A clock that says a little less than was waited for does not make it ask twice at once."""
    due = next_poll(polls, now, expected)
    assert due >= now
    assert next_poll(polls + 1, due - 1e-6, expected) > due + 0.9
