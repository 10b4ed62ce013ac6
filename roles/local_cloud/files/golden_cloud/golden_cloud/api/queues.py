# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQS: moto's queues, where a client that waits for messages keeps nobody else from anything."""

from __future__ import annotations

import time

from moto.sqs.models import Message, SQSBackend
from moto.sqs.responses import SQSResponse

from golden_cloud.api import runtime
from golden_cloud.api.service import CloudResponse

LOOK = 1.0
"""Seconds after which a queue is looked at again: a message can become visible though nothing happens."""


class CloudSQSBackend(SQSBackend):
    """moto's backend; it waits without holding the lock."""

    def receive_message(
        self,
        queue_name: str,
        count: int,
        wait_seconds_timeout: int,
        visibility_timeout: int,
        message_attribute_names: list[str] | None = None,
    ) -> list[Message]:
        cloud, end = runtime.current(), time.monotonic() + wait_seconds_timeout
        while True:
            found: list[Message] = super().receive_message(
                queue_name, count, 0, visibility_timeout, message_attribute_names
            )
            left = end - time.monotonic()
            if found or left <= 0 or cloud.closing:
                return found
            cloud.wait_for_change(min(left, LOOK))


class CloudSQSResponse(CloudResponse, SQSResponse):
    """Every operation of SQS that the catalogue lists."""
