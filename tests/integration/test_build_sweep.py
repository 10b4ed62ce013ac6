# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a killed build left is removed once, and told the same before."""

from __future__ import annotations

from pathlib import Path

from harness.cloud import Cloud
from harness.four import Four
from harness.planted import DeadRun


def test_nothing_to_sweep_calls_nothing(four: Four) -> None:
    outcome = four.module("golden.ami.build_sweep", {"images": ["never-built"]})
    outcome.expect(changed=False, writes={}, idle_reads=0)


def test_all_that_a_killed_build_left_goes(four: Four, cloud: Cloud, tmp_path: Path) -> None:
    before = cloud.inventory()
    run = DeadRun(cloud, "killed", tmp_path)
    planted = {
        "instance": run.instance(),
        "key-pair": run.key_pair(),
        "security-group": run.security_group(),
        "volume": run.volume(),
    }
    record = run.record()
    outcome = four.module("golden.ami.build_sweep", {"images": ["killed"]})
    writes = {"TerminateInstances": 1, "DeleteSecurityGroup": 1, "DeleteVolume": 1, "DeleteKeyPair": 1}
    outcome.expect(changed=True, writes=writes, idle_reads=0)
    assert {one["type"]: one["id"] for one in outcome.apply.result["removed"]} == planted
    assert outcome.check.result["removed"] == outcome.apply.result["removed"]
    assert outcome.check.result["runs"] == outcome.apply.result["runs"] == [run.id]
    assert cloud.inventory() == before
    assert not record.exists()


def test_only_the_images_that_are_named_are_swept(four: Four, cloud: Cloud, tmp_path: Path) -> None:
    run = DeadRun(cloud, "spared", tmp_path)
    group = run.security_group()
    record = run.record()
    outcome = four.module("golden.ami.build_sweep", {"images": ["another"]})
    outcome.expect(changed=False, writes={}, idle_reads=0)
    assert group in cloud.inventory()["security groups"]
    assert record.exists()
    four.module("golden.ami.build_sweep", {}).expect(changed=True, writes={"DeleteSecurityGroup": 1}, idle_reads=0)


def test_what_was_kept_stays_until_it_is_asked_for(four: Four, cloud: Cloud, tmp_path: Path) -> None:
    run = DeadRun(cloud, "kept", tmp_path)
    resource = {"region": "us-east-1", "type": "security-group", "id": run.security_group()}
    run.record(kept={"since": "2026-11-21 09:30 UTC", "ssh": "ssh admin@192.0.2.7", "resources": [resource]})
    outcome = four.module("golden.ami.build_sweep", {"images": ["kept"]})
    outcome.expect(changed=False, writes={}, idle_reads=0)
    (kept,) = outcome.apply.result["kept"]
    assert (kept["run_id"], kept["ssh"], kept["resources"]) == (run.id, "ssh admin@192.0.2.7", [resource])
    outcome = four.module("golden.ami.build_sweep", {"images": ["kept"], "kept": True})
    outcome.expect(changed=True, writes={"DeleteSecurityGroup": 1}, idle_reads=0)
    assert outcome.check.result["removed"] == outcome.apply.result["removed"] == [resource]


def test_a_build_of_another_account_is_named_and_stays(four: Four, cloud: Cloud, tmp_path: Path) -> None:
    run = DeadRun(cloud, "foreign", tmp_path)
    record = run.record(account="999999999999")
    outcome = four.module("golden.ami.build_sweep", {"images": ["foreign"]})
    outcome.expect(changed=False, writes={}, idle_reads=1)
    (foreign,) = outcome.apply.result["foreign"]
    assert foreign["run_id"] == run.id
    assert record.exists()
    record.unlink()
