# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attributes of target groups, load balancers and listeners: a few can be set, the others have their value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from golden_cloud.api.elbv2.words import invalid
from golden_cloud.api.errors import UnsupportedOption

DELAY = "deregistration_delay.timeout_seconds"
IDLE = "idle_timeout.timeout_seconds"
TCP_IDLE = "tcp.idle_timeout.seconds"
PROTECTED = "deletion_protection.enabled"
CROSS_ZONE = "load_balancing.cross_zone.enabled"


@dataclass(frozen=True)
class Known:
    """The attributes that something has, with AWS's defaults."""

    usual: Mapping[str, str]
    bounds: Mapping[str, tuple[int, int]]
    """Numbers that can be set."""
    switches: tuple[str, ...] = ()
    """What can be true and false."""

    def checked(self, operation: str, pairs: list[dict[str, Any]]) -> dict[str, str]:
        """What is to be set; refused where it would be ignored."""
        given = {str(pair["Key"]): str(pair.get("Value") or "") for pair in pairs}
        for name, value in given.items():
            if name not in self.usual:
                raise invalid(f"Attribute key '{name}' is not recognized")
            if name in self.bounds:
                least, most = self.bounds[name]
                if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
                    raise invalid(f"Attribute '{name}' must be a number from {least} to {most}, not '{value}'")
            elif name in self.switches:
                if value not in ("true", "false"):
                    raise invalid(f"Attribute '{name}' must be true or false, not '{value}'")
            elif value != self.usual[name]:
                raise UnsupportedOption(operation, f"{name}={value}", f"it is {self.usual[name] or 'empty'} here")
        return given


def pairs_of(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(values.items())]


_DELAYED = {DELAY: (0, 3600)}
_OF_GROUPS = {
    DELAY: "300",
    "stickiness.enabled": "false",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}
_HTTP_GROUP = Known(
    {
        **_OF_GROUPS,
        "stickiness.type": "lb_cookie",
        "stickiness.lb_cookie.duration_seconds": "86400",
        "stickiness.app_cookie.cookie_name": "",
        "stickiness.app_cookie.duration_seconds": "86400",
        "slow_start.duration_seconds": "0",
        "load_balancing.algorithm.type": "round_robin",
        "load_balancing.algorithm.anomaly_mitigation": "off",
    },
    _DELAYED,
)
_TCP_GROUP = Known(
    {
        **_OF_GROUPS,
        "stickiness.type": "source_ip",
        "deregistration_delay.connection_termination.enabled": "false",
        "preserve_client_ip.enabled": "false",
        "proxy_protocol_v2.enabled": "false",
        "target_health_state.unhealthy.connection_termination.enabled": "true",
        "target_health_state.unhealthy.draining_interval_seconds": "0",
    },
    _DELAYED,
)

_APPLICATION = Known(
    {
        "access_logs.s3.enabled": "false",
        "access_logs.s3.bucket": "",
        "access_logs.s3.prefix": "",
        "connection_logs.s3.enabled": "false",
        "connection_logs.s3.bucket": "",
        "connection_logs.s3.prefix": "",
        "health_check_logs.s3.enabled": "false",
        "health_check_logs.s3.bucket": "",
        "health_check_logs.s3.prefix": "",
        "client_keep_alive.seconds": "3600",
        PROTECTED: "false",
        IDLE: "60",
        "ipv6.deny_all_igw_traffic": "false",
        CROSS_ZONE: "true",
        "routing.http.desync_mitigation_mode": "defensive",
        "routing.http.drop_invalid_header_fields.enabled": "false",
        "routing.http.preserve_host_header.enabled": "false",
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
        "routing.http.xff_client_port.enabled": "false",
        "routing.http.xff_header_processing.mode": "append",
        "routing.http2.enabled": "true",
        "waf.fail_open.enabled": "false",
        "zonal_shift.config.enabled": "false",
    },
    {IDLE: (1, 4000)},
    (PROTECTED,),
)
_NETWORK = Known(
    {
        "access_logs.s3.enabled": "false",
        "access_logs.s3.bucket": "",
        "access_logs.s3.prefix": "",
        PROTECTED: "false",
        "ipv6.deny_all_igw_traffic": "false",
        CROSS_ZONE: "false",
        "dns_record.client_routing_policy": "any_availability_zone",
        "zonal_shift.config.enabled": "false",
    },
    {},
    # Its one address stands for those of all zones: together they reach every target either way.
    (PROTECTED, CROSS_ZONE),
)

_HTTP_LISTENER = Known({"routing.http.response.server.enabled": "true"}, {})
_TCP_LISTENER = Known({TCP_IDLE: "350"}, {TCP_IDLE: (60, 6000)})


def of_group(of_http: bool) -> Known:
    return _HTTP_GROUP if of_http else _TCP_GROUP


def of_balancer(of_http: bool) -> Known:
    return _APPLICATION if of_http else _NETWORK


def of_listener(of_http: bool) -> Known:
    return _HTTP_LISTENER if of_http else _TCP_LISTENER
