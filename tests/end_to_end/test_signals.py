# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever ends a build, nothing is left: INT, TERM, HUP and KILL to ansible-playbook, to the module and to Packer."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness.cloud import Cloud
from harness.signals import SIGNALS, VICTIMS, children, end_a_build, nothing_is_left

SLOW = """\
---
- name: Take long enough to be interrupted
  ansible.builtin.command: sleep 300
  changed_when: false
"""


def provisioning(play: int) -> bool:
    return any("sleep 300" in command or "provision.yml" in command for command in children(play).values())


@pytest.mark.parametrize("victim", VICTIMS)
@pytest.mark.parametrize("name", SIGNALS)
def test_nothing_is_left(cloud: Cloud, images: Path, victim: str, name: str) -> None:
    (images / "roles" / "web" / "tasks" / "main.yml").write_text(SLOW)
    before = cloud.inventory()
    output = end_a_build(cloud, "web", victim, name, at_work=provisioning, cwd=images, more=[])
    if (victim, name) == ("module", "KILL"):
        sweep(cloud, images, before)
    else:
        nothing_is_left(cloud, before, output)


def sweep(cloud: Cloud, images: Path, before: dict[str, set[str]]) -> None:
    """Nobody was left to clean up: the next build does it. It may add its own artifact only."""
    # No other test has built just this.
    (images / "roles" / "web" / "tasks" / "main.yml").write_text("---\n# After a module was killed.\n[]\n")
    run = cloud.play("build_ami.yml", "-e", "image=web", cwd=images)
    assert run.rc == 0, run.output
    after = cloud.inventory()
    artifacts = ("images", "snapshots")
    assert {kind: ids for kind, ids in after.items() if kind not in artifacts} == {
        kind: ids for kind, ids in before.items() if kind not in artifacts
    }
    assert [len(after[kind] - before[kind]) for kind in artifacts] == [1, 1]
