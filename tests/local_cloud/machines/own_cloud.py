# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real local cloud of the tests' own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

PACKAGE = Path(__file__).parents[3] / "roles" / "local_cloud" / "files" / "golden_cloud"
IMDS = (
    'T=$(curl -s -m 5 -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" http://169.254.169.254/latest/api/token);'
    ' curl -s -m 5 -H "X-aws-ec2-metadata-token: $T" http://169.254.169.254/latest'
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Cloud:
    """A cloud of the tests' own, in a home of its own; base images come from the user's cache."""

    home: Path
    port: int

    @property
    def environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "GOLDEN_"))}
        return {**kept, "XDG_STATE_HOME": str(self.home), "PYTHONPATH": str(PACKAGE)}

    def run(self, verb: str, *options: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "golden_cloud", verb, "--port", str(self.port), *options]
        return subprocess.run(argv, env=self.environment, capture_output=True, text=True, timeout=300, check=False)

    def told(self, verb: str) -> dict[str, Any]:
        done = self.run(verb, "--json")
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def client(self, service: str) -> Any:
        told = self.told("env")
        return boto3.client(
            service,
            endpoint_url=told["AWS_ENDPOINT_URL"],
            aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
            region_name=told["AWS_REGION"],
        )

    @property
    def state(self) -> Path:
        return self.home / "golden.ami" / "local_cloud" / "default"

    def base(self, release: str) -> str:
        name = f"/aws/service/debian/release/{release}/latest/amd64"
        return str(self.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])

    def launch(self, image: str, **more: Any) -> tuple[str, str]:
        """A running instance: id and address."""
        ec2 = self.client("ec2")
        made = ec2.run_instances(ImageId=image, InstanceType="t3.small", MinCount=1, MaxCount=1, **more)
        identifier = str(made["Instances"][0]["InstanceId"])
        return identifier, self.wait(identifier, "running")

    def wait(self, identifier: str, state: str, seconds: float = 300) -> str:
        """Until the instance is in the state; its address."""
        ec2 = self.client("ec2")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            seen = ec2.describe_instances(InstanceIds=[identifier])["Reservations"][0]["Instances"][0]
            if seen["State"]["Name"] == state:
                return str(seen.get("PublicIpAddress", ""))
            time.sleep(0.2)
        raise AssertionError(f"{identifier} is {seen['State']['Name']} ({seen.get('StateReason')}), not {state}")

    def ssh(self, address: str, command: str, user: str = "admin", seconds: float = 240) -> str:
        argv = [
            "ssh", "-i", str(self.home / "key"), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=2", f"{user}@{address}", command,
        ]  # fmt: skip
        end = time.monotonic() + seconds
        while True:
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
            if done.returncode != 255:
                assert done.returncode == 0, done.stdout + done.stderr
                return done.stdout.strip()
            assert time.monotonic() < end, f"no ssh to {address}: {done.stderr}"
            time.sleep(0.3)

    def traces(self) -> list[str]:
        """What of this cloud is on the host: processes, mounts, network devices, packet filter rules."""
        from golden_cloud.place import Place

        tag = Place("default", self.state, self.home).tag
        subnet = json.loads((self.state / "cloud.json").read_text())["subnet"].split("/")[0]
        found = [
            line for line in Path("/proc/mounts").read_text().splitlines() if str(self.home) in line or tag in line
        ]
        found += [path.name for path in Path("/sys/class/net").iterdir() if tag in path.name]
        for table in ("nat", "filter"):
            rules = subprocess.run(["iptables", "-t", table, "-S"], capture_output=True, text=True, check=True).stdout
            found += [rule for rule in rules.splitlines() if tag in rule or subnet in rule]
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                command = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if tag in command or str(self.home) in command:
                found.append(command)
        return found
