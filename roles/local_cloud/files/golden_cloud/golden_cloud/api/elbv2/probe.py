# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One question to one target, over the network, as a load balancer asks it."""

from __future__ import annotations

import re
import socket
import ssl
import time
from dataclasses import dataclass

from golden_cloud.api.elbv2.health_check import HealthCheck

USER_AGENT = "ELB-HealthChecker/2.0"
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([0-9]{3})[ \r]")
_ENOUGH = 64 * 1024
"""Bytes of an answer that are read; a target is spared the error of a reader that leaves."""


@dataclass(frozen=True)
class Outcome:
    """Whether the answer is one of a healthy target; otherwise AWS's code and words for why not."""

    passed: bool
    reason: str = ""
    description: str = ""


PASSED = Outcome(True)
FAILED = Outcome(False, "Target.FailedHealthChecks", "Health checks failed")
TIMED_OUT = Outcome(False, "Target.Timeout", "Request timed out")


def ask(check: HealthCheck, address: str, traffic_port: int, timeout: float) -> Outcome:
    """Ask, and wait for the answer for so many seconds and no longer."""
    end = time.monotonic() + timeout
    port = check.port_of(traffic_port)
    try:
        with socket.create_connection((address, port), timeout) as connection:
            if check.protocol == "TCP":
                return PASSED
            if check.protocol == "HTTP":
                return _judged(check, _status(connection, check, port, end))
            connection.settimeout(_left(end))
            # As of AWS's load balancers: what certificate a target has is not looked at.
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with context.wrap_socket(connection) as wrapped:
                return _judged(check, _status(wrapped, check, port, end))
    except TimeoutError:
        return TIMED_OUT
    except (OSError, ValueError):
        return FAILED


def _judged(check: HealthCheck, status: int | None) -> Outcome:
    if status is None:
        return FAILED
    if check.takes(status):
        return PASSED
    return Outcome(False, "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{status}]")


def _status(connection: socket.socket, check: HealthCheck, port: int, end: float) -> int | None:
    """The status that is answered; None when it is no answer of HTTP."""
    host = connection.getpeername()[0]
    lines = [
        f"GET {check.path} HTTP/1.1",
        f"Host: {host}:{port}",
        "Connection: close",
        f"User-Agent: {USER_AGENT}",
        "Accept-Encoding: gzip, compressed",
    ]
    connection.settimeout(_left(end))
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    answer = b""
    try:
        while len(answer) < _ENOUGH:
            connection.settimeout(_left(end))
            part = connection.recv(8192)
            if not part:
                break
            answer += part
    except OSError:
        # Its head may be there, and be enough.
        if b"\r\n\r\n" not in answer:
            raise
    found = _STATUS_LINE.match(answer)
    return int(found[1]) if found else None


def _left(end: float) -> float:
    """Seconds that are left; ``TimeoutError`` when none are."""
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
