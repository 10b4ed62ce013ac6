# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks: what they say they would do, they do, once."""

from __future__ import annotations

import collections.abc as c
import secrets
import shutil
import tempfile
from pathlib import Path

import pytest
from harness.builds import Bench
from harness.cloud import Cloud, free_port
from harness.four import Four
from harness.planted import DeadRun


def test_build_ami(four: Four, images: Path, cloud: Cloud) -> None:
    before = cloud.inventory()
    # The image is of this test only, for its AMIs would be good for another test's image.
    (images / "images" / "web").rename(images / "images" / "played")
    outcome = four.playbook("build_ami.yml", "-e", "image=played", cwd=images)
    assert outcome.changed == [True, True, False, False]
    assert outcome.check.writes == {}
    assert outcome.apply_again.reads.total() <= 2
    task = "Build the image, unless an artifact with its fingerprint is there"
    assert outcome.check.task(task)["reason"] == outcome.apply.task(task)["reason"]
    after = cloud.inventory()
    assert {kind: len(after[kind] - before[kind]) for kind in after if after[kind] != before[kind]} == {
        "images": 1,
        "snapshots": 1,
    }


def test_launch_ami_and_terminate_ami(four: Four, cloud: Cloud, tmp_path: Path) -> None:
    bench = Bench(cloud, tmp_path)
    bench.image("launched")
    built = bench.build("launched")
    assert not built.failed, built
    try:
        outcome = four.playbook("launch_ami.yml", "-e", "image=launched", cwd=tmp_path)
        assert outcome.changed == [True, True, False, False]
        assert outcome.apply.writes["RunInstances"] == 1
        (instance,) = outcome.apply.task("Launch an instance of the newest AMI")["instances"]
        assert instance["image_id"] == built.amis[0]
        outcome = four.playbook("terminate_ami.yml", "-e", "image=launched", cwd=tmp_path)
        outcome.expect(changed=True, writes={"TerminateInstances": 1}, idle_reads=2)
        assert instance["instance_id"] not in cloud.inventory()["instances"]
    finally:
        bench.remove()


def test_sweep_builds(four: Four, cloud: Cloud, tmp_path: Path) -> None:
    run = DeadRun(cloud, "swept", tmp_path)
    group = run.security_group()
    run.record()
    outcome = four.playbook("sweep_builds.yml", "-e", "image=swept")
    outcome.expect(changed=True, writes={"DeleteSecurityGroup": 1}, idle_reads=0)
    assert group in outcome.check.output
    assert group in outcome.apply.output
    assert group not in cloud.inventory()["security groups"]


@pytest.fixture
def no_cloud() -> c.Iterator[Cloud]:
    """The name, port and home of a local cloud that does not exist yet, and does not any more at the end."""
    cloud = Cloud(f"four-{secrets.token_hex(2)}", free_port(), Path(tempfile.mkdtemp(prefix="golden-")))
    yield cloud
    gone = cloud.play("local_cloud.yml", "-e", "local_cloud_state=reset")
    assert gone.rc == 0, gone.output
    shutil.rmtree(cloud.home)


def test_local_cloud(no_cloud: Cloud, tmp_path: Path) -> None:
    four = Four(no_cloud, tmp_path)
    state = no_cloud.home / "golden.ami" / "local_cloud" / no_cloud.name
    for wanted, exists in (("present", True), ("absent", True), ("reset", False)):
        outcome = four.playbook("local_cloud.yml", "-e", f"local_cloud_state={wanted}")
        assert outcome.changed == [True, True, False, False], outcome.table()
        assert state.exists() == exists
