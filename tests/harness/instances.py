# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances of an image that was built: launched as a user does it, asked over SSH, terminated."""

from __future__ import annotations

import collections.abc as c
import contextlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

from harness.cloud import CHECKOUT, Cloud

OPTIONS = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]


@dataclass(frozen=True)
class Machine:
    cloud: Cloud
    id: str
    address: str

    def run(self, command: str) -> str:
        """What the command prints on the instance."""
        key = self.cloud.home / "golden.ami" / "keys" / "launch"
        argv = ["ssh", "-i", str(key), *OPTIONS, f"admin@{self.address}", command]
        return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout


@contextlib.contextmanager
def launched(cloud: Cloud, image: str, ami: str, count: int = 1, cwd: Path = CHECKOUT) -> c.Iterator[list[Machine]]:
    """Instances of the AMI, by the playbooks that launch and terminate."""
    run = cloud.play("launch_ami.yml", "-e", f"image={image}", "-e", f"image_launch_count={count}", cwd=cwd)
    assert run.rc == 0, run.output
    found = cloud.client("ec2").describe_instances(
        Filters=[{"Name": "image-id", "Values": [ami]}, {"Name": "instance-state-name", "Values": ["running"]}]
    )
    machines = [
        Machine(cloud, i["InstanceId"], i["PublicIpAddress"]) for r in found["Reservations"] for i in r["Instances"]
    ]
    assert len(machines) == count
    yield machines
    run = cloud.play("terminate_ami.yml", "-e", f"image={image}", cwd=cwd)
    assert run.rc == 0, run.output
