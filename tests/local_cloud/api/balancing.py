# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Targets that really answer: web servers at addresses of the loopback network, which stand for machines."""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


def until(true: Callable[[], Any], seconds: float = 20) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(0.05)
    pytest.fail("it never came true")
    return None


def own_address() -> str:
    """Tests that run at the same time have others, and load balancers too."""
    return f"127.{random.randint(1, 63)}.{random.randint(0, 255)}.{random.randint(1, 254)}"


@dataclass
class Site:
    """A web server whose status can be changed."""

    address: str
    port: int
    status: int = 200
    slow: float = 0.0
    """Seconds until it answers."""
    seen: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site.seen.append({"path": self.path, **{k.lower(): v for k, v in self.headers.items()}})
                site.bodies.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
                time.sleep(site.slow)
                told = site.address.encode()
                self.send_response(site.status)
                self.send_header("Content-Length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)

            do_POST = do_GET

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name)
                return

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: Any, client_address: Any) -> None:
                """Whoever asks may leave before the answer."""

        self._server = Server((self.address, self.port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def visits(self) -> list[dict[str, str]]:
        """Requests that are no health checks."""
        return [one for one in self.seen if "ELB-HealthChecker" not in one.get("user-agent", "")]

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def get(address: str, port: int, path: str = "/", **more: Any) -> tuple[int, str]:
    connection = http.client.HTTPConnection(address, port, timeout=20)
    try:
        connection.request(more.pop("method", "GET"), path, **more)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@dataclass
class Fleet:
    """Instances with a web server each, and what balances their load."""

    cloud: Any
    launch: Callable[..., str]
    addresses: list[str]
    """Of the machines that are launched next."""
    port: int = 18081
    sites: dict[str, Site] = field(default_factory=dict)

    @property
    def elb(self) -> Any:
        return self.cloud.client("elbv2")

    @property
    def subnets(self) -> list[str]:
        found = self.cloud.client("ec2").describe_subnets()["Subnets"]
        return [str(one["SubnetId"]) for one in found]

    @property
    def vpc(self) -> str:
        return str(self.cloud.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"])

    def serve(self, status: int = 200, **options: Any) -> str:
        """An instance that answers with the status; its id."""
        site = Site(self._next(), self.port, status)
        instance_id = self.launch(**options)
        self.sites[instance_id] = site
        return instance_id

    def expect(self, count: int) -> list[Site]:
        """Web servers of the instances that somebody else launches next, in their order."""
        made = [Site(self._next(), self.port) for _n in range(count)]
        self.sites |= {site.address: site for site in made}
        return made

    def silent(self) -> str:
        """An instance on which nobody listens."""
        self._next()
        return self.launch()

    def _next(self) -> str:
        self.addresses.append(own_address())
        return self.addresses[-1]

    def group(self, name: str = "web", **more: Any) -> str:
        asked = {
            "Name": name,
            "Protocol": "HTTP",
            "Port": self.port,
            "VpcId": self.vpc,
            "HealthCheckIntervalSeconds": 10,
            "HealthCheckTimeoutSeconds": 9,
            "HealthyThresholdCount": 2,
            "UnhealthyThresholdCount": 2,
        }
        return str(self.elb.create_target_group(**asked | more)["TargetGroups"][0]["TargetGroupArn"])

    def balancer(self, name: str = "web", **more: Any) -> tuple[str, str]:
        """ARN and address."""
        made = self.elb.create_load_balancer(Name=name, **{"Subnets": self.subnets[:3]} | more)["LoadBalancers"][0]
        return made["LoadBalancerArn"], made["DNSName"]

    def listener(self, balancer: str, group: str, port: int, protocol: str = "HTTP") -> str:
        action = {"Type": "forward", "TargetGroupArn": group}
        made = self.elb.create_listener(LoadBalancerArn=balancer, Protocol=protocol, Port=port, DefaultActions=[action])
        return str(made["Listeners"][0]["ListenerArn"])

    def register(self, group: str, *ids: str) -> None:
        self.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": one} for one in ids])

    def health(self, group: str, target: str) -> tuple[str, str | None]:
        """State and reason."""
        (found,) = self.elb.describe_target_health(TargetGroupArn=group, Targets=[{"Id": target}])[
            "TargetHealthDescriptions"
        ]
        told = found["TargetHealth"]
        return told["State"], told.get("Reason")

    def until_health(self, group: str, target: str, state: str, seconds: float = 20) -> None:
        until(lambda: self.health(group, target)[0] == state, seconds)

    def stop(self) -> None:
        for site in self.sites.values():
            site.stop()
