# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults that there are, and how often each has had its turn; exact also when calls come at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from golden_cloud.api.faults.choose import Decision, Standing, choose
from golden_cloud.api.faults.fault import Call, Fault

Release = Callable[[], None]


class FaultBook:
    """All the faults of a cloud. Its lock is held for a decision and never while a fault is applied."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._standings: dict[str, Standing] = {}
        self._gone: dict[str, threading.Event] = {}
        self._held: dict[str, list[Release]] = {}
        self._count = 0

    def add(self, fault: Fault) -> dict[str, Any]:
        """Take up a fault under a new id; what is told of it."""
        with self._lock:
            self._count += 1
            fault = replace(fault, id=f"{fault.action.replace('_', '-')}-{self._count}")
            self._standings[fault.id] = Standing(fault)
            self._gone[fault.id] = threading.Event()
            return _told(self._standings[fault.id])

    def list(self) -> list[dict[str, Any]]:
        with self._lock:
            return [_told(standing) for standing in self._standings.values()]

    def remove(self, fault_id: str) -> bool:
        """Take a fault away: who it delays goes on, what it holds becomes what it would have been."""
        with self._lock:
            found = self._standings.pop(fault_id, None)
            if found is None:
                return False
            self._gone.pop(fault_id).set()
            held = self._held.pop(fault_id, [])
        for release in held:
            release()
        return True

    def clear(self) -> int:
        """Take all of them away; how many there were."""
        with self._lock:
            ids = list(self._standings)
        return sum(self.remove(fault_id) for fault_id in ids)

    def decide(self, call: Call) -> Decision:
        """What shall become of the call; it is counted at once."""
        with self._lock:
            if not self._standings:
                return Decision()
            decision = choose(self._standings.values(), call)
            for fault_id in decision.seen_by:
                self._standings[fault_id] = replace(self._standings[fault_id], seen=self._standings[fault_id].seen + 1)
            if decision.fault is not None:
                self._count_hit(decision.fault.id, decision, call)
            return decision

    def _count_hit(self, fault_id: str, decision: Decision, call: Call) -> None:
        standing = self._standings[fault_id]
        standing = replace(standing, hits=standing.hits + 1, applied=standing.applied + (not decision.expired))
        if standing.fault.action == "expire_credentials" and not standing.fault.after:
            standing = replace(standing, expired_keys=standing.expired_keys | {call.access_key})
        self._standings[fault_id] = standing

    def expire(self, fault_id: str, access_key: str) -> None:
        """From now on the fault refuses the key; not when it was removed meanwhile."""
        with self._lock:
            standing = self._standings.get(fault_id)
            if standing is not None:
                self._standings[fault_id] = replace(standing, expired_keys=standing.expired_keys | {access_key})

    def wait(self, fault_id: str, seconds: float) -> None:
        """Let the seconds pass, fewer when the fault is removed before."""
        with self._lock:
            gone = self._gone.get(fault_id)
        if gone is not None:
            gone.wait(seconds)

    def hold(self, fault_id: str, release: Release) -> bool:
        """Have ``release`` called when the fault is removed; False when it was removed already."""
        with self._lock:
            if fault_id not in self._standings:
                return False
            self._held.setdefault(fault_id, []).append(release)
            return True


def _told(standing: Standing) -> dict[str, Any]:
    return {
        **standing.fault.describe(),
        "hits": standing.hits,
        "expired_keys": sorted(standing.expired_keys),
    }
