# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds as they run: two of one image at once, one that is kept for a look, and where the time of one went."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path

import pytest
from harness.cloud import Cloud

TASKS = "roles/web/tasks/main.yml"
FAILS = """\
---
- name: Leave a trace
  ansible.builtin.copy:
    content: seen
    dest: /etc/trace
    mode: "0644"
- name: Fail
  ansible.builtin.fail:
    msg: to be looked at
"""


def records(cloud: Cloud) -> list[Path]:
    return sorted((cloud.home / "golden.ami" / "runs").glob("*.json"))


def keys(cloud: Cloud) -> list[Path]:
    """Those of runs; the one with which instances are launched stays."""
    return sorted((cloud.home / "golden.ami" / "keys").glob("golden-*"))


def profiles(cloud: Cloud) -> list[Path]:
    return sorted((cloud.home / "golden.ami" / "profiles" / "web").glob("*.json"))


def parameters(cloud: Cloud, path: str) -> list[str]:
    found = cloud.client("ssm").get_parameters_by_path(Path=path, Recursive=True)["Parameters"]
    return [one["Name"] for one in found]


def without_artifacts(inventory: dict[str, set[str]]) -> dict[str, set[str]]:
    return {kind: ids for kind, ids in inventory.items() if kind not in ("images", "snapshots")}


def test_two_at_once_make_one_ami(cloud: Cloud, images: Path) -> None:
    (images / TASKS).write_text("---\n- name: Take a while\n  ansible.builtin.command: sleep 8\n  changed_when: true\n")
    before = cloud.inventory()
    plays = [
        subprocess.Popen(
            cloud.argv("build_ami.yml", "-e", "image=web"),
            cwd=images,
            env=cloud.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _number in range(2)
    ]
    outputs = [play.communicate(timeout=300)[0] for play in plays]
    assert [play.returncode for play in plays] == [0, 0], outputs
    after = cloud.inventory()
    assert len(after["images"] - before["images"]) == 1, outputs
    (made,) = after["images"] - before["images"]
    assert all(made in output for output in outputs)
    waited = next(output for output in outputs if "Wait for golden-" in output)
    assert re.search(rf"{made} \(version \d+\) is just what was asked for", " ".join(waited.split()))
    assert "Create the AMI" not in waited
    assert without_artifacts(after) == without_artifacts(before)
    assert not parameters(cloud, "/golden/web/locks")


def test_profile_of_a_build(cloud: Cloud, images: Path) -> None:
    before = profiles(cloud)
    began = time.monotonic()
    run = cloud.play("build_ami.yml", "-e", "image=web", "-e", "image_force=true", cwd=images)
    assert run.rc == 0, run.output
    (path,) = set(profiles(cloud)) - set(before)
    assert str(path) in run.output
    profile = json.loads(path.read_text())
    assert profile["outcome"] == "built"
    assert profile["seconds"] < time.monotonic() - began
    steps = [step for step in profile["steps"] if step["kind"] != "task"]
    kinds = [step["kind"] for step in steps]
    order = ["launch", "connect", "provisioner", "stop", "snapshot", "tag", "cleanup", "post-processor", "record"]
    assert [kind for kind in dict.fromkeys(kinds) if kind in order] == order
    provisioners = {step["provisioner"]: step["name"] for step in steps if step["kind"] == "provisioner"}
    assert provisioners == {1: "Provision with a shell script", 2: "Provision with Ansible"}
    tasks = {step["name"]: step["provisioner"] for step in profile["steps"] if step["kind"] == "task"}
    assert tasks["web : Greet"] == 2
    total = sum(step["seconds"] for step in steps)
    assert abs(total - profile["seconds"]) < 0.05 * profile["seconds"], "nothing is missing, and nothing counted twice"
    rows = re.findall(r"^ *- (\S.*\S) +(\d+\.\d) s$", run.output, re.MULTILINE)
    names = [name for name, _seconds in rows]
    assert "Provision with Ansible" in names
    assert any(name.startswith("task ") for name in names)
    assert len(rows) <= 10


def test_a_failed_build_is_kept_until_told(cloud: Cloud, images: Path) -> None:
    before = cloud.inventory()
    (images / TASKS).write_text(FAILS)
    run = cloud.play("build_ami.yml", "-e", "image=web", "-e", "image_on_error=keep", cwd=images)
    assert run.rc != 0
    assert "to be looked at" in run.output
    kept = cloud.inventory()
    assert {kind: len(ids - before[kind]) for kind, ids in kept.items() if ids - before[kind]} == {
        "instances": 1,
        "key pairs": 1,
        "security groups": 1,
        "volumes": 1,
    }
    (record,) = records(cloud)
    login = json.loads(record.read_text())["kept"]["ssh"]
    assert login in run.output.replace("\\n", "\n")
    words = login.split()
    words[words.index("StrictHostKeyChecking=accept-new")] = "StrictHostKeyChecking=no"
    quiet = [words[0], "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", *words[1:], "cat /etc/trace"]
    seen = subprocess.run(quiet, capture_output=True, text=True, timeout=60, check=False)
    assert seen.stdout == "seen", f"{login}: {seen.stderr}"
    assert json.loads(profiles(cloud)[-1].read_text())["outcome"] == "kept"

    (images / TASKS).write_text("---\n[]\n")
    run = cloud.play("build_ami.yml", "-e", "image=web", cwd=images)
    assert run.rc == 0, run.output
    assert "kept for a look" in " ".join(run.output.split())
    assert without_artifacts(cloud.inventory()) == without_artifacts(kept), "the next build respects it"

    run = cloud.play("sweep_builds.yml", "-e", "image=web", "--check", cwd=images)
    assert (run.rc, run.recap("changed")) == (0, 0), run.output
    run = cloud.play("sweep_builds.yml", "-e", "image=web", "-e", "image_sweep_kept=true", cwd=images)
    assert (run.rc, run.recap("changed")) == (0, 1), run.output
    assert without_artifacts(cloud.inventory()) == without_artifacts(before)
    assert not records(cloud)
    assert not keys(cloud)
    run = cloud.play("sweep_builds.yml", "-e", "image_sweep_kept=true", cwd=images)
    assert (run.rc, run.recap("changed")) == (0, 0), run.output


@pytest.mark.night
def test_keep_does_not_change_a_good_build(cloud: Cloud, images: Path) -> None:
    before = cloud.inventory()
    (images / TASKS).write_text("---\n- name: Rest\n  ansible.builtin.command: 'true'\n  changed_when: true\n")
    first = cloud.play("build_ami.yml", "-e", "image=web", "-e", "image_on_error=keep", cwd=images)
    assert first.rc == 0, first.output
    assert without_artifacts(cloud.inventory()) == without_artifacts(before)
    assert not keys(cloud)
    again = cloud.play("build_ami.yml", "-e", "image=web", cwd=images)
    assert (again.rc, again.recap("changed")) == (0, 0), "how it would fail is no part of the image"
    assert again.ami() == first.ami()
