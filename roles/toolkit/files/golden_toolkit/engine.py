# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What builds and runs the image: podman in the storage of a local cloud, the host's own podman, or docker."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import typing as t
from pathlib import Path

from golden_toolkit.parts import ToolkitError

ENGINES = ("cloud", "podman", "docker")
_DOOR = Path(__file__).resolve().parents[3] / "local_cloud" / "files" / "cloud.py"


@dataclasses.dataclass(frozen=True)
class Engine:
    """An engine by the name that the user gives it. *cloud* is the name of the local cloud, where that is the engine."""

    name: str
    cloud: str

    @property
    def argv(self) -> list[str]:
        """What its commands begin with."""
        if self.name == "cloud":
            return [sys.executable, str(_DOOR), "podman", f"--name={self.cloud}", "--"]
        return [self.name]

    @property
    def program(self) -> str:
        """What it is by itself: the cloud's is podman."""
        return "docker" if self.name == "docker" else "podman"

    @property
    def default_base(self) -> str:
        """What the image is built on; empty: the cloud's base image of builds."""
        return "" if self.name == "cloud" else "docker.io/library/debian:trixie-slim"

    @property
    def build_options(self) -> list[str]:
        """Where containers are nested, steps of a build run as plain processes do; podman alone can do that."""
        return [] if self.name == "docker" else ["--isolation", "chroot", "--layers=false"]

    def has(self, reference: str) -> bool:
        """Whether it has the image."""
        # Not "image inspect": its failure may as well be that of an engine that is down.
        asked = subprocess.run(
            [*self.argv, "images", "--quiet", reference], capture_output=True, text=True, errors="replace", check=False
        )
        if not asked.returncode:
            return bool(asked.stdout.strip())
        if self.name == "cloud":
            # One that was never up has no images; the build of the toolkit starts it.
            return False
        raise ToolkitError(f"{self.name} cannot say which images it has: {asked.stderr.strip()}")

    def base(self) -> t.Sequence[str]:
        """The command that has the cloud's base image of builds ready."""
        return [sys.executable, str(_DOOR), "base", f"--name={self.cloud}", "--json", "codebuild"]

    def environment(self) -> t.Sequence[str]:
        """The command that tells, as JSON, what points a client to the local cloud."""
        return [sys.executable, str(_DOOR), "env", f"--name={self.cloud}", "--json"]
