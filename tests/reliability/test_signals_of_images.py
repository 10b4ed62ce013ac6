# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole images, interrupted while they are provisioned: one of the shared template, where Ansible runs on this machine, and a
legacy one, where it runs on the instance. INT, TERM, HUP and KILL to ansible-playbook, to the module and to Packer.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from harness.cloud import CHECKOUT, Cloud
from harness.fixtures import images
from harness.signals import SIGNALS, VICTIMS, children, end_a_build, nothing_is_left
from reliability.boundaries import logs
from reliability.ground import Row

__all__ = ["images"]

SLOW = """\
---
- name: Take long enough to be interrupted
  ansible.builtin.command: sleep 900
  changed_when: false
"""


def provisioning(play: int) -> bool:
    return any("sleep 900" in command or "provision.yml" in command for command in children(play).values())


@pytest.mark.row("signals of images")
@pytest.mark.parametrize("victim", VICTIMS)
@pytest.mark.parametrize("name", SIGNALS)
def test_the_shared_template(row: Row, images: Path, victim: str, name: str) -> None:
    (images / "roles" / "web" / "tasks" / "main.yml").write_text(SLOW)
    before = row.cloud.inventory()
    output = end_a_build(row.cloud, "web", victim, name, at_work=provisioning, cwd=images, more=[])
    if (victim, name) == ("module", "KILL"):
        sweep(row.cloud, images, before)
        (made,) = row.images()
        row.complete(made, "web")
    else:
        nothing_is_left(row.cloud, before, output)


def sweep(cloud: Cloud, images: Path, before: dict[str, set[str]]) -> None:
    """Nobody was left to clean up: the next build does it. It may add its own artifact only."""
    (images / "roles" / "web" / "tasks" / "main.yml").write_text("---\n[]\n")
    run = cloud.play("build_ami.yml", "-e", "image=web", cwd=images)
    assert run.rc == 0, run.output
    after = cloud.inventory()
    artifacts = ("images", "snapshots")
    assert {kind: ids for kind, ids in after.items() if kind not in artifacts} == {
        kind: ids for kind, ids in before.items() if kind not in artifacts
    }


@pytest.mark.row("signals of images")
@pytest.mark.parametrize(("victim", "name"), [*(("ansible-playbook", name) for name in SIGNALS), ("module", "KILL")])
def test_a_legacy_template(row: Row, victim: str, name: str) -> None:
    before = row.cloud.inventory()
    output = end_a_build(
        row.cloud,
        "wordpress-legacy",
        victim,
        name,
        at_work=lambda _play: any("Provisioning with shell script" in log for log in logs(row)),
        cwd=CHECKOUT,
        more=["-e", "image_force=true"],
    )
    if victim == "module":
        # Nobody was left to clean up.
        swept = row.bench.sweep("wordpress-legacy")
        assert swept.rc == 0, swept
    nothing_is_left(row.cloud, before, output)
