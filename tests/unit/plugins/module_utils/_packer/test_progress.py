# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.profile import Profile
from ansible_collections.golden.ami.plugins.module_utils._packer.progress import (
    Duration,
    Progress,
    by_phase,
    clock,
    durations,
    time_left,
)


class Clock:
    """Stands where it is put."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    stopped = Clock()
    module = "ansible_collections.golden.ami.plugins.module_utils._packer.profile"
    monkeypatch.setattr(f"{module}.time.monotonic", stopped.monotonic)
    return stopped


def test_a_step_is_shown_once_with_what_is_left(time: Clock) -> None:
    earlier = [Duration("Start Packer", 5), Duration("Launch the instance", 60), Duration("Stop the instance", 30)]
    progress = Progress(earlier, Profile())
    assert progress.enter("Start Packer", "start", " for x") == "[0:00, about 1:35 left] Start Packer for x"
    time.now = 4
    assert progress.hear("==> x: Launching a source AWS instance...") == "[0:04, about 1:30 left] Launch the instance"
    assert progress.hear("==> y: Launching a source AWS instance...") is None, "once is enough of builders side by side"
    assert progress.hear("==> x: Adding tag: Name") is None
    assert progress.hear("==> x: TASK [common : Update] ****") == "[0:04] Provision: common : Update"


def test_durations_are_the_time_that_went_by(time: Clock) -> None:
    profile = Profile()
    progress = Progress([], profile)
    progress.enter("Start Packer", "start")
    for second, line in (
        (1, "==> x: Launching a source AWS instance..."),
        (2, "==> y: Launching a source AWS instance..."),
        (5, "==> x: Provisioning with Ansible..."),
        (6, "==> x: TASK [a] ***"),
        (8, "==> y: Provisioning with Ansible..."),
        (9, "==> y: TASK [a] ***"),
        (11, "==> x: TASK [b] ***"),
    ):
        time.now = second
        progress.hear(line)
    time.now = 20
    assert durations(profile) == [
        Duration("Start Packer", 1),
        Duration("Launch the instance", 4),
        Duration("Provision with Ansible", 1),
        Duration("Provision: a", 5),
        Duration("Provision: b", 9),
    ]
    assert durations(Profile()) == []


def test_time_left_never_goes_below_the_steps_to_come() -> None:
    earlier = [Duration("a", 10), Duration("b", 20)]
    assert time_left(earlier, "a", 99) == 20
    assert time_left(earlier, "c", 0) is None


def test_tasks_are_taken_together() -> None:
    steps = [Duration("Launch", 1), Duration("Provision: a", 2), Duration("Provision: b", 3)]
    assert by_phase(steps) == [Duration("Launch", 1), Duration("Provision", 5)]


def test_clock() -> None:
    assert clock(125.9) == "2:05"
