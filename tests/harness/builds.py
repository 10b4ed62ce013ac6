# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The quickest whole build there is: a tiny HCL template with one shell provisioner, and the module as a process of its own.

``Bench(cloud, directory)`` is where such builds are made. It has a temporary directory of its own, which is ``TMPDIR`` of
all that it starts, and a mark in their environment, so that what a build leaves on this machine is found.

    bench = Bench(cloud, tmp_path)
    bench.image("web", script="exit 3")             # writes template and script, gives the module's arguments
    run = bench.build("web")                        # the module, as ansible-playbook would start it: a Result
    run = bench.build("web", timeout=20, placements=[{"instance_type": "t3.micro"}])
    started = bench.start("web")                    # the same, but does not wait: a Started, with pid and finish()
    play = bench.start_play("web")                  # ansible-playbook playbooks/build_ami.yml -e image=web
    bench.sweep("web")                              # the module build_sweep

The instances are those of the local cloud's Debian 12. A good build takes seconds.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

from harness.cloud import CHECKOUT, Cloud
from harness.signals import hear_signals

DEBIAN = "/aws/service/debian/release/12/latest/amd64"
# By this variable of their environment the processes of a bench are known.
MARK = "GOLDEN_TEST_BENCH"
TEMPLATE = """\
packer {
  required_plugins {
    amazon = {
      version = ">= 1.8.0"
      source  = "github.com/hashicorp/amazon"
    }
  }
}

variable "region" {
  type = string
}
variable "source_ami" {
  type = string
}
variable "golden_ami_name" {
  type = string
}
variable "golden_tags" {
  type = map(string)
}
variable "golden_run_tags" {
  type = map(string)
}
variable "golden_manifest" {
  type = string
}
variable "instance_type" {
  type    = string
  default = "t3.small"
}
variable "subnet_id" {
  type    = string
  default = ""
}
variable "description" {
  type    = string
  default = ""
}
variable "text" {
  type    = string
  default = ""
}
variable "secret" {
  type      = string
  default   = ""
  sensitive = true
}

source "amazon-ebs" "tiny" {
  region                  = var.region
  source_ami              = var.source_ami
  instance_type           = var.instance_type
  subnet_id               = var.subnet_id
  ami_name                = var.golden_ami_name
  ami_description         = var.description
  ssh_username            = "admin"
  # A busy machine boots slowly.
  ssh_timeout             = "15m"
  temporary_key_pair_type = "ed25519"
  tags                    = var.golden_tags
  snapshot_tags           = var.golden_tags
  run_tags                = var.golden_run_tags
  run_volume_tags         = var.golden_run_tags
  aws_polling {
    delay_seconds = 1
    max_attempts  = 600
  }
}

build {
  sources = ["source.amazon-ebs.tiny"]
  provisioner "shell" {
    environment_vars = ["TEXT=${var.text}", "SECRET=${var.secret}"]
    script           = "${path.root}/provision.sh"
  }
  post-processor "manifest" {
    output     = var.golden_manifest
    strip_path = true
  }
}
"""


@functools.cache
def packer(path: str) -> dict[str, str]:
    """Packer and its plugins as the role ``packer`` has them: ``executable`` and ``plugin_path``."""
    return _bring("golden_toolchain", path)


@functools.cache
def goss(path: str) -> str:
    """The goss that the role ``packer`` brings, for this machine."""
    return _bring("golden_toolchain.goss", path)["executable"]


