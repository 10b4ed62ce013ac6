# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A local cloud of the tests' own, and the commands that a user types, run against it."""

from __future__ import annotations

import collections.abc as c
import configparser
import hashlib
import os
import platform
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import boto3

CHECKOUT = Path(__file__).parents[2]
RESET = ("local_cloud.yml", "-e", "local_cloud_state=reset")
# What the shell that runs the tests knows of a cloud must not reach them.
FOREIGN = re.compile(r"^(AWS_|ANSIBLE_|PACKER_|PKR_|GOLDEN_)")


@dataclass
class Run:
    """A finished command: its exit status and all that it printed."""

    rc: int
    output: str

    def recap(self, word: str) -> int:
        """A figure of the play's recap, such as changed."""
        found = re.findall(rf"\blocalhost\s.*\b{word}=(\d+)", self.output)
        if not found:
            raise AssertionError(f"no recap in:\n{self.output}")
        return int(found[-1])

    @property
    def words(self) -> str:
        """All that was printed, on one line: Ansible breaks messages where it likes."""
        return " ".join(self.output.split())

    def ami(self) -> str:
        """The AMI that was built, or the one that is still good."""
        found = re.findall(r"\bis (ami-[0-9a-f]{8,17}) in |\b(ami-[0-9a-f]{8,17}) .{0,40}is still\s+good", self.output)
        if not found:
            raise AssertionError(f"no AMI id in:\n{self.output}")
        return "".join(found[-1])


def run(argv: c.Sequence[str], cwd: Path, environment: dict[str, str]) -> Run:
    """Run a command to its end, as one that nobody can answer."""
    done = subprocess.run(
        argv,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1800,
        check=False,
    )
    return Run(done.returncode, done.stdout)


@dataclass
class Cloud:
    """One local cloud in a home of its own, and an AWS client for it."""

    name: str
    port: int
    home: Path
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not FOREIGN.match(key)}
        return {
            **kept,
            "PATH": f"{Path(sys.executable).parent}:{kept['PATH']}",
            "XDG_STATE_HOME": str(self.home),
            "GOLDEN_CLOUD_NAME": self.name,
            "GOLDEN_CLOUD_PORT": str(self.port),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
            **self.extra,
        }

    def argv(self, playbook: str, *arguments: str) -> list[str]:
        path = CHECKOUT / "playbooks" / playbook
        return ["ansible-playbook", "-i", str(CHECKOUT / "inventories" / "local.yml"), str(path), *arguments]

    def play(self, playbook: str, *arguments: str, cwd: Path = CHECKOUT, **environment: str) -> Run:
        """Run a playbook to its end."""
        return run(self.argv(playbook, *arguments), cwd, {**self.environment, **environment})

    def client(self, service: str, region: str = "us-east-1") -> t.Any:
        directory = self.home / "golden.ami" / "local_cloud" / self.name
        credentials = configparser.ConfigParser()
        credentials.read(directory / "credentials")
        section = credentials[credentials.sections()[0]]
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name=region,
            aws_access_key_id=section["aws_access_key_id"],
            aws_secret_access_key=section["aws_secret_access_key"],
        )

    def shell(self) -> dict[str, str]:
        """The environment of a shell that ``./taskw cloud:env`` has pointed to this cloud."""
        told = subprocess.run(
            [str(CHECKOUT / "taskw"), "cloud:env"], env=self.environment, check=True, capture_output=True, text=True
        ).stdout
        pairs = re.findall(r"^export (\w+)=(.*)$", told, re.MULTILINE)
        return {**self.environment, **{name: value.strip("'\"") for name, value in pairs}}

    def inventory(self) -> dict[str, set[str]]:
        """The ids of all that costs money, by kind."""
        ec2 = self.client("ec2")
        instances = [i for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]]
        return {
            "instances": {i["InstanceId"] for i in instances if i["State"]["Name"] != "terminated"},
            "key pairs": {k["KeyName"] for k in ec2.describe_key_pairs()["KeyPairs"]},
            "security groups": {g["GroupId"] for g in ec2.describe_security_groups()["SecurityGroups"]},
            "volumes": {v["VolumeId"] for v in ec2.describe_volumes()["Volumes"]},
            "snapshots": {s["SnapshotId"] for s in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]},
            "images": {i["ImageId"] for i in ec2.describe_images(Owners=["self"])["Images"]},
        }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_cloud(name: str) -> Cloud:
    home = Path(tempfile.mkdtemp(prefix="golden-"))
    cloud = Cloud(name=name, port=free_port(), home=home)
    _GUARDS[cloud.home] = _guard(cloud)
    try:
        _hand_on_runtime(_known_runtime(), runtime_of(cloud))
        up = cloud.play("local_cloud.yml")
        assert up.rc == 0, up.output
    except BaseException:
        # Interrupted, or come up in part: nobody else knows of it.
        _reset(cloud)
        raise
    return cloud


# Of each cloud that this process has started: the process that removes it, should this one be killed.
_GUARDS: dict[Path, subprocess.Popen[bytes]] = {}


def _guard(cloud: Cloud) -> subprocess.Popen[bytes]:
    # In a session of its own, so that a Ctrl-C in the terminal does not reach it.
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("guard.py")), *cloud.argv(*RESET)],
        env=cloud.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def runtime_of(cloud: Cloud) -> Path:
    """What a cloud has found out of how containers run on this host."""
    return cloud.home / "golden.ami" / "local_cloud" / cloud.name / "runtime.json"


def _known_runtime() -> Path:
    """A cache may be shared with other hosts, and a host may get another kernel or podman."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    digest = hashlib.sha256("\0".join(_host()).encode()).hexdigest()[:12]
    return cache / "golden.ami" / "tests" / f"runtime-{digest}.json"


def _host() -> list[str]:
    """What the way of running containers depends on."""
    told = []
    for file in ("/etc/machine-id", "/proc/sys/kernel/random/boot_id"):
        path = Path(file)
        told.append(path.read_text().strip() if path.is_file() else "")
    podman = shutil.which("podman")
    said = subprocess.run([podman, "--version"], capture_output=True, text=True, check=False).stdout if podman else ""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    return [*told, said.strip(), str(shutil.which("runc")), platform.release(), str(limits[1])]


def _hand_on_runtime(known: Path, to: Path) -> None:
    """Each cloud finds it out once, by trying; on a host that is busy with tests that takes minutes, or fails."""
    if known.exists():
        to.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = to.with_name(f"{to.name}.new")
        shutil.copy(known, fresh)
        fresh.replace(to)


def remove_cloud(cloud: Cloud) -> None:
    _hand_on_runtime(runtime_of(cloud), _known_runtime())
    _reset(cloud)


def _reset(cloud: Cloud) -> None:
    gone = cloud.play(*RESET)
    assert gone.rc == 0, gone.output
    shutil.rmtree(cloud.home)
    if guard := _GUARDS.pop(cloud.home, None):
        guard.communicate(b"gone")
