# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What counts as ready, and what is told of an instance that never is."""

from __future__ import annotations

import socket
import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._testing import ready
from ansible_collections.golden.ami.plugins.module_utils._testing.cases import Case
from ansible_collections.golden.ami.plugins.module_utils._testing.commands import Ended
from ansible_collections.golden.ami.plugins.module_utils._testing.ready import (
    Deadline,
    judge_cloud_init,
    judge_systemd,
    wait_for_port,
    wait_for_ssh,
    wait_until_ready,
)
from ansible_collections.golden.ami.plugins.module_utils._testing.ssh import Connection

if t.TYPE_CHECKING:
    from .conftest import Programs


@pytest.mark.parametrize(
    ("code", "text", "timed_out", "outcome", "said"),
    [
        (0, "status: done", False, "passed", ""),
        (2, "status: done\nrecoverable_errors", False, "passed", ""),
        (99, "there is no cloud-init", False, "skipped", "there is no cloud-init"),
        (
            1,
            "status: error\ndetail: 'runcmd failed'",
            False,
            "failed",
            "ended with 1: status: error detail: 'runcmd failed'",
        ),
        (-2, "", True, "failed", "cloud-init status --wait was still waiting after 30 s"),
        (255, "Connection reset", False, "failed", "the connection was lost: Connection reset"),
    ],
)
def test_cloud_init(code: int, text: str, timed_out: bool, outcome: str, said: str) -> None:
    case = judge_cloud_init(Ended(code, tuple(text.splitlines()), 30, timed_out))
    assert case.outcome == outcome
    assert said in case.message


@pytest.mark.parametrize(
    ("code", "text", "outcome", "said"),
    [
        (0, "running", "passed", ""),
        (
            1,
            "degraded\nmy.service loaded failed failed My\nx.timer loaded failed failed X",
            "failed",
            "failed: my.service, x.timer",
        ),
        (1, "degraded", "failed", "unknown ones"),
        (1, "stopping", "failed", "ended with 1: stopping"),
        (99, "there is no systemd", "skipped", "there is no systemd"),
    ],
)
def test_systemd(code: int, text: str, outcome: str, said: str) -> None:
    case = judge_systemd(Ended(code, tuple(text.splitlines()), 1))
    assert case.outcome == outcome
    assert said in case.message


def test_ssh_is_tried_until_it_answers(connection: Connection, programs: Programs) -> None:
    answers = [Ended(255, ("refused",), 0), Ended(255, ("refused",), 0), Ended(0, (), 0)]
    programs.answer = lambda _argv: answers.pop(0)
    assert wait_for_ssh(connection, Deadline(60), lambda: None).good
    assert (len(programs.seen), programs.paused) == (3, 2.0)


def test_an_instance_that_is_gone_is_not_waited_for(connection: Connection, programs: Programs) -> None:
    programs.answer = lambda _argv: Ended(255, ("refused",), 0)
    case = wait_for_ssh(connection, Deadline(60), lambda: "i-1 is terminated (it powered off)")
    assert (case.outcome, case.message) == ("failed", "i-1 is terminated (it powered off)")
    assert len(programs.seen) == 1


def test_ssh_that_never_answers_is_told_with_its_last_words(
    connection: Connection, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(ready.time, "monotonic", lambda: clock[0])

    def refuse(_argv: list[str]) -> Ended:
        clock[0] += 7
        return Ended(255, ("ssh: connect to host: Connection refused",), 7)

    programs.answer = refuse
    case = wait_for_ssh(connection, Deadline(20), lambda: None)
    assert case.message == "not within 20 s: ssh: connect to host: Connection refused"
    assert len(programs.seen) == 3


def test_the_first_that_fails_is_the_last_that_is_asked(connection: Connection, programs: Programs) -> None:
    programs.answer = lambda argv: Ended(1, ("status: error",), 0) if "cloud-init" in argv[-1] else Ended(0, (), 0)
    found = wait_until_ready(connection, [80], Deadline(60), Case("SSH answers", seconds=4.0))
    assert [(one.name, one.outcome) for one in found.cases] == [
        ("SSH answers", "passed"),
        ("cloud-init is done", "failed"),
    ]
    assert (found.ssh_seconds, found.ready_seconds) == (4.0, None)
    never = wait_until_ready(connection, [80], Deadline(60), Case("SSH answers", "failed"))
    assert (len(never.cases), never.ssh_seconds) == (1, None)


def test_ready(connection: Connection, programs: Programs) -> None:
    found = wait_until_ready(connection, [], Deadline(60), Case("SSH answers", seconds=4.0))
    assert [one.name for one in found.cases] == ["SSH answers", "cloud-init is done", "systemd is running"]
    assert found.ready_seconds is not None


def test_a_port_is_reached_on_the_instances_address(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []

    class Socket:
        def close(self) -> None:
            pass

    def connect(address: tuple[str, int], timeout: float) -> Socket:
        asked.append(address)
        if len(asked) < 2:
            raise ConnectionRefusedError(111, "Connection refused")
        return Socket()

    monkeypatch.setattr(socket, "create_connection", connect)
    assert wait_for_port(connection, 80, Deadline(60)).good
    assert asked == [("192.0.2.7", 80)] * 2


def test_a_port_that_never_answers(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(address: tuple[str, int], timeout: float) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "create_connection", connect)
    case = wait_for_port(connection, 80, Deadline(0))
    assert (case.name, case.message) == ("port 80 answers", "not within 0 s: 192.0.2.7:80: Connection refused")
