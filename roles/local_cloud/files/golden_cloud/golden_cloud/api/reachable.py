# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether this cloud's own server takes connections: it comes after its jobs have begun, and goes before they end."""

from __future__ import annotations

import socket
import time

from golden_cloud.api import runtime

PAUSE = 0.2
"""Seconds between two tries."""


def wait() -> bool:
    """Wait until calls can be made; False when the cloud ends before. Not for who holds the lock."""
    cloud = runtime.current()
    while not cloud.closing:
        if _answers(cloud):
            return True
        time.sleep(PAUSE)
    return False


def _answers(cloud: runtime.Cloud) -> bool:
    try:
        with socket.create_connection((cloud.config.host, cloud.config.port), 1):
            return True
    except OSError:
        return False
