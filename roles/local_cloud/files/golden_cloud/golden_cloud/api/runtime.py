# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs: the configuration, the machines, the one lock, and the work that goes on behind a call.

moto's backends belong to the process and are not thread-safe, so there is one ``Cloud`` at a time and one lock.
The lock is held while a call is answered and never while a machine works.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from golden_cloud.api.faults.book import FaultBook
from golden_cloud.ports import Builders, Config, Machines, NoBuilders, NoRegistry, Registry

LOG = logging.getLogger("golden_cloud.api")

Job = Callable[[], None]


class Jobs:
    """Slow work in threads of its own; what has the same key happens one after the other, in order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._waiting: dict[str, deque[Job]] = {}

    def submit(self, key: str, job: Job) -> None:
        with self._lock:
            if key in self._waiting:
                self._waiting[key].append(job)
                return
            self._waiting[key] = deque([job])
        threading.Thread(target=self._work, args=(key,), name=f"job-{key}", daemon=True).start()

    def busy(self, key: str) -> bool:
        """Whether something with this key is under way."""
        with self._lock:
            return key in self._waiting

    def _work(self, key: str) -> None:
        while True:
            with self._lock:
                queue = self._waiting[key]
                if not queue:
                    del self._waiting[key]
                    self._idle.notify_all()
                    return
                job = queue.popleft()
            try:
                job()
            except Exception:
                LOG.exception("the work for %s failed", key)

    def wait(self, timeout: float) -> bool:
        """Wait until nothing is under way; False when ``timeout`` seconds were not enough."""
        with self._lock:
            return self._idle.wait_for(lambda: not self._waiting, timeout)


class Cloud:
    """The cloud that this process runs."""

    def __init__(
        self, config: Config, machines: Machines, builders: Builders | None = None, registry: Registry | None = None
    ) -> None:
        self.config = config
        self.machines = machines
        self.builders: Builders = builders or NoBuilders()
        self.registry: Registry = registry or NoRegistry()
        self.jobs = Jobs()
        self.faults = FaultBook()
        self.lock = threading.Lock()
        self.changed = threading.Event()
        self.closing = False
        self._moved = threading.Condition(self.lock)

    @contextmanager
    def unlocked(self) -> Iterator[None]:
        """Let other calls go on while this one waits for a machine; only for who holds the lock."""
        self.lock.release()
        try:
            yield
        finally:
            self.lock.acquire()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """For a job: change the state under the lock, and have it saved."""
        with self.lock:
            yield
            self._moved.notify_all()
        self.changed.set()

    def touched(self) -> None:
        """A call has changed the state: have it saved, and whoever waits look again. Only for who holds the lock."""
        self._moved.notify_all()
        self.changed.set()

    def wait_while(self, unsettled: Callable[[], bool]) -> None:
        """Let other calls go on until jobs have settled it; at most as long as a client can be kept waiting.

        Only for who holds the lock.
        """
        self._moved.wait_for(lambda: self.closing or not unsettled(), self.config.timings.patience)

    def wait_for_change(self, seconds: float | None) -> None:
        """Let others go on until something has changed, or for so long; only for who holds the lock."""
        if not self.closing:
            self._moved.wait(seconds)

    def close(self) -> None:
        """Keep nobody waiting any more."""
        with self.lock:
            self.closing = True
            self._moved.notify_all()

    @staticmethod
    def at_least(seconds: float, since: float) -> None:
        """Wait until ``seconds`` have passed since the monotonic time ``since``."""
        left = seconds - (time.monotonic() - since)
        if left > 0:
            time.sleep(left)


_current: Cloud | None = None


def install(cloud: Cloud) -> None:
    """Make ``cloud`` the one of this process."""
    global _current
    _current = cloud


def current() -> Cloud:
    """The cloud of this process."""
    if _current is None:
        raise RuntimeError("no local cloud has been created in this process")
    return _current
