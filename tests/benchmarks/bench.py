# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ratios, all measured in this run on a local cloud of its own: what golden.ami adds to what a user would run instead.

python tests/benchmarks/bench.py [IMAGE] [ROUNDS]      exit status 1 where a promise is not kept
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import typing as t
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

from graph import measure_graph
from harness.cloud import CHECKOUT, Cloud, remove_cloud, start_cloud
from life import measure_life
from promise import Promise, say, timed

READS = ("Describe", "Get", "List")


class Calls:
    """The AWS calls between two moments, from the local cloud's own record."""

    def __init__(self, cloud: Cloud) -> None:
        self.file = cloud.home / "golden.ami" / "local_cloud" / cloud.name / "calls.jsonl"
        self.skip = self._count()

    def _count(self) -> int:
        return len(self.file.read_text().splitlines()) if self.file.exists() else 0

    def since(self) -> list[str]:
        time.sleep(1)  # the record is written behind the answer
        return [json.loads(line)["operation"] for line in self.file.read_text().splitlines()[self.skip :]]


def bare_packer(cloud: Cloud, variables: Path, packer: dict[str, str]) -> None:
    """What a user would type: the same template, the same variables, no collection around it."""
    directory = cloud.home / "golden.ami" / "local_cloud" / cloud.name
    environment = {
        **cloud.environment,
        "AWS_CONFIG_FILE": str(directory / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(directory / "credentials"),
        "AWS_PROFILE": "golden-local",
        "PACKER_PLUGIN_PATH": packer["plugins"],
        "CHECKPOINT_DISABLE": "1",
    }
    template = CHECKOUT / "roles" / "image" / "files" / "packer"
    own_name = f"-var=golden_ami_name=bench-{time.time_ns()}"
    argv = [packer["executable"], "build", "-color=false", f"-var-file={variables}", own_name, str(template)]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"bare packer failed:\n{done.stdout}{done.stderr}")


def build(cloud: Cloud, image: str, *arguments: str) -> float:
    """Run build_ami.yml; returns the seconds that its task packer_build took, as Ansible's own profiler counts them."""
    callback = {"ANSIBLE_CALLBACKS_ENABLED": "ansible.posix.profile_tasks"}
    run = cloud.play("build_ami.yml", "-e", f"image={image}", *arguments, **callback)
    found = re.findall(r"Build the image, unless an artifact.*?-+ ([0-9.]+)s", run.output)
    if run.rc != 0 or not found:
        raise SystemExit(run.output)
    return float(found[-1])


def measure(cloud: Cloud, image: str, rounds: int) -> list[Promise]:
    say(f"a first build of {image}, which also brings base image and caches")
    build(cloud, image, "-e", "image_force=true")
    facts = bench_facts(cloud, image)
    bare, plays, ours, bare_calls, our_calls = [], [], [], 0, 0
    for number in range(1, rounds + 1):
        calls = Calls(cloud)
        seconds, _run = timed(lambda: bare_packer(cloud, Path(facts["variables"]), facts["packer"]))
        bare.append(seconds)
        bare_calls = len(calls.since())
        calls = Calls(cloud)
        seconds, task = timed(lambda: build(cloud, image, "-e", "image_force=true"))
        plays.append(seconds)
        ours.append(task)
        our_calls = len(calls.since())
        say(
            f"round {number} of {rounds}: bare packer {bare[-1]:.1f} s, packer_build {task:.1f} s, the play {seconds:.1f} s"
        )
    calls = Calls(cloud)
    again = [build(cloud, image) for _round in range(3)]
    operations = calls.since()
    reads = sum(operation.startswith(READS) for operation in operations) / 3
    writes = sum(not operation.startswith(READS) for operation in operations)
    say(f"unchanged again: {median(again):.1f} s, calls {sorted(set(operations))}")
    say(f"the whole play / bare packer build: {median(plays) / median(bare):.2f}")
    return [
        Promise("packer_build / bare packer build of the same template", median(ours) / median(bare), 1.10),
        Promise("API calls beyond those of bare packer", our_calls - bare_calls, 10),
        Promise("unchanged re-run / build", median(again) / median(ours), 0.05),
        Promise("reads of an unchanged re-run", reads, 3),
        Promise("writes of an unchanged re-run", writes, 0),
    ]


def command_seconds(cloud: Cloud, *argv: str) -> float:
    return timed(lambda: subprocess.run(argv, env=cloud.environment, check=True, capture_output=True))[0]


def bench_facts(cloud: Cloud, image: str) -> dict[str, t.Any]:
    """The variables that the play hands to Packer, so that bare Packer gets the same."""
    out = cloud.home / "bench"
    out.mkdir()
    run = cloud.play(
        str(CHECKOUT / "tests" / "benchmarks" / "variables.yml"), "-e", f"image={image}", "-e", f"bench_directory={out}"
    )
    if run.rc != 0:
        raise SystemExit(run.output)
    return t.cast(dict[str, t.Any], json.loads((out / "facts.json").read_text()))


def main() -> int:
    image = sys.argv[1] if len(sys.argv) > 1 else "wordpress"
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    cloud = start_cloud("bench")
    try:
        promises = measure(cloud, image, rounds) + measure_graph(cloud)
        cloud.play("local_cloud.yml", "-e", "local_cloud_state=absent")
        taskw = str(CHECKOUT / "taskw")
        task = str(CHECKOUT / ".venv" / "bin" / "task")
        ready = command_seconds(cloud, taskw, "cloud:up")
        added = median(
            command_seconds(cloud, taskw, "--version") - command_seconds(cloud, task, "--version")
            for _round in range(5)
        )
    finally:
        remove_cloud(cloud)
    promises += [
        *measure_life(),
        Promise(".venv and cloud ready again", ready, 10, " s"),
        Promise("what taskw adds to Task on its second call", added, 0.3, " s"),
    ]
    print(*promises, sep="\n")
    return 0 if all(promise.kept for promise in promises) else 1


if __name__ == "__main__":
    os.chdir(CHECKOUT)
    raise SystemExit(main())
