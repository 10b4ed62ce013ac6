# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten AMIs tagged, shared and promoted by one task each, against ten tasks of amazon.aws and community.aws.

They get the easier work: they tag and share no snapshots, and write a channel without looking, lock or way back.
"""

from __future__ import annotations

import re
import typing as t
from statistics import median

import yaml
from harness.cloud import CHECKOUT, Cloud
from harness.recorder import CONNECTION
from harness.versions import Versions
from promise import Promise, say

COUNT, ROUNDS = 10, 3
REGION, VERSION, IMAGE = "us-east-1", "1.0", "bench"
Task = dict[str, t.Any]


def play(cloud: Cloud, tasks: list[Task]) -> dict[str, float]:
    """Seconds of each task by its name, as Ansible's own profiler counts them: those of a loop together."""
    path = cloud.home / "bench-tasks.yml"
    content = {
        "name": "Bench",
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars_files": [str(CHECKOUT / "playbooks" / "vars" / "cloud.yml")],
        "environment": "{{ golden_environment }}",
        "module_defaults": {"group/golden.ami.aws": CONNECTION, "group/amazon.aws.aws": CONNECTION},
        "tasks": tasks,
    }
    path.write_text(yaml.safe_dump([content], sort_keys=False))
    run = cloud.play(str(path), ANSIBLE_CALLBACKS_ENABLED="ansible.posix.profile_tasks")
    names = [task["name"] for task in tasks]
    found = {name: re.findall(rf"^{re.escape(name)} -+ ([0-9.]+)s$", run.output, re.MULTILINE) for name in names}
    if run.rc != 0 or not all(found.values()) or run.recap("changed") != len(tasks):
        raise SystemExit(run.output)
    return {name: float(seconds[-1]) for name, seconds in found.items()}


def pairs(round_: int, amis: list[str], places: dict[str, str]) -> dict[str, tuple[Task, Task]]:
    """For each work our task and theirs; another tag, account and channel in each round, so that each has to write."""
    ours, theirs = f"ours-{round_}", f"theirs-{round_}"
    loop = {"loop": amis}
    return {
        "tagged": (
            {"golden.ami.ami_tag": {"image_ids": amis, "tags": {ours: "yes"}}},
            {"amazon.aws.ec2_tag": {"resource": "{{ item }}", "tags": {theirs: "yes"}}, **loop},
        ),
        "shared": (
            {"golden.ami.ami_share": {"image_ids": amis, "targets": {"accounts": [f"33333333333{round_}"]}}},
            {
                "amazon.aws.ec2_ami": {
                    "image_id": "{{ item }}",
                    "state": "present",
                    "launch_permissions": {"user_ids": [f"44444444444{round_}"]},
                },
                **loop,
            },
        ),
        "promoted": (
            {
                "golden.ami.ami_promote": {
                    "image": IMAGE,
                    "version": VERSION,
                    "channel": ours,
                    "regions": list(places),
                }
            },
            {
                "community.aws.ssm_parameter": {
                    **CONNECTION,
                    "name": f"/golden/{IMAGE}/{theirs}",
                    "value": "{{ item.value }}",
                    "region": "{{ item.key }}",
                },
                "loop": [{"key": region, "value": ami} for region, ami in places.items()],
            },
        ),
    }


def measure_tasks(cloud: Cloud) -> list[Promise]:
    versions = Versions(cloud)
    known = sorted(one["RegionName"] for one in cloud.client("ec2").describe_regions()["Regions"])
    regions = [REGION, *(region for region in known if region != REGION)][:COUNT]
    say(f"planting {COUNT} AMIs in {REGION}, and one version in {len(regions)} Regions")
    amis = [versions.make("other", str(number), (versions.home, REGION))[0] for number in range(COUNT)]
    there = versions.make(IMAGE, VERSION, *((versions.home, region) for region in regions))
    places = dict(zip(regions, there, strict=True))
    taken: dict[str, list[float]] = {}
    for round_ in range(ROUNDS):
        tasks = [
            {"name": f"{who} {what}", **task}
            for what, pair in pairs(round_, amis, places).items()
            for who, task in zip(("ours", "theirs"), pair, strict=True)
        ]
        for name, seconds in play(cloud, tasks).items():
            taken.setdefault(name, []).append(seconds)
    found = []
    for what in ("tagged", "shared", "promoted"):
        ours, theirs = (median(taken[f"{who} {what}"]) for who in ("ours", "theirs"))
        say(f"ten AMIs {what}: {ours:.1f} s by one task, {theirs:.1f} s by ten tasks of amazon.aws")
        found.append(Promise(f"ten AMIs {what} / ten tasks of amazon.aws", ours / theirs, 0.35))
    return found
