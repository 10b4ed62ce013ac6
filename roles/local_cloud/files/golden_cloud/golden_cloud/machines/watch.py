# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notice at once that a machine has ended, without asking podman again and again."""

from __future__ import annotations

import logging
import os
import select
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class Watch:
    """Calls *ended* with the instance id, in a thread of its own, when a watched process is gone."""

    def __init__(self, ended: Callable[[str], None]) -> None:
        self._ended = ended
        self._lock = threading.Lock()
        self._handles: dict[int, str] = {}
        self._poll = select.epoll()
        self._closed = False
        threading.Thread(target=self._loop, name="machine-watch", daemon=True).start()

    def add(self, instance_id: str, pid: int) -> None:
        """Watch the machine whose init is *pid*; replaces what was watched under that id."""
        self.forget(instance_id)
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            threading.Thread(target=self._tell, args=(instance_id,), daemon=True).start()
            return
        with self._lock:
            self._handles[handle] = instance_id
            self._poll.register(handle, select.EPOLLIN)

    def forget(self, instance_id: str) -> None:
        """Watch it no more: it is about to be stopped on purpose."""
        with self._lock:
            for handle in [handle for handle, name in self._handles.items() if name == instance_id]:
                self._remove(handle)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for handle in list(self._handles):
                self._remove(handle)

    def _remove(self, handle: int) -> None:
        del self._handles[handle]
        self._poll.unregister(handle)
        os.close(handle)

    def _loop(self) -> None:
        while not self._closed:
            for handle, _event in self._poll.poll(timeout=1):
                with self._lock:
                    instance_id = self._handles.get(handle)
                    if instance_id is None:
                        continue
                    self._remove(handle)
                threading.Thread(target=self._tell, args=(instance_id,), daemon=True).start()

    def _tell(self, instance_id: str) -> None:
        try:
            self._ended(instance_id)
        except Exception:
            log.exception("%s ended, and seeing to it failed", instance_id)