def _bring(program: str, path: str) -> dict[str, str]:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "golden.ami" / "packer"
    told = subprocess.run(
        [sys.executable, "-m", program, "install", "--cache", str(cache)],
        env={**os.environ, "PATH": path, "PYTHONPATH": str(CHECKOUT / "roles" / "packer" / "files")},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found: dict[str, str] = json.loads(told)
    return found


@dataclass
class Result:
    """A module that ended: its exit status, all that it printed, its result, and how long it took in seconds."""

    rc: int
    stdout: str
    stderr: str
    seconds: float
    values: dict[str, t.Any] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        return bool(self.values.get("failed")) or self.rc != 0

    @property
    def msg(self) -> str:
        return str(self.values.get("msg", ""))

    @property
    def warnings(self) -> str:
        """All warnings, as one text."""
        return "\n".join(str(one) for one in self.values.get("warnings", []))

    @property
    def removed(self) -> list[dict[str, str]]:
        """What the build left and the module removed: dictionaries of region, type and id."""
        return list(self.values.get("removed") or [])

    @property
    def leftovers(self) -> list[dict[str, str]]:
        return list(self.values.get("leftovers") or [])

    @property
    def amis(self) -> list[str]:
        return [str(one["ami_id"]) for one in self.values.get("artifacts") or []]

    @property
    def outcome(self) -> str | None:
        """What the profile of the build says: built, failed, kept or interrupted."""
        path = self.values.get("profile_path")
        return str(json.loads(Path(path).read_text())["outcome"]) if path else None

    @property
    def log(self) -> str:
        path = Path(self.values.get("log_path") or "/nonexistent")
        return path.read_text() if path.exists() else ""

    def __str__(self) -> str:
        return f"rc {self.rc} after {self.seconds:.1f} s\n{json.dumps(self.values, indent=1)}\n{self.stderr}"


def read_result(rc: int, stdout: str, stderr: str, seconds: float) -> Result:
    """The JSON object is the last line that is one; there is none when the module was killed."""
    values: dict[str, t.Any] = {}
    for line in reversed(stdout.splitlines()):
        if line.startswith("{"):
            with contextlib.suppress(ValueError):
                values = json.loads(line)
                break
    return Result(rc, stdout, stderr, seconds, values)


@dataclass
class Started:
    """A module, or a play, that runs. What it prints goes to files, so nothing waits for anybody to read."""

    process: subprocess.Popen[bytes]
    out: Path
    err: Path
    began: float = field(default_factory=time.monotonic)

    @property
    def pid(self) -> int:
        return self.process.pid

    def running(self) -> bool:
        return self.process.poll() is None

    def said(self) -> str:
        """What it has printed so far."""
        return self.out.read_text(errors="replace") + self.err.read_text(errors="replace")

    def finish(self, seconds: float = 900) -> Result:
        """Wait for the end."""
        try:
            rc = self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"it did not end within {seconds} s:\n{self.said()}") from None
        out, err = (path.read_text(errors="replace") for path in (self.out, self.err))
        return read_result(rc, out, err, time.monotonic() - self.began)


