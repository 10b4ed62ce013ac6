# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Waiting for AMIs: one call for all of them, and most of the calls when they are likely to be ready."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import time

from .outlook import Outlook
from .polling import Asked, next_poll

# EC2's name for what is not there yet; the second one is seen while a state changes.
PENDING = ("pending", "transient")
# What this module says of an id that EC2 does not know: never (MISSING), or not any more (GONE).
MISSING, GONE = "missing", "gone"

# EC2 may not know what it has just made: for this long it is asked again.
_GRACE = 30.0

# One call about AMIs: the states of those that EC2 knows; how far the slowest of them is, in per cent.
States = c.Callable[[list[str]], c.Mapping[str, str]]
Progress = c.Callable[[list[str]], "float | None"]


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
    read: States,
    ids: c.Iterable[str],
    *,
    timeout: float,
    progress: Progress | None = None,
    expected: float | None = None,
    asked: int = 0,
    visible: bool = False,
    clock: c.Callable[[], float] = time.monotonic,
    sleep: c.Callable[[float], None] = time.sleep,
) -> Waited:
    """Wait until each AMI is in a state that lasts.

    C(progress) may say 0 while it does not know yet, and None when it never will; it saves calls, and nothing else depends on
    it. C(expected) is when they are likely to be ready, in seconds. C(asked) calls were made to find that out. C(visible):
    until EC2 knows them, no longer. At the timeout the states are asked for a last time, however soon after the call before.
    """
    began = clock()
    states = dict.fromkeys(ids, MISSING)
    seconds: dict[str, float] = {}
    so_far = Asked(asked, 0.0, readable=progress is not None and not visible)
    outlook = Outlook(expected)
    while len(seconds) < len(states):
        poll = next_poll(so_far, outlook)
        sleep(max(min(poll.due, timeout) - so_far.now, 0.0))
        open_ids = [image_id for image_id in states if image_id not in seconds]
        if progress and poll.reads and poll.due < timeout:
            percent = progress(open_ids)
            so_far = so_far.after_reading(clock() - began, percent)
            outlook = outlook.seen(so_far.now, percent or 0.0)
            continue
        told = read(open_ids)
        so_far = so_far.after_states(clock() - began)
        for image_id in open_ids:
            seen = states[image_id] != MISSING
            states[image_id] = told.get(image_id, GONE if seen else MISSING)
            if _is_final(states[image_id], so_far.now, visible=visible):
                seconds[image_id] = so_far.now
        if so_far.now >= timeout:
            break
    return Waited(states, seconds, so_far.calls - asked)


def _is_final(state: str, now: float, *, visible: bool) -> bool:
    if state == MISSING:
        return now >= _GRACE
    return visible or state not in PENDING
