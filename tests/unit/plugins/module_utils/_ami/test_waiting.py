# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for AMIs against botocore's own waiter: sooner, and with no more calls."""

from __future__ import annotations

import functools
import random
import typing as t
from statistics import mean

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.waiting import (
    GONE,
    MISSING,
    wait_for_images,
)
from harness.progress import FAIR, MISLEADING, Progress, evenly
from harness.waits import Clock, Images, Noticed, by_botocore, by_ours
from hypothesis import given
from hypothesis import strategies as st

How = t.Callable[[random.Random], Progress]
# EC2 does not take the same time each time.
SPREAD = 0.03


def moments(seed: int) -> list[tuple[float, float]]:
    """When copies are ready, and when that was expected by the one before."""
    chance = random.Random(seed)
    return [
        (took, took * (1 + chance.uniform(-SPREAD, SPREAD)))
        for took in (chance.uniform(60, 1800) for _number in range(200))
    ]


@functools.cache
def waits() -> list[tuple[float, Noticed]]:
    """When copies are ready, and when botocore's waiter notices it."""
    return [(ready, by_botocore(ready)) for ready, _expected in moments(3)[::2]]


def test_noticed_within_a_fifth_of_the_delay_of_botocore() -> None:
    """The promise: at most 0.20 of botocore's delay, with no more calls, the one for what to expect included."""
    ours = [by_ours(ready, expected=expected, asked=1) for ready, expected in moments(1)]
    theirs = [by_botocore(ready) for ready, _expected in moments(1)]
    assert mean(one.delay for one in ours) <= 0.20 * mean(one.delay for one in theirs)
    assert all(mine.calls <= other.calls for mine, other in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("ready", [60.0, 91.5, 312.0, 599.0, 1200.0])
def test_noticed_within_three_seconds_of_what_was_expected(ready: float) -> None:
    assert 0 <= by_ours(ready, expected=ready).delay <= 0.20 * 15


@given(
    st.lists(st.floats(0, 5000), min_size=1, max_size=3),
    st.one_of(st.none(), st.floats(-100, 5000)),
    st.one_of(st.none(), st.sampled_from((*FAIR, *MISLEADING))),
    st.integers(0, 1),
    st.randoms(use_true_random=False),
)
def test_never_more_calls_than_botocore(
    ready: list[float], expected: float | None, how: How | None, asked: int, chance: random.Random
) -> None:
    """Whatever was expected, and however wrong that was; whatever EC2 says of how far they are."""
    progress = how(chance) if how else None
    ours = by_ours(*ready, expected=expected, progress=progress, asked=asked)
    assert ours.calls <= max(by_botocore(*ready).calls, 1 + asked)


@pytest.mark.parametrize("how", FAIR)
@pytest.mark.parametrize("before", [None, (0.7, 1.4), (0.1, 0.3), (3, 9)])
def test_without_history_or_with_a_bad_one_progress_is_enough(how: How, before: tuple[float, float] | None) -> None:
    """For copies of which nothing is known, and for those that take much more or less than the one before."""
    chance = random.Random(3)
    ours = [
        by_ours(ready, expected=ready * chance.uniform(*before) if before else None, asked=1, progress=how(chance))
        for ready, _theirs in waits()
    ]
    theirs = [one for _ready, one in waits()]
    assert mean(one.delay for one in ours) <= 0.25 * mean(one.delay for one in theirs)
    assert sum(one.calls for one in ours) <= 0.75 * sum(one.calls for one in theirs)


@pytest.mark.parametrize("how", MISLEADING)
def test_progress_that_misleads_costs_little(how: How) -> None:
    """As soon as botocore's waiter, on the whole, and never much later."""
    chance = random.Random(4)
    ours = [by_ours(ready, expected=None, asked=1, progress=how(chance)).delay for ready, _theirs in waits()]
    assert mean(ours) <= 1.2 * mean(one.delay for _ready, one in waits())
    assert max(ours) <= 91


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


def wait(images: Images, timeout: float = 10_000, **more: object) -> object:
    return wait_for_images(
        images.read,
        list(images.ready),
        timeout=timeout,
        clock=images.clock.time,
        sleep=images.clock.sleep,
        **more,  # type: ignore[arg-type]
    )


def test_eight_by_their_progress_cost_hardly_more_than_one() -> None:
    """The slowest of them is what is waited for."""
    chance = random.Random(5)
    eight = [600 * (1 + chance.uniform(-SPREAD, SPREAD)) for _one in range(8)]
    one = by_ours(max(eight), expected=None, progress=evenly(chance))
    noticed = by_ours(*eight, expected=None, progress=evenly(chance))
    assert noticed.calls <= 1.5 * one.calls
    assert noticed.delay <= 3


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


def test_at_the_timeout_the_states_are_asked_for() -> None:
    """However far they are then."""
    images = Images({"ami-1": 500.0}, progress=lambda part: 100 * part)
    waited = wait_for_images(
        images.read,
        ["ami-1"],
        timeout=501,
        progress=images.read_progress,
        clock=images.clock.time,
        sleep=images.clock.sleep,
    )
    assert waited.states == {"ami-1": "available"}
    assert images.clock.now <= 501
    assert waited.calls == images.calls
