# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.progress import (
    Duration,
    Progress,
    by_phase,
    clock,
    step_in,
    time_left,
)


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("==> amazon-ebs.base: Launching a source AWS instance...", "Launch the instance"),
        ("==> amazon-ebs.base: Waiting for SSH to become available...", "Wait for SSH"),
        ("    amazon-ebs.base: TASK [common : Update] ********", "Provision: common : Update"),
        ("==> amazon-ebs.base: Creating AMI web from instance i-1", "Create the AMI"),
        ('==> amazon-ebs.base: Adding tag: "Name": "x"', None),
        ("ok: [default]", None),
    ],
)
def test_steps(line: str, step: str | None) -> None:
    assert step_in(line) == step


def test_a_step_is_shown_once_with_what_is_left() -> None:
    progress = Progress([Duration("Prepare", 5), Duration("Launch", 60), Duration("Stop", 30)])
    assert progress.enter("Prepare") == "[0:00, about 1:35 left] Prepare"
    assert progress.enter("Launch") == "[0:00, about 1:30 left] Launch"
    assert progress.enter("Prepare") is None
    assert progress.enter("Unknown", " for x") == "[0:00] Unknown for x"
    assert [duration.step for duration in progress.durations()] == ["Prepare", "Launch", "Unknown"]


def test_time_left_never_goes_below_the_steps_to_come() -> None:
    earlier = [Duration("a", 10), Duration("b", 20)]
    assert time_left(earlier, "a", 99) == 20
    assert time_left(earlier, "c", 0) is None


def test_tasks_are_taken_together() -> None:
    steps = [Duration("Launch", 1), Duration("Provision: a", 2), Duration("Provision: b", 3)]
    assert by_phase(steps) == [Duration("Launch", 1), Duration("Provision", 5)]


def test_clock() -> None:
    assert clock(125.9) == "2:05"
