# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections.abc as c
import datetime

from . import calls
from .cloud import Cloud
from .owner import Owner, read_owner

# To take over takes seconds. Whoever says so longer is dead; the rest is for clocks that differ.
_TAKING_OVER = datetime.timedelta(minutes=15)


def lock_name(image: str, work: str = "build") -> str:
    return f"/golden/{image}/locks/{work}"


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class ParameterLock:
    """Lets one process of all machines in: an SSM parameter that whoever creates it owns.

    SSM knows create-if-absent, but no removal on a condition. So one whose owner is dead or late is removed by nobody
    but the owner of a second parameter, and that looks again before it does. The Region is the cloud's, unless one is given.
    What of an image it keeps others from is its C(work), a verb.
    """

    def __init__(self, cloud: Cloud, image: str, region: str | None = None, work: str = "build") -> None:
        self._cloud = cloud
        self._region = region
        self._work = work
        self.name = lock_name(image, work)
        self._takeover = f"/golden/{image}/locks/takeover"
        self._image = image

    def take(self, owner: Owner, is_dead: c.Callable[[Owner], bool]) -> str | None:
        """Take it; else the one who has it, for a sentence. One call when it is free."""
        if self._create(owner):
            return None
        text = calls.get_parameter(self._cloud.ssm(self._region), self.name)
        if text is None:
            return None if self._create(owner) else "another run, which was faster"
        current = read_owner(text)
        if current is None:
            return f"someone who wrote {text[:50]!r} into the SSM parameter {self.name}"
        if current.run == owner.run:
            # The answer to a first try got lost, and botocore tried again.
            return None
        if (
            (current.expired(_now()) or is_dead(current))
            and self._remove_of(current.run, owner)
            and self._create(owner)
        ):
            return None
        return current.said()

    def release(self, owner: Owner) -> None:
        """Give it back. One call, for until its time is over nobody else touches it."""
        if owner.expired(_now()):
            self._remove_of(owner.run, owner)
        else:
            calls.delete_parameter(self._cloud.ssm(self._region), self.name)

    def remove_of(self, run: str, by: Owner) -> bool:
        """Take away the lock of a run that is known to be over. One call when it has none.

        Whether it has none now. If not, somebody else is about to remove it.
        """
        return self._holder() != run or self._remove_of(run, by)

    def _create(self, owner: Owner) -> bool:
        return calls.create_parameter(
            self._cloud.ssm(self._region),
            self.name,
            owner.text(),
            f"golden.ami is to {self._work} {self._image}; goes when that is over",
        )

    def _remove_of(self, run: str, by: Owner) -> bool:
        """Be the only one who may remove the lock of another, and do so. Whether that run is known to have none."""
        ssm = self._cloud.ssm(self._region)
        until = (_now() + _TAKING_OVER).isoformat(timespec="microseconds")
        takeover = f"{by.run} until {until}"
        if not calls.create_parameter(ssm, self._takeover, takeover, "golden.ami removes the lock of a dead run"):
            self._drop_old_takeover()
            return False
        ours = True
        try:
            if self._holder() != run:
                return True
            # To whom this one seemed dead meanwhile may have removed the takeover, and the lock may be a new one.
            ours = calls.get_parameter(ssm, self._takeover) == takeover
            if ours:
                calls.delete_parameter(ssm, self.name)
            return ours
        finally:
            if ours:
                calls.delete_parameter(ssm, self._takeover)

    def _holder(self) -> str | None:
        """The run that has the lock, as far as that can be read."""
        text = calls.get_parameter(self._cloud.ssm(self._region), self.name)
        current = read_owner(text) if text else None
        return current.run if current else None

    def _drop_old_takeover(self) -> None:
        text = calls.get_parameter(self._cloud.ssm(self._region), self._takeover)
        if text and datetime.datetime.fromisoformat(text.rpartition(" ")[2]) < _now():
            calls.delete_parameter(self._cloud.ssm(self._region), self._takeover)
