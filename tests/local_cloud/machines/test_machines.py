# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decisions around real machines, with podman's answers made up."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from golden_cloud.machines import machines as subject
from golden_cloud.machines import network, runtime
from golden_cloud.place import Place
from golden_cloud.ports import MachineError


class FakePodman:
    """Answers ``systemctl is-system-running`` with each of *answers* in turn, the last one again and again."""

    def __init__(self, *answers: str, console: str = "") -> None:
        self.answers = list(answers)
        self.console = console

    def run(self, verb: str, *_arguments: str, **_options: Any) -> subprocess.CompletedProcess[bytes]:
        said = ""
        if verb == "logs":
            said = self.console
        elif verb == "exec":
            said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return subprocess.CompletedProcess([], 0, said.encode(), b"")

    def inspect(self, _name: str) -> dict[str, Any]:
        return {"State": {"Status": "exited", "ExitCode": 130}}


class Clock:
    """Time that passes by sleeping only."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> subject.PodmanMachines:
    monkeypatch.delenv("GOLDEN_CLOUD_IMAGES", raising=False)
    return subject.PodmanMachines(Place("default", tmp_path, tmp_path), "10.200.7.0/24")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(subject, "time", made)
    return made


def wait(
    machines: subject.PodmanMachines, podman: FakePodman, clock: Clock, seconds: float = runtime.ALL_SECONDS
) -> float:
    """Seconds that it took."""
    machines.podman = podman  # type: ignore[assignment]
    began = clock.now
    machines._wait_for_systemd("i-1", began + seconds)
    return clock.now - began


def test_an_init_that_is_coming_is_waited_for(machines: subject.PodmanMachines, clock: Clock) -> None:
    slow = ["no bus"] * 100 + ["initializing"] * 120 + ["starting"]
    assert 40 < wait(machines, FakePodman(*slow), clock) < 60


@pytest.mark.parametrize(
    ("said", "console", "seconds"),
    [
        ("no bus", "", runtime.SILENT_SECONDS),
        ("initializing", "", runtime.COMING_SECONDS),
        ("no bus", "Failed to mount cgroup. Freezing execution.", 0),
        ("Error: container state improper", "", 0),
    ],
)
def test_how_long_others_are_waited_for(
    machines: subject.PodmanMachines, clock: Clock, said: str, console: str, seconds: float
) -> None:
    began = clock.now
    with pytest.raises(MachineError, match="systemd"):
        wait(machines, FakePodman(said, console=console), clock)
    assert seconds <= clock.now - began < seconds + 1


def test_all_ways_together_take_a_limited_time(
    machines: subject.PodmanMachines, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "candidates", lambda: [runtime.Runtime()] * 9)
    monkeypatch.setattr(subject, "Podman", lambda *_arguments: FakePodman("initializing"))
    monkeypatch.setattr(machines, "_start", lambda _instance_id: None)
    began = clock.now
    with pytest.raises(MachineError, match="no time was left"):
        machines._find_runtime("i-1", "x", "ip-1", "10.200.7.10")
    assert clock.now - began < runtime.ALL_SECONDS + 5


def test_an_end_is_told_once(machines: subject.PodmanMachines) -> None:
    told: list[str] = []
    machines.watch(told.append)
    machines.podman = FakePodman("")  # type: ignore[assignment]
    machines._ended_by_itself("i-1")
    assert told == ["i-1"]


class Stubborn(FakePodman):
    """Refuses to remove a container as often as it is told."""

    def __init__(self, refusals: int) -> None:
        super().__init__("")
        self.refusals = refusals

    def run(self, verb: str, *_arguments: str, **_options: Any) -> subprocess.CompletedProcess[bytes]:
        refuses = verb == "rm" and self.refusals > 0
        self.refusals -= refuses
        return subprocess.CompletedProcess([], 2 if refuses else 0, b"", b"container state improper: stopping")


def test_a_container_that_ends_while_it_is_removed_is_removed_when_asked_again(
    machines: subject.PodmanMachines, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machines, "_prune", lambda: None)
    machines.podman = Stubborn(2)  # type: ignore[assignment]
    machines.terminate("i-1")
    assert clock.now == 1002.0
    machines.podman = Stubborn(99)  # type: ignore[assignment]
    with pytest.raises(MachineError, match="container state improper"):
        machines.terminate("i-1")


def test_whose_an_address_is_is_known_as_soon_as_it_is_given(
    machines: subject.PodmanMachines, monkeypatch: pytest.MonkeyPatch
) -> None:
    machines.podman = FakePodman("")  # type: ignore[assignment]
    address = machines._reserve_address(machines.place.instances / "i-1", "x", "ip-1", "t3.small")
    assert machines.instance_at(address) == "i-1"
    assert subject.PodmanMachines(machines.place, machines.subnet).instance_at(address) == "i-1"
    assert machines.instance_at(network.gateway(machines.subnet)) is None
    monkeypatch.setattr(machines.podman, "inspect", lambda _name: None)
    machines.terminate("i-1")
    assert machines.instance_at(address) is None
    assert machines.records() == {}
