# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Whether an instance is ready: SSH answers, cloud-init is done, systemd runs, ports answer. Each has its case in the report."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import functools
import socket
import time

from .cases import Case, shortened
from .commands import Commands, Ended
from .ssh import LOST, Connection

_PACE = 1.0
_CONNECT = 15.0
CLOUD_INIT = (
    "command -v cloud-init >/dev/null || { echo 'there is no cloud-init'; exit 99; }; cloud-init status --wait --long"
)
SYSTEMD = (
    "command -v systemctl >/dev/null || { echo 'there is no systemd'; exit 99; }; systemctl is-system-running --wait;"
    " status=$?; systemctl --failed --no-legend --plain --no-pager; exit $status"
)
_ABSENT = 99
# cloud-init: it is done, and something in it went wrong that it could recover from.
_RECOVERED = 2


class Deadline:
    """The time until which something has to be done."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.began = time.monotonic()

    @property
    def left(self) -> float:
        return max(self.seconds - self.spent, 0.0)

    @property
    def spent(self) -> float:
        return time.monotonic() - self.began


def judge_cloud_init(ended: Ended) -> Case:
    if ended.code == _ABSENT:
        return Case("cloud-init is done", "skipped", ended.text, seconds=ended.seconds)
    if ended.code in {0, _RECOVERED}:
        return Case("cloud-init is done", seconds=ended.seconds)
    return _bad("cloud-init is done", ended, "cloud-init status --wait")


def judge_systemd(ended: Ended) -> Case:
    name = "systemd is running"
    if ended.code == _ABSENT:
        return Case(name, "skipped", ended.text, seconds=ended.seconds)
    if ended.code == 0:
        return Case(name, seconds=ended.seconds)
    if ended.lines and ended.lines[0].strip() == "degraded":
        units = [line.split()[0] for line in ended.lines[1:] if line.split()]
        told = f"these units failed: {', '.join(units) or 'unknown ones'}"
        return Case(name, "failed", told, shortened(ended.text), ended.seconds)
    return _bad(name, ended, "systemctl is-system-running --wait")


def _bad(name: str, ended: Ended, command: str) -> Case:
    if ended.timed_out:
        why = f"it did not get there in time: {command} was still waiting after {ended.seconds:.0f} s"
    elif ended.code == LOST:
        why = f"the connection was lost: {ended.text or 'SSH said nothing'}"
    else:
        why = f"{command} ended with {ended.code}: {' '.join(ended.text.split())[:300]}"
    return Case(name, "failed", why, shortened(ended.text), ended.seconds)


@dataclasses.dataclass(frozen=True)
class Readiness:
    """What was found, and after how many seconds SSH answered and all was ready; None when it never was."""

    cases: tuple[Case, ...]
    ssh_seconds: float | None
    ready_seconds: float | None


def wait_for_ssh(
    connection: Connection, deadline: Deadline, alive: c.Callable[[], str | None], test: str = "true"
) -> Case:
    """Until SSH lets in and C(test) succeeds on the instance. C(alive) gives why the instance will never answer, if so."""
    name, last = "SSH answers", "it did not answer"
    while deadline.left:
        ended = connection.run(test, timeout=min(_CONNECT, deadline.left + 1))
        if ended.code == 0:
            return Case(name, seconds=deadline.spent)
        last = " ".join(ended.text.split())[-300:] or ("it did not answer" if ended.timed_out else f"{test} failed")
        gone = alive()
        if gone:
            return Case(name, "failed", gone, seconds=deadline.spent)
        connection.commands.pause(_PACE)
    return Case(name, "failed", f"not within {deadline.seconds:g} s: {last}", seconds=deadline.spent)


def wait_until_ready(connection: Connection, ports: c.Sequence[int], deadline: Deadline, ssh: Case) -> Readiness:
    """What follows when SSH has answered, one after the other; the first that fails is the last."""
    cases = [ssh]
    if not ssh.good:
        return Readiness(tuple(cases), None, None)
    steps: list[c.Callable[[], Case]] = [
        lambda: judge_cloud_init(connection.run(CLOUD_INIT, timeout=deadline.left + 1)),
        lambda: judge_systemd(connection.run(SYSTEMD, timeout=deadline.left + 1)),
        *(functools.partial(wait_for_port, connection, port, deadline) for port in ports),
    ]
    for step in steps:
        cases.append(step())
        if not cases[-1].good:
            return Readiness(tuple(cases), ssh.seconds, None)
    return Readiness(tuple(cases), ssh.seconds, deadline.spent)


def wait_for_port(connection: Connection, port: int, deadline: Deadline) -> Case:
    """Until the port takes connections on the instance's address."""
    name, began = f"port {port} answers", time.monotonic()
    why = _refusal(connection.way.address, port, connection.commands)
    while why and deadline.left:
        connection.commands.pause(_PACE)
        why = _refusal(connection.way.address, port, connection.commands)
    spent = time.monotonic() - began
    if why:
        return Case(
            name, "failed", f"not within {deadline.seconds:g} s: {connection.way.address}:{port}: {why}", "", spent
        )
    return Case(name, seconds=spent)


def _refusal(address: str, port: int, commands: Commands) -> str | None:
    """Why it does not answer; None when it does."""
    commands.check()
    try:
        socket.create_connection((address, port), timeout=5).close()
    except OSError as error:
        return str(error.strerror or error)
    return None
