# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events as EventBridge knows them: a service that changes something tells it here, and the buses listen.

``publish`` may be called with or without the lock held; a listener must not block, so it takes note of the event and
does what follows in a job of its own.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from golden_cloud.api import runtime


@dataclass(frozen=True)
class Event:
    """An event of an AWS service, on its way to the default bus of its account and Region."""

    account_id: str
    region: str
    source: str
    """``aws.codecommit``."""
    detail_type: str
    """``CodeCommit Repository State Change``."""
    resources: tuple[str, ...]
    """ARNs."""
    detail: dict[str, Any]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    time: datetime = field(default_factory=lambda: datetime.now(UTC))

    def document(self) -> dict[str, Any]:
        """The event as targets get it."""
        return {
            "version": "0",
            "id": self.id,
            "detail-type": self.detail_type,
            "source": self.source,
            "account": self.account_id,
            "time": self.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self.region,
            "resources": list(self.resources),
            "detail": self.detail,
        }


Listener = Callable[[Event], None]

_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Have ``listener`` called with each event of this process from now on."""
    if listener not in _listeners:
        _listeners.append(listener)


def publish(event: Event) -> None:
    """Tell all listeners; one that fails keeps neither the others nor the publisher from going on."""
    for listener in _listeners:
        try:
            listener(event)
        except Exception:
            runtime.LOG.exception("%s of %s could not be delivered", event.detail_type, event.source)
