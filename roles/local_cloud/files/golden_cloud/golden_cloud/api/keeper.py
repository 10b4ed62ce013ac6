# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens without a call: groups keep their size, targets are asked, bins are emptied, pipelines go on."""

from __future__ import annotations

import threading
from collections.abc import Callable

from golden_cloud.api import runtime
from golden_cloud.api.autoscaling.backend import keep_all
from golden_cloud.api.codepipeline import work
from golden_cloud.api.ec2.bin import expire_all
from golden_cloud.api.elbv2 import backend as elbv2
from golden_cloud.api.events import firing
from golden_cloud.api.scheduler import model as scheduler

SOON = 0.5
"""Seconds until a group is looked at again that waits for time to pass."""


def _keep_groups() -> float | None:
    return SOON if keep_all() else None


KEPT: dict[str, Callable[[], float | None]] = {
    "Auto Scaling groups": _keep_groups,
    "the Recycle Bin": expire_all,
    "target groups": elbv2.keep_all,
    "pipelines": work.keep_all,
    "rules of EventBridge": firing.keep_all,
    "schedules": scheduler.keep_all,
}
"""What each has to do now; it tells the seconds until it has to do something though nothing else happens."""


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
        due = []
        for name, keep in KEPT.items():
            try:
                seconds = keep()
            except Exception:
                runtime.LOG.exception("%s could not be looked after", name)
                seconds = SOON
            due += [seconds] if seconds is not None else []
        return min(due, default=None)