class Bench:
    """A user's directory with images, a state and a temporary directory of its own."""

    def __init__(self, cloud: Cloud, directory: Path, *, region: str = "us-east-1") -> None:
        self.cloud = cloud
        self.directory = directory
        self.region = region
        self.id = secrets.token_hex(6)
        # Short: paths of sockets have 108 characters at most.
        self.temporary = Path(tempfile.mkdtemp(prefix="gt-"))
        # Ansible's own, which a killed play leaves; in a plain place, whatever the user's directory is called.
        self.ansible = Path(tempfile.mkdtemp(prefix="ga-"))
        self._starts = 0

    def remove(self) -> None:
        shutil.rmtree(self.temporary, ignore_errors=True)
        shutil.rmtree(self.ansible, ignore_errors=True)

    @property
    def environment(self) -> dict[str, str]:
        """That of a shell that works with the local cloud, and of what playbooks/vars/cloud.yml adds to it."""
        state = self.cloud.home / "golden.ami" / "local_cloud" / self.cloud.name
        tools = packer(self.cloud.environment["PATH"])
        return {
            **self.cloud.environment,
            MARK: self.id,
            "TMPDIR": str(self.temporary),
            "ANSIBLE_LOCAL_TEMP": str(self.ansible),
            "ANSIBLE_REMOTE_TEMP": str(self.ansible),
            "AWS_CONFIG_FILE": str(state / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(state / "credentials"),
            "AWS_PROFILE": "golden-local",
            "AWS_REGION": self.region,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.cloud.port}",
            "AWS_EC2_METADATA_DISABLED": "true",
            "PACKER_PLUGIN_PATH": tools["plugin_path"],
        }

    def image(self, name: str, script: str = "true", *, template: str = TEMPLATE, definition: str = "") -> Path:
        """Write an image of the user's own: its template, the script that provisions, and image.yml for the playbook."""
        directory = self.directory / "images" / name
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "tiny.pkr.hcl").write_text(template)
        (directory / "provision.sh").write_text(script + "\n")
        base = f"---\ntemplate: tiny.pkr.hcl\nbase:\n  ssm_parameter: {DEBIAN}\n"
        (directory / "image.yml").write_text(base + definition)
        return directory

    def connection(self) -> dict[str, t.Any]:
        endpoint = f"http://127.0.0.1:{self.cloud.port}"
        return {"profile": "golden-local", "region": self.region, "endpoint_url": endpoint}

    def arguments(self, name: str, **more: t.Any) -> dict[str, t.Any]:
        """What the role gives the module for this image; ``more`` are options of the module and win."""
        directory = self.directory / "images" / name
        tools = packer(self.cloud.environment["PATH"])
        return {
            **self.connection(),
            "name": name,
            "template": str(directory / "tiny.pkr.hcl"),
            "source_ami": {"ssm_parameter": DEBIAN},
            "content": {"script": [str(directory / "provision.sh")]},
            "chdir": str(directory),
            "packer_executable": tools["executable"],
            "packer_plugin_path": tools["plugin_path"],
            **more,
        }

    def start(self, name: str, *, environment: dict[str, str] | None = None, **options: t.Any) -> Started:
        """Start packer_build as a process."""
        return self.start_module("packer_build", self.arguments(name, **options), environment=environment)

    def build(self, name: str, *, environment: dict[str, str] | None = None, **options: t.Any) -> Result:
        """Run packer_build to its end."""
        return self.start(name, environment=environment, **options).finish()

    def sweep(self, *names: str, **options: t.Any) -> Result:
        """Remove what killed builds left."""
        return self.start_module("build_sweep", {**self.connection(), "images": list(names), **options}).finish()

    def start_module(
        self, module: str, arguments: dict[str, t.Any], *, environment: dict[str, str] | None = None
    ) -> Started:
        given = self._path("arguments.json")
        given.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": {"_ansible_check_mode": False, **arguments}}))
        argv = [sys.executable, "-m", f"ansible_collections.golden.ami.plugins.modules.{module}", str(given)]
        return self._start(argv, environment or {})

    def start_play(self, name: str, *more: str, environment: dict[str, str] | None = None) -> Started:
        """Start ``ansible-playbook playbooks/build_ami.yml -e image=NAME`` in the user's directory."""
        return self._start(self.cloud.argv("build_ami.yml", "-e", f"image={name}", *more), environment or {})

    def play(self, name: str, *more: str, environment: dict[str, str] | None = None) -> Result:
        return self.start_play(name, *more, environment=environment).finish()

    def _path(self, name: str) -> Path:
        self._starts += 1
        path = self.directory / ".runs" / f"{self._starts}.{name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _start(self, argv: list[str], environment: dict[str, str]) -> Started:
        out, err = self._path("out"), self._path("err")
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                argv,
                cwd=self.directory,
                env={**self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
                preexec_fn=hear_signals,
            )
        return Started(process, out, err)

    def processes(self) -> dict[int, str]:
        """What this bench has started and still runs, with command lines; multiplexed SSH connections end by themselves."""
        mark = f"{MARK}={self.id}".encode()
        found = {}
        for environ in Path("/proc").glob("[0-9]*/environ"):
            try:
                if mark not in environ.read_bytes().split(b"\0"):
                    continue
                command = (environ.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if command and not re.match(r"ssh: .* \[mux\]", command):
                found[int(environ.parent.name)] = command
        return found
