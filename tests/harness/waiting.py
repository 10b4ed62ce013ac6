# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules in processes of their own that have loaded all they need, and begin when the test says so.

Two that are only started together are as far apart as Python takes to load them, which is longer than what they do.
"""

from __future__ import annotations

import collections.abc as c
import json
import subprocess
import sys
import time
import typing as t
from dataclasses import dataclass, field

from harness.cloud import Cloud
from harness.faults import settings

WAIT = """
import importlib, json, sys
from ansible.module_utils.testing import patch_module_args
module = importlib.import_module(f"ansible_collections.golden.ami.plugins.modules.{sys.argv[1]}")
print("ready", flush=True)
with patch_module_args(json.loads(sys.stdin.readline())):
    module.main()
"""
# An apply of a few seconds, on a busy machine.
LONGEST = 300.0


@dataclass
class Waiting:
    """A module that waits for its options: ``go`` gives them, ``result`` waits for what it says."""

    cloud: Cloud
    module: str
    process: subprocess.Popen[str] = field(init=False)

    def __post_init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WAIT, self.module],
            env=self.cloud.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        if self.process.stdout.readline() != "ready\n":
            raise AssertionError(self.process.communicate()[1])

    def go(self, **options: t.Any) -> None:
        assert self.process.stdin
        known = settings(self.cloud)
        access = {
            "region": "us-east-1",
            "endpoint_url": f"http://127.0.0.1:{self.cloud.port}",
            "access_key": known["access_key"],
            "secret_key": known["secret_key"],
        }
        self.process.stdin.write(json.dumps({**access, **options}) + "\n")
        self.process.stdin.flush()

    def result(self) -> dict[str, t.Any]:
        said, told = self.process.communicate(timeout=LONGEST)
        try:
            found: dict[str, t.Any] = json.loads(said)
        except ValueError:
            raise AssertionError(f"{said}\n{told}") from None
        return found

    def end(self) -> None:
        """Whatever became of the test."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def apart(first: c.Callable[[], t.Any], second: c.Callable[[], t.Any], seconds: float) -> None:
    """Call both; with negative ``seconds`` the second one so much before the first."""
    early, late = (first, second) if seconds >= 0 else (second, first)
    early()
    time.sleep(abs(seconds))
    late()
