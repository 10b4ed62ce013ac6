# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""When to ask EC2 next for AMIs that are waited for, and for what: their states, or how far their snapshots are.

Never are more calls made than by botocore's own waiter, whenever the AMIs get ready and whatever was expected. So the k-th
call for their states is never before 15 x (k - 1) seconds. And how far they are is asked with a call only that the waiter
had made by the last time that they were known not to be ready. What is saved before the likely end is spent around it.
"""

from __future__ import annotations

import dataclasses
import math

from .outlook import DONE, Outlook

# botocore's own waiter asks at 0, 15, 30… seconds.
_PACE = 15.0
_FIRST = 0.5
# Around the likely end: as often as the calls allow that are left, within these.
_DENSEST, _DENSE = 1.0, 2.5
_SPARSE = 30.0
# With fewer calls than these left the states are all that is asked for.
_FEW = 5
# When they are late: how long after a reading there is another one at least.
_AGAIN = 60.0


@dataclasses.dataclass(frozen=True)
class Asked:
    """So many calls were made by C(now). C(pending) is when it was known last that the AMIs are not ready.

    C(read) is when it was asked last how far they are, None before; C(readable) whether that can be asked.
    """

    calls: int
    now: float
    pending: float = 0.0
    read: float | None = None
    readable: bool = False

    @property
    def earliest(self) -> float:
        """When states may be asked for."""
        return max(_PACE * self.calls, self.now)

    @property
    def may_read(self) -> bool:
        return self.readable and 0 < self.calls <= int(self.pending / _PACE)

    def after_states(self, now: float) -> Asked:
        """There were some that are not ready, or it would be over."""
        return dataclasses.replace(self, calls=self.calls + 1, now=now, pending=now)

    def after_reading(self, now: float, percent: float | None) -> Asked:
        """EC2 may say 0, or nothing, of what it is done with; None is that it can't be asked."""
        pending = now if percent and percent < DONE else self.pending
        readable = self.readable and percent is not None
        return dataclasses.replace(self, calls=self.calls + 1, now=now, pending=pending, read=now, readable=readable)

    def saved(self, end: float) -> int:
        """The calls that are left until then."""
        return max(int(end / _PACE) + 1 - self.calls, 0)


@dataclasses.dataclass(frozen=True)
class Poll:
    """The next call, in seconds since the wait began. C(reads): how far they are, and not their states."""

    due: float
    reads: bool = False


def next_poll(asked: Asked, outlook: Outlook) -> Poll:
    if asked.read is not None and asked.read > asked.pending:
        # What was read last does not say that they are still being made.
        return Poll(asked.earliest)
    end = outlook.end
    if end is None:
        return _blindly(asked)
    if not outlook.readings:
        return _as_before(asked, end)
    return _by_progress(asked, outlook, end)


def _blindly(asked: Asked) -> Poll:
    """As botocore's waiter, but for how far they are."""
    if not asked.calls:
        return Poll(_FIRST)
    return _look(asked, _doubled(asked.read), 0.0) or Poll(asked.earliest)


def _doubled(read: float | None) -> float:
    """What said nothing is asked again when that may have changed."""
    return 0.0 if read is None else 2 * read + _PACE


def _look(asked: Asked, again: float, pause: float) -> Poll | None:
    """See how far they are, from C(again) on. Where no call is left after this pause, one of the waiter's is left out for it."""
    if asked.may_read and asked.now >= again:
        return Poll(asked.now, reads=True)
    left = asked.earliest <= asked.now + pause
    if left or not asked.readable or asked.calls < 2 or asked.earliest + _PACE < again:
        return None
    return Poll(asked.earliest + _PACE)


def _as_before(asked: Asked, end: float) -> Poll:
    """Nothing is known but how long the one before took."""
    # One half of the calls that the waiter makes more comes before the expected end, the other half after it.
    pause = max(_SPARSE, end / 40)
    saved = int(end / _PACE) + 1 - int(end / pause)
    dense = max(_FIRST, 1.02 * end + 0.5 - _DENSE * (saved // 2))
    if asked.now >= dense - 1:
        late = _look(asked, _doubled(asked.read), _DENSE) if asked.now > end else None
        return late or Poll(max(asked.earliest, asked.now + _DENSE))
    # A clock may say that it is a little earlier than was waited for.
    sparse = (math.floor(asked.now / pause + 0.1) + 1) * pause
    if sparse > dense - _PACE:
        return Poll(max(asked.earliest, dense))
    return Poll(sparse, reads=True) if asked.may_read else Poll(max(asked.earliest, sparse))


def _by_progress(asked: Asked, outlook: Outlook, end: float) -> Poll:
    """Each reading says more of what is left, so there is one just before they may be ready, and states are asked for then."""
    now, saved, read = asked.now, asked.saved(end), asked.read or 0.0
    may_read = asked.may_read and saved >= _FEW
    pause = min(max(2 * outlook.doubt / max(0.8 * saved, 1), _DENSEST), _DENSE)
    doubt = min(outlook.doubt, pause * saved / 2)
    if now < end - doubt - 1:
        due = min(end - doubt, now + max(_SPARSE, min(0.6 * (end - now), 2 * _SPARSE), now / 20))
        return Poll(due, reads=True) if may_read else Poll(max(asked.earliest, due))
    if now > end:
        # The later they are, the less anybody knows when they will be ready.
        pause = min(max(pause, (now - end) / 20), _PACE)
    late = _look(asked, read + max(_AGAIN, now / 3), pause) if now > end + doubt else None
    if late:
        return late
    if may_read and now - read > 3 * pause and outlook.doubt > 3 * pause:
        return Poll(now + pause, reads=True)
    return Poll(max(asked.earliest, now + pause))
