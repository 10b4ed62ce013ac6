# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""When AMIs are likely to be ready: by how long the one before took, and by how far their snapshots are."""

from __future__ import annotations

import dataclasses

DONE = 100.0
# EC2 says a percentage without its fraction.
_HALF = 0.5
# Between readings that are closer, in per cent, the rounding tells more than the copy.
_APART = 20.0
# By how much the rest of a copy may be faster or slower than what was seen of it, as a part, before its middle and after it.
_EARLY, _LATE = 0.5, 0.25


@dataclasses.dataclass(frozen=True)
class Reading:
    """How far the slowest was, in per cent, so many seconds after the wait began."""

    when: float
    percent: float


@dataclasses.dataclass(frozen=True)
class Outlook:
    """What is known of the end. C(before) is how many seconds the one before took, C(readings) are in order of time."""

    before: float | None = None
    readings: tuple[Reading, ...] = ()

    def seen(self, when: float, percent: float) -> Outlook:
        """With one more reading, if it says anything new: EC2 says nothing at first, and may say the same for long."""
        last = self.readings[-1].percent if self.readings else 0.0
        if percent <= last:
            return self
        return dataclasses.replace(self, readings=(*self.readings, Reading(when, percent)))

    @property
    def end(self) -> float | None:
        """The likely end, in seconds since the wait began; None when nobody knows."""
        if not self.readings:
            return self.before
        last, seen = self.readings[-1], self._by_progress()
        if self.before is None or last.percent >= DONE:
            return seen
        # The further it is, the less it matters how long the one before took; soon it does not matter at all.
        left = (1 - last.percent / DONE) ** 3
        return (1 - left) * seen + left * max(self.before, last.when)

    @property
    def doubt(self) -> float:
        """By how many seconds the end may be off, when there are readings."""
        last, end = self.readings[-1], self.end or 0.0
        pace = _LATE if last.percent >= DONE / 2 else _EARLY
        return pace * max(end - last.when, 0.0) + end * _HALF / DONE + 1.0

    def _by_progress(self) -> float:
        """By the pace since a reading that is far enough back: a copy may begin late, and does not go on evenly."""
        last = self.readings[-1]
        if last.percent >= DONE:
            return last.when
        far = [one for one in self.readings if one.percent <= last.percent - _APART]
        base = far[-1] if far else Reading(0.0, -_HALF)
        pace = (last.when - base.when) / (last.percent - base.percent)
        return last.when + pace * (DONE - _HALF - last.percent)
