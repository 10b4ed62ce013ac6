# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens without a call: groups keep their size, and what is in the Recycle Bin comes to its end."""

from __future__ import annotations

import threading

from golden_cloud.api import runtime
from golden_cloud.api.autoscaling.backend import keep_all
from golden_cloud.api.ec2.bin import expire_all

SOON = 0.5
"""Seconds until a group is looked at again that waits for time to pass."""


class Keeper(threading.Thread):
    """Looks after all of it whenever the state has changed, and when something is due."""

    def __init__(self, cloud: runtime.Cloud) -> None:
        super().__init__(name="keeper", daemon=True)
        self._cloud = cloud

    def run(self) -> None:
        with self._cloud.lock:
            while not self._cloud.closing:
                self._cloud.wait_for_change(self._keep())

    @staticmethod
    def _keep() -> float | None:
        """Seconds until there is something to do though nothing else happens."""
        try:
            due = [SOON] if keep_all() else []
            following = expire_all()
        except Exception:
            runtime.LOG.exception("Auto Scaling groups and the Recycle Bin could not be looked after")
            return SOON
        return min([*due, *([following] if following is not None else [])], default=None)
