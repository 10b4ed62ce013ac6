# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fault, and the call that it may apply to. Values only."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Action = Literal["error", "throttle", "delay", "drop_answer", "expire_credentials", "image_pending", "image_failed"]

IMAGE_ACTIONS = ("image_pending", "image_failed")
IMAGE_OPERATIONS = ("CreateImage", "CopyImage", "RegisterImage")


@dataclass(frozen=True)
class Fault:
    """What shall go wrong, and with which calls; ``None`` in a matcher means any."""

    id: str
    operation: str
    """A shell pattern of ``service:Operation``."""
    action: Action
    code: str | None = None
    message: str | None = None
    status: int | None = None
    seconds: float | None = None
    times: int | None = 1
    """How many calls it applies to, None for all."""
    skip: int = 0
    """How many matching calls go through first."""
    after: bool = False
    """For expire_credentials: the call itself is served still."""
    access_key: str | None = None
    account: str | None = None
    region: str | None = None
    user_agent: str | None = None
    """A part of it."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """What the call's parameters must contain; see ``choose.contains``."""

    def describe(self) -> dict[str, Any]:
        """The fault as the control API shows it."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Call:
    """What is known of a call before it is served."""

    service: str
    operation: str
    access_key: str
    account: str
    region: str
    user_agent: str
    parameters: Mapping[str, Any]
    """By the names of the service's model, as boto3 takes them."""
