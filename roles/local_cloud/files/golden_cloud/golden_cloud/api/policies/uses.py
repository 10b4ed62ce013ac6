# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was asked of whom, whether or not policies are enforced: the roles' actions on resources, each once, counted."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from golden_cloud.api.policies.asked.ask import ANY, Ask

MOST = 20_000
"""Different uses that are kept; what comes beyond is kept without its resource."""

_KEPT = ("iam:passedtoservice", "ec2:createaction", "kms:viaservice")
"""Condition keys that are kept: they tell apart what the same action on the same resource is for."""


@dataclass(frozen=True, order=True)
class Use:
    """An action on a resource by a role or a user."""

    principal: str
    """ARN; of a session that of its role."""
    action: str
    resource: str
    conditions: tuple[tuple[str, str], ...] = ()


@dataclass
class Count:
    allowed: int = 0
    denied: int = 0
    reason: str = ""
    """Of the last denial."""


class UseBook:
    """All uses of a cloud."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[Use, Count] = {}

    def allowed(self, principal: str, asks: Iterable[Ask]) -> None:
        with self._lock:
            for ask in asks:
                self._count(principal, ask).allowed += 1

    def denied(self, principal: str, ask: Ask, reason: str) -> None:
        with self._lock:
            count = self._count(principal, ask)
            count.denied += 1
            count.reason = reason

    def _count(self, principal: str, ask: Ask) -> Count:
        kept = tuple((key, value) for key in sorted(_KEPT) if isinstance(value := ask.context.get(key), str))
        use = Use(principal, ask.action, ask.resource, kept)
        if use not in self._counts and len(self._counts) >= MOST:
            use = Use(principal, ask.action, ANY, kept)
        return self._counts.setdefault(use, Count())

    def all(self) -> list[tuple[Use, Count]]:
        with self._lock:
            kept = [(use, Count(**vars(count))) for use, count in self._counts.items()]
        return sorted(kept, key=lambda pair: pair[0])

    def clear(self) -> int:
        with self._lock:
            number = len(self._counts)
            self._counts.clear()
            return number

    def dump(self) -> list[dict[str, Any]]:
        """As JSON has it."""
        return [describe(use, count) for use, count in self.all()]

    def load(self, documents: Iterable[dict[str, Any]]) -> None:
        """Go on where it ended."""
        with self._lock:
            for one in documents:
                conditions = tuple(sorted((str(k), str(v)) for k, v in one["conditions"].items()))
                use = Use(one["principal"], one["action"], one["resource"], conditions)
                self._counts[use] = Count(int(one["allowed"]), int(one["denied"]), str(one["reason"]))


def describe(use: Use, count: Count) -> dict[str, Any]:
    return {
        "principal": use.principal,
        "action": use.action,
        "resource": use.resource,
        "conditions": dict(use.conditions),
        "allowed": count.allowed,
        "denied": count.denied,
        "reason": count.reason,
    }
