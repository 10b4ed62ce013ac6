# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a target group asks its targets, and what it takes for a healthy answer."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from golden_cloud.api.elbv2.words import invalid

TRAFFIC_PORT = "traffic-port"
_OF_HTTP, _OF_TCP = ("HTTP", "HTTPS"), ("TCP", "HTTP", "HTTPS")
_CODES = re.compile(r"[0-9]{3}(?:-[0-9]{3})?(?:,[0-9]{3}(?:-[0-9]{3})?)*")
_BOUNDS = {
    "HealthCheckIntervalSeconds": (5, 300),
    "HealthCheckTimeoutSeconds": (2, 120),
    "HealthyThresholdCount": (2, 10),
    "UnhealthyThresholdCount": (2, 10),
}


@dataclass(frozen=True)
class HealthCheck:
    """The settings of a target group."""

    protocol: str
    port: str
    """A number, or ``traffic-port``: where the target gets its traffic."""
    interval: int
    timeout: int
    healthy: int
    """Answers in a row after which an unhealthy target is healthy again."""
    unhealthy: int
    path: str | None = None
    """None for TCP, which is a connection that is made."""
    codes: str | None = None

    def port_of(self, traffic_port: int) -> int:
        return traffic_port if self.port == TRAFFIC_PORT else int(self.port)

    def takes(self, status: int) -> bool:
        """Whether a status of HTTP is one of a healthy target."""
        return any(low <= status <= high for low, high in ranges(self.codes or ""))

    def describe(self) -> dict[str, Any]:
        told = {
            "HealthCheckProtocol": self.protocol,
            "HealthCheckPort": self.port,
            "HealthCheckEnabled": True,
            "HealthCheckIntervalSeconds": self.interval,
            "HealthCheckTimeoutSeconds": self.timeout,
            "HealthyThresholdCount": self.healthy,
            "UnhealthyThresholdCount": self.unhealthy,
        }
        more = {"HealthCheckPath": self.path, "Matcher": {"HttpCode": self.codes}} if self.path else {}
        return told | more


def ranges(codes: str) -> list[tuple[int, int]]:
    """``200,300-399`` as first and last of each part."""
    parts = [part.partition("-") for part in codes.split(",") if part]
    return [(int(low), int(high or low)) for low, _dash, high in parts]


def new(of_http: bool, given: Mapping[str, Any]) -> HealthCheck:
    """What CreateTargetGroup asks for; ``of_http`` for the target groups of application load balancers."""
    protocol = str(given.get("HealthCheckProtocol") or ("HTTP" if of_http else "TCP"))
    return _with(of_http, _usual(of_http, protocol), given)


def changed(of_http: bool, known: HealthCheck, given: Mapping[str, Any]) -> HealthCheck:
    """What ModifyTargetGroup makes of it."""
    protocol = str(given.get("HealthCheckProtocol") or known.protocol)
    usual = _usual(of_http, protocol)
    kept = dataclasses.replace(
        known,
        protocol=protocol,
        path=(known.path or usual.path) if usual.path else None,
        codes=(known.codes or usual.codes) if usual.codes else None,
    )
    return _with(of_http, kept, given)


def _usual(of_http: bool, protocol: str) -> HealthCheck:
    """AWS's defaults."""
    if protocol == "TCP":
        return HealthCheck(protocol, TRAFFIC_PORT, 30, 10, 5, 2)
    if of_http:
        return HealthCheck(protocol, TRAFFIC_PORT, 30, 5, 5, 2, "/", "200")
    return HealthCheck(protocol, TRAFFIC_PORT, 30, 6, 5, 2, "/", "200-399")


def _with(of_http: bool, check: HealthCheck, given: Mapping[str, Any]) -> HealthCheck:
    allowed = _OF_HTTP if of_http else _OF_TCP
    if check.protocol not in allowed:
        raise invalid(f"Health check protocol '{check.protocol}' must be one of {', '.join(allowed)}")
    if given.get("HealthCheckEnabled") is False:
        raise invalid("Health check enabled must be true for target groups with target type 'instance' or 'ip'")
    matcher = given.get("Matcher") or {}
    if matcher.get("GrpcCode"):
        raise invalid("You cannot specify a GRPC matcher for a target group with protocol version 'HTTP1'")
    if not check.path and (given.get("HealthCheckPath") or matcher):
        raise invalid("Health check path and matcher cannot be specified for health checks with protocol 'TCP'")
    numbers = {name: _bounded(name, given[name]) for name in _BOUNDS if given.get(name) is not None}
    made = dataclasses.replace(
        check,
        port=_port(given.get("HealthCheckPort") or check.port),
        interval=numbers.get("HealthCheckIntervalSeconds", check.interval),
        timeout=numbers.get("HealthCheckTimeoutSeconds", check.timeout),
        healthy=numbers.get("HealthyThresholdCount", check.healthy),
        unhealthy=numbers.get("UnhealthyThresholdCount", check.unhealthy),
        path=_path(given["HealthCheckPath"]) if given.get("HealthCheckPath") else check.path,
        codes=_checked_codes(of_http, str(matcher["HttpCode"])) if matcher.get("HttpCode") else check.codes,
    )
    if made.timeout >= made.interval:
        raise invalid(f"Health check timeout '{made.timeout}' must be smaller than the interval '{made.interval}'")
    return made


def _bounded(name: str, value: Any) -> int:
    number, (least, most) = int(value), _BOUNDS[name]
    if not least <= number <= most:
        raise invalid(f"{name} '{number}' must be between {least} and {most}")
    return number


def _port(value: Any) -> str:
    text = str(value)
    if text == TRAFFIC_PORT or (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        return text
    raise invalid(f"Health check port '{text}' must be '{TRAFFIC_PORT}' or a number from 1 to 65535")


def _path(value: Any) -> str:
    text = str(value)
    if not text.startswith("/") or len(text) > 1024 or not text.isprintable() or not text.isascii() or " " in text:
        raise invalid(f"Health check path '{text}' must begin with '/', have at most 1024 characters and no blanks")
    return text


def _checked_codes(of_http: bool, text: str) -> str:
    least, most = (200, 499) if of_http else (200, 599)
    if not _CODES.fullmatch(text) or any(not least <= low <= high <= most for low, high in ranges(text)):
        raise invalid(f"Health check matcher HTTP code '{text}' must be within '{least}-{most}'")
    return text
