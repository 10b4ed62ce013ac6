# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections.abc as c
import threading
import time

from .._ami.calls import AmiError, get_account, is_expired
from .._ami.cloud import Cloud

# After so long without a word of Packer's it is asked for the first time, and each time after twice as long, until it is
# the longest. Seconds.
_QUIET = 30.0
_LONGEST = 120.0
# After so many questions in a row that got no answer there is no way to STS, and it is not asked again.
_VAIN = 3


class CredentialsWatch:
    """Notices that credentials have expired while Packer says nothing.

    Packer's SDK takes EC2's answer for a clock that is wrong, and repeats each call for a minute and a half: all that
    it does in vain takes a quarter of an hour. STS costs nothing, and answers whatever the policy. C(ask) gives None when
    it does not.
    """

    def __init__(self, ask: c.Callable[[], bool | None]) -> None:
        self._ask = ask
        self._asking: threading.Thread | None = None
        self._answer = False
        self._vain = 0
        self._since = time.monotonic()
        self._pause = _QUIET

    @classmethod
    def of(cls, cloud: Cloud) -> CredentialsWatch:
        # Made here, for in a thread a failure of it could not end the module, but would print a result of it.
        sts = cloud.sts()

        def ask() -> bool | None:
            try:
                get_account(sts)
            except AmiError as error:
                return True if is_expired(error) else None
            return False

        return cls(ask)

    def heard(self) -> None:
        """Packer said something."""
        self._since = time.monotonic()
        self._pause = _QUIET

    def expired(self) -> bool:
        """Whether they are known to have expired. Does not wait: a signal to the module is heard all the same."""
        if self._answer:
            return True
        if self._vain >= _VAIN or (self._asking and self._asking.is_alive()):
            return False
        if time.monotonic() - self._since >= self._pause:
            self._since = time.monotonic()
            self._pause = min(self._pause * 2, _LONGEST)
            self._asking = threading.Thread(target=self._look, daemon=True)
            self._asking.start()
        return False

    def _look(self) -> None:
        try:
            answer = self._ask()
        except BaseException:  # noqa: BLE001
            # Whatever it is, a traceback in the middle of the module's output would make a good build a failed one; that
            # nothing is known of the credentials is all that follows from it.
            answer = None
        self._vain = self._vain + 1 if answer is None else 0
        self._answer = bool(answer)
