# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.profile import Profile, Step, table, write_profile
from ansible_collections.golden.ami.plugins.module_utils._packer.steps import hear

COURSE = (
    (1, "==> {0}: Prevalidating AMI Name"),
    (2, "==> {0}: Launching a source AWS instance..."),
    (5, "==> {0}: Waiting for SSH to become available..."),
    (6, "==> {0}: Connected to SSH!"),
    (7, "==> {0}: Provisioning with shell script: /tmp/one"),
    (9, "==> {0}: Provisioning with shell script: /tmp/two"),
    (10, "==> {0}: Provisioning with Ansible..."),
    (11, "==> {0}: TASK [web : Install] ***"),
    (18, "==> {0}: TASK [web : Configure] ***"),
    (19, "==> {0}: PLAY RECAP ***"),
    (20, "==> {0}: Stopping the source instance..."),
    (22, "==> {0}: Creating AMI web from instance i-1"),
    (30, "==> {0}: Creating AMI tags"),
    (31, "==> {0}: Terminating the source AWS instance..."),
    (33, "Build '{0}' finished after 33 seconds."),
)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    stopped = Clock()
    module = "ansible_collections.golden.ami.plugins.module_utils._packer.profile"
    monkeypatch.setattr(f"{module}.time.monotonic", lambda: stopped.now)
    return stopped


def say(profile: Profile, clock: Clock, *lines: tuple[float, str]) -> None:
    for second, line in lines:
        clock.now = second
        heard = hear(line)
        if heard:
            profile.hear(heard)


def whole(clock: Clock, *builders: str) -> Profile:
    profile = Profile()
    profile.step("Start Packer", "start")
    say(profile, clock, *((second, line.format(builder)) for second, line in COURSE for builder in builders))
    profile.step("Record the version", "record")
    clock.now = 35
    profile.close()
    return profile


def test_each_step_of_a_build(clock: Clock) -> None:
    steps = whole(clock, "x").steps
    assert [(step.name, step.kind, step.start, step.seconds, step.provisioner) for step in steps] == [
        ("Start Packer", "start", 0, 1, None),
        ("Prepare", "prepare", 1, 1, None),
        ("Launch the instance", "launch", 2, 3, None),
        ("Wait for SSH", "connect", 5, 2, None),
        ("Provision with a shell script", "provisioner", 7, 2, 1),
        ("Provision with a shell script 2", "provisioner", 9, 1, 2),
        ("Provision with Ansible", "provisioner", 10, 10, 3),
        ("web : Install", "task", 11, 7, 3),
        ("web : Configure", "task", 18, 1, 3),
        ("Stop the instance", "stop", 20, 2, None),
        ("Create the AMI", "snapshot", 22, 8, None),
        ("Tag the AMI", "tag", 30, 1, None),
        ("Clean up", "cleanup", 31, 2, None),
        ("Record the version", "record", 33, 2, None),
    ]
    assert {step.builder for step in steps[1:-1]} == {"x"}
    assert sum(step.seconds for step in steps if step.kind != "task") == 35


def test_builders_side_by_side(clock: Clock) -> None:
    steps = whole(clock, "x", "y").steps
    for builder in ("x", "y"):
        own = [step for step in steps if step.builder == builder]
        assert sum(step.seconds for step in own if step.kind != "task") == 32
        assert [step.name for step in own if step.kind == "task"] == ["web : Install", "web : Configure"]


def test_a_provisioner_may_say_what_it_likes(clock: Clock) -> None:
    profile = Profile()
    say(
        profile,
        clock,
        (0, "==> x: Provisioning with shell script: /a"),
        (1, "==> x: Waiting for SSH to become available"),
    )
    assert [step.name for step in profile.steps] == ["Provision with a shell script"]


def test_another_try_begins_anew(clock: Clock) -> None:
    profile = Profile()
    profile.step("Start Packer", "start")
    say(profile, clock, (1, "==> x: Launching a source AWS instance..."))
    profile.step("Start Packer", "start")
    say(profile, clock, (3, "==> x: Launching a source AWS instance..."), (5, "Build 'x' errored after 1 second: no"))
    assert [step.name for step in profile.steps] == ["Start Packer", "Launch the instance"] * 2


@pytest.mark.parametrize(("until", "working"), [(5, []), (9, ["x"]), (18, ["x"]), (20, []), (22, [])])
def test_whose_provisioner_was_at_work(clock: Clock, until: int, working: list[str]) -> None:
    profile = Profile()
    say(profile, clock, *((second, line.format("x")) for second, line in COURSE if second <= until))
    assert profile.provisioning() == working
    profile.step("Remove what is left", "cleanup")
    assert profile.provisioning() == working


def test_file(clock: Clock, tmp_path: Path) -> None:
    path = tmp_path / "profiles" / "1.json"
    write_profile(path, whole(clock, "x"), {"image": "web", "outcome": "built"})
    content = json.loads(path.read_text())
    assert (content["image"], content["outcome"], content["seconds"]) == ("web", "built", 35)
    assert content["began"].endswith("+00:00")
    assert content["steps"][7] == {
        "name": "web : Install",
        "kind": "task",
        "start": 11,
        "seconds": 7,
        "builder": "x",
        "provisioner": 3,
    }


def test_table_names_what_took_the_time(clock: Clock) -> None:
    rows = table(whole(clock, "x"))
    assert len(rows) <= 10
    assert len({len(row) for row in rows}) == 1, "aligned"
    assert [" ".join(row.split()) for row in rows] == [
        "Launch the instance 3.0 s",
        "Wait for SSH 2.0 s",
        "Provision with a shell script 2.0 s",
        "Provision with Ansible 10.0 s",
        "Stop the instance 2.0 s",
        "Create the AMI 8.0 s",
        "all else 8.0 s",
        "task Install (web) 7.0 s",
        "task Configure (web) 1.0 s",
    ]


def test_table_tells_builders_apart_and_stays_narrow(clock: Clock) -> None:
    assert any(row.startswith("y · Provision with Ansible") for row in table(whole(clock, "x", "y")))
    profile = Profile()
    profile.steps.append(Step("x" * 200, "launch", 0, 9))
    assert len(table(profile)[0]) < 78
