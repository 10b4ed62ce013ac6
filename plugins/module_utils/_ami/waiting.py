# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Waiting for AMIs: one call for all of them, and most of the calls when they are likely to be ready."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import math
import time

# EC2's name for what is not there yet; the second one is seen while a state changes.
PENDING = ("pending", "transient")
# What this module says of an id that EC2 does not know: never (MISSING), or not any more (GONE).
MISSING, GONE = "missing", "gone"

# botocore's own waiter asks at 0, 15, 30… seconds.
_PACE = 15.0
_FIRST = 0.5
_DENSE = 2.5
_SPARSE = 30.0
# EC2 may not know what it has just made: for this long it is asked again.
_GRACE = 30.0


def next_poll(polls: int, now: float, expected: float | None) -> float:
    """When to ask again, in seconds since the wait began, after so many calls.

    The k-th call is never before 15 x (k - 1) seconds: so whenever the AMI gets ready, botocore's waiter has called at
    least as often by the time that it is noticed. What is saved before C(expected) is spent around it.
    """
    earliest = max(_PACE * polls, now)
    if expected is None:
        return earliest if polls else _FIRST
    dense = _dense_from(expected)
    if now < dense - 1:
        pause = _sparse(expected)
        # A clock may say that it is a little earlier than was waited for.
        sparse = (math.floor(now / pause + 0.1) + 1) * pause
        return max(earliest, dense if sparse > dense - _PACE else sparse)
    return max(earliest, now + _DENSE)


def _sparse(expected: float) -> float:
    """How long to pause while it is too early: at most some 40 calls, for AMIs that are ready much sooner."""
    return max(_SPARSE, expected / 40)


def _dense_from(expected: float) -> float:
    """So that one half of the calls that are saved by then comes before the expected end, the other half after it."""
    saved = int(expected / _PACE) + 1 - int(expected / _sparse(expected))
    return max(_FIRST, 1.02 * expected + 0.5 - _DENSE * (saved // 2))


@dataclasses.dataclass(frozen=True)
class Waited:
    """What was reached: the last state of each, and after how many seconds it was final. C(calls) is how often EC2 was asked."""

    states: dict[str, str]
    seconds: dict[str, float]
    calls: int

    @property
    def waiting(self) -> list[str]:
        """Those that were not there yet when the time was over."""
        return [image_id for image_id in self.states if image_id not in self.seconds]


def wait_for_images(
    read: c.Callable[[list[str]], c.Mapping[str, str]],
    ids: c.Iterable[str],
    *,
    timeout: float,
    expected: float | None = None,
    asked: int = 0,
    visible: bool = False,
    clock: c.Callable[[], float] = time.monotonic,
    sleep: c.Callable[[float], None] = time.sleep,
) -> Waited:
    """Wait until each AMI is in a state that lasts. C(read) gives the states of those that EC2 knows, by one call.

    C(expected) is when that is likely, in seconds. C(asked) calls were made to find that out. C(visible): until EC2 knows
    them, no longer. At the timeout it is asked a last time, however soon after the call before.
    """
    began = clock()
    states = dict.fromkeys(ids, MISSING)
    seconds: dict[str, float] = {}
    calls, now = asked, 0.0
    while len(seconds) < len(states):
        due = min(next_poll(calls, now, expected), timeout)
        sleep(max(due - now, 0.0))
        open_ids = [image_id for image_id in states if image_id not in seconds]
        told = read(open_ids)
        calls += 1
        now = clock() - began
        for image_id in open_ids:
            seen = states[image_id] != MISSING
            states[image_id] = told.get(image_id, GONE if seen else MISSING)
            if _is_final(states[image_id], now, visible=visible):
                seconds[image_id] = now
        if now >= timeout:
            break
    return Waited(states, seconds, calls - asked)


def _is_final(state: str, now: float, *, visible: bool) -> bool:
    if state == MISSING:
        return now >= _GRACE
    return visible or state not in PENDING
