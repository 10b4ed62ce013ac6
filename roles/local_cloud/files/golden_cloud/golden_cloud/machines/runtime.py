# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which way of running containers boots systemd on this host: tried once, then remembered."""

from __future__ import annotations

import json
import resource
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

SILENT_SECONDS = 30.0
"""How long a container may run without a word from its init: that of a loaded host is slow to start."""
COMING_SECONDS = 240.0
"""How long an init that has said that it is starting may take: this way of running works, the host is only busy."""
ALL_SECONDS = 420.0
"""How long it may take to try all ways."""
Progress = Literal["up", "coming", "silent", "hopeless"]


def progress(said: str, console: str) -> Progress:
    """How far init has come. *said* is what ``systemctl is-system-running`` answers in the container."""
    if said in ("starting", "running", "degraded"):
        return "up"
    if said == "initializing":
        return "coming"
    if "Freezing execution" in console or "container state improper" in said or "is not running" in said:
        return "hopeless"
    return "silent"


@dataclass(frozen=True)
class Runtime:
    """Options that this host needs: *podman*'s global ones, and those of each container."""

    podman: tuple[str, ...] = ()
    container: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return " ".join([*self.podman, *self.container]) or "podman's defaults"


def _limits(files: int, processes: int) -> tuple[str, ...]:
    return ("--ulimit", f"nofile={files}:{files}", "--ulimit", f"nproc={processes}:{processes}")


def candidates() -> list[Runtime]:
    """What to try, in this order: the defaults, then what nested and cgroup v1 hosts need.

    A nested host may forbid containers the limits that podman gives them by default.
    """
    managers: list[tuple[str, ...]] = [()]
    if not Path("/run/systemd/system").exists():
        managers.append(("--cgroup-manager", "cgroupfs"))
    runtimes: list[tuple[str, ...]] = [("--runtime", "runc")] if shutil.which("runc") else [()]
    files = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 65536)
    limits = [_limits(files, 4096), _limits(1024, 1000)]
    return [Runtime()] + [
        Runtime(podman=(*manager, *name), container=limit)
        for limit in limits
        for manager in managers
        for name in runtimes
    ]


def remembered(file: Path) -> Runtime | None:
    """What worked on this host before; None when nothing is known."""
    try:
        record = json.loads(file.read_text())
        return Runtime(podman=tuple(record["podman"]), container=tuple(record["container"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(file: Path, runtime: Runtime) -> None:
    file.write_text(json.dumps({"podman": runtime.podman, "container": runtime.container}))
