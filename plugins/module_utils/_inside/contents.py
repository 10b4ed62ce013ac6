# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What is inside an image: its packages, services, listening ports and users, and how it boots. Values that call nothing."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

# The parts of it that are compared, as messages and results call them.
PACKAGES, SERVICES, PORTS, USERS, OS, KERNEL = "packages", "services", "ports", "users", "os", "kernel"
BOOT, DISK = "boot_seconds", "disk_bytes"

ANY, LOOPBACK, ONE = "any", "loopback", "one"


@dataclasses.dataclass(frozen=True, order=True)
class Port:
    """Where something listens.

    C(protocol) is tcp or udp. C(address) is any, loopback or one: an address of its own differs from instance to instance.
    C(port) is None for UDP ports of the range from which the kernel chooses. C(process) has the names of those that listen;
    empty where it is the kernel itself, or where it is not told.
    """

    protocol: str
    address: str
    port: int | None
    process: str


@dataclasses.dataclass(frozen=True)
class User:
    uid: int
    shell: str


@dataclasses.dataclass(frozen=True)
class Contents:
    """What an instance of a version has, once it has booted.

    C(packages) has versions by name; C(services) has systemd's services, sockets and timers, each with two words: what
    happens at the next boot, and what it does now, like enabled/active. C(kernel) has release and machine. C(boot_seconds)
    counts from the start of the kernel, in a container from that of systemd. C(unread) tells, by part, why it is not known.
    """

    packages: c.Mapping[str, str] = dataclasses.field(default_factory=dict)
    services: c.Mapping[str, str] = dataclasses.field(default_factory=dict)
    ports: tuple[Port, ...] = ()
    users: c.Mapping[str, User] = dataclasses.field(default_factory=dict)
    os: c.Mapping[str, str] = dataclasses.field(default_factory=dict)
    kernel: str | None = None
    boot_seconds: float | None = None
    disk_bytes: int | None = None
    unread: c.Mapping[str, str] = dataclasses.field(default_factory=dict)

    def told(self) -> dict[str, t.Any]:
        """As a result and a parameter have it."""
        return dataclasses.asdict(self)


def contents_of(told: c.Mapping[str, t.Any]) -> Contents:
    """What C(told) gave. KeyError, TypeError or ValueError when it is something else."""
    return Contents(
        packages={str(name): str(version) for name, version in told["packages"].items()},
        services={str(name): str(state) for name, state in told["services"].items()},
        ports=tuple(Port(**one) for one in told["ports"]),
        users={str(name): User(**one) for name, one in told["users"].items()},
        os={str(name): str(value) for name, value in told["os"].items()},
        kernel=told["kernel"],
        boot_seconds=told["boot_seconds"],
        disk_bytes=told["disk_bytes"],
        unread={str(name): str(reason) for name, reason in told["unread"].items()},
    )
