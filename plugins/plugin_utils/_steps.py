# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Show the steps of a module that tells them in its log, each with the time since the first.

Note that this plugin util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import re
import time

from ansible_collections.golden.ami.plugins.module_utils._packer.log import STEP_PREFIX
from ansible_collections.golden.ami.plugins.module_utils._packer.progress import clock
from ansible_collections.golden.ami.plugins.plugin_utils._screen import Heartbeat, show

_STEP = re.compile(rf"^\d\d:\d\d:\d\d {re.escape(STEP_PREFIX)}\[[^]]*\] (?P<text>.*)$")


class Steps:
    """Each step with the time since the first. C(what) is what goes on before there is one."""

    def __init__(self, what: str) -> None:
        self._began = time.monotonic()
        self._last = what
        self.heartbeat = Heartbeat(self._idle)

    def line(self, raw: str) -> None:
        step = _STEP.match(raw)
        if step:
            self._last = step["text"]
            self.heartbeat.beat()
            show(f"  [{self._clock()}] {self._last}")

    def _idle(self) -> None:
        show(f"  … still at it ({self._clock()}); the last was {self._last}")

    def _clock(self) -> str:
        return clock(time.monotonic() - self._began)
