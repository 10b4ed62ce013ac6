# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The boundaries between the steps of a build, seen from outside: in the cloud's record of calls, and in the build's log."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from harness.builds import Started
from harness.cloud import Cloud
from reliability.ground import Row

# Who makes a call, by the beginning of what it calls itself.
PACKER, MODULE = "APN/1.0 HashiCorp", "APN/1.0 Ansible"
# A boot takes its time on a busy machine. Seconds.
LONGEST = 600.0
POLL = 0.01


@dataclass(frozen=True)
class Boundary:
    """Where a step ends: a call that was answered (the ``nth`` of that caller), or words in the log."""

    name: str
    operation: str = ""
    caller: str = PACKER
    nth: int = 1
    words: str = ""

    def reached(self, row: Row) -> bool:
        if self.words:
            return any(self.words in log for log in logs(row))
        made = [
            call
            for call in row.calls()
            if call["operation"] == self.operation and str(call["user_agent"]).startswith(self.caller)
        ]
        return len(made) >= self.nth


BOUNDARIES = [
    Boundary("lock taken", "PutParameter", MODULE),
    Boundary("key pair made", "CreateKeyPair"),
    Boundary("security group made", "CreateSecurityGroup"),
    Boundary("instance launched", "RunInstances"),
    Boundary("waits for SSH", words="Waiting for SSH to become available"),
    Boundary("provisioner runs", words="at work on the instance"),
    Boundary("instance stopped", "StopInstances"),
    Boundary("AMI begun", "CreateImage"),
    Boundary("AMI tagged", "CreateTags"),
    Boundary("instance terminated", "TerminateInstances"),
    Boundary("key pair deleted", "DeleteKeyPair"),
    Boundary("leftovers looked for", "DescribeTags", MODULE),
    # The first one is the lock.
    Boundary("version recorded", "PutParameter", MODULE, nth=2),
    Boundary("tags completed", "CreateTags", MODULE),
]
BY_NAME = {boundary.name: boundary for boundary in BOUNDARIES}


def logs(row: Row) -> list[str]:
    """What the builds that are under way have logged: the rows of a cloud run one after the other."""
    began = row.began
    found = (row.cloud.home / "golden.ami" / "logs").glob("*.log")
    return [log.read_text(errors="replace") for log in found if log.stat().st_mtime >= began]


def outcomes(row: Row) -> list[str]:
    """How the row's builds ended by what they wrote down themselves: built, failed, kept or interrupted."""
    found = (row.cloud.home / "golden.ami" / "profiles").glob("*/*.json")
    return [json.loads(path.read_text())["outcome"] for path in found if path.stat().st_mtime >= row.began]


def wait_until(row: Row, boundary: Boundary, started: Started) -> None:
    """Wait for the boundary; a build that ends before it has failed for a reason of its own."""
    end = time.monotonic() + LONGEST
    while not boundary.reached(row):
        if not started.running() and not boundary.reached(row):
            raise AssertionError(f"the build ended before it came to '{boundary.name}':\n{started.said()}")
        if time.monotonic() > end:
            raise AssertionError(f"'{boundary.name}' was not reached within {LONGEST} s:\n{started.said()}")
        time.sleep(POLL)


def settle(row: Row, seconds: float = 240.0) -> None:
    """Wait until no process of the row is left: who outlives a signal cleans up."""
    end = time.monotonic() + seconds
    while row.bench.processes():
        if time.monotonic() > end:
            raise AssertionError(f"still there after {seconds} s: {row.bench.processes()}")
        time.sleep(0.2)


def complete_images(cloud: Cloud, images: list[str]) -> list[str]:
    """Those that are tagged as complete."""
    if not images:
        return []
    found = cloud.client("ec2").describe_images(ImageIds=images)["Images"]
    tags = {image["ImageId"]: {tag["Key"]: tag["Value"] for tag in image.get("Tags", [])} for image in found}
    return [image for image in images if tags[image].get("golden:complete") == "yes"]
