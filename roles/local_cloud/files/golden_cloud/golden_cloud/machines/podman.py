# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Thin calls of the ``podman`` program, in a storage of the cloud's own."""

from __future__ import annotations

import json
import logging
import re
import shutil
import subprocess
from collections.abc import Sequence
from typing import Any

from golden_cloud.place import Place
from golden_cloud.ports import MachineError

log = logging.getLogger(__name__)

OLDEST = (4, 3)
"""The oldest podman that is known to work (Debian 12's)."""


class PodmanError(MachineError):
    """A podman command failed; carries its exit status and what it said."""

    def __init__(self, argv: Sequence[str], returncode: int, stderr: str) -> None:
        self.returncode = returncode
        self.stderr = stderr.strip()
        super().__init__(f"podman {' '.join(argv)} failed with status {returncode}: {self.stderr or 'no message'}")


def argv_prefix(place: Place) -> list[str]:
    """The podman command that sees this cloud's images and containers and nobody else's."""
    return [
        "podman",
        "--root", str(place.storage),
        "--runroot", str(place.run / "run"),
        "--tmpdir", str(place.run / "tmp"),
        "--network-config-dir", str(place.networks),
        "--storage-driver", "overlay",
        "--events-backend", "file",
    ]  # fmt: skip


def parse_version(text: str) -> tuple[int, ...]:
    """``podman version 4.3.1`` as ``(4, 3, 1)``; empty when it says something else."""
    match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part) for part in match.groups(default="0")) if match else ()


class Podman:
    """The podman of one cloud."""

    def __init__(self, place: Place, options: Sequence[str] = ()) -> None:
        """*options* are global options that this host needs, such as ``--runtime runc``."""
        self.place = place
        self.options = list(options)

    @property
    def prefix(self) -> list[str]:
        return [*argv_prefix(self.place), *self.options]

    def run(
        self, *args: str, stdin: bytes | None = None, timeout: float = 600, check: bool = True
    ) -> subprocess.CompletedProcess[bytes]:
        """Run one podman command: ``PodmanError`` when it fails, ``MachineError`` after *timeout* seconds."""
        try:
            done = subprocess.run(
                [*self.prefix, *args],
                input=stdin,
                stdin=subprocess.DEVNULL if stdin is None else None,
                capture_output=True,
                timeout=timeout,
                check=False,
            )
        except FileNotFoundError as error:
            raise MachineError("podman is not installed: install the package podman") from error
        except subprocess.TimeoutExpired as error:
            raise MachineError(f"podman {' '.join(args)} did not end within {timeout:.0f} s") from error
        log.debug("podman %s: %d", " ".join(args), done.returncode)
        if check and done.returncode:
            raise PodmanError(args, done.returncode, done.stderr.decode(errors="replace"))
        return done

    def text(self, *args: str, timeout: float = 600) -> str:
        """Standard output of a command, without the white space around it."""
        return self.run(*args, timeout=timeout).stdout.decode(errors="replace").strip()

    def inspect(self, name: str) -> dict[str, Any] | None:
        """The container's record, None when there is no such container."""
        done = self.run("container", "inspect", name, check=False)
        if done.returncode:
            if b"no such container" in done.stderr.lower():
                return None
            raise PodmanError(["container", "inspect", name], done.returncode, done.stderr.decode(errors="replace"))
        record: dict[str, Any] = json.loads(done.stdout)[0]
        return record

    def image_exists(self, reference: str) -> bool:
        return self.run("image", "exists", reference, check=False).returncode == 0

    def containers(self) -> list[dict[str, Any]]:
        """All containers of the cloud, with the states that the runtime tells now."""
        listed: list[dict[str, Any]] = json.loads(self.text("ps", "--all", "--sync", "--format", "json") or "[]")
        return listed


def installed_version() -> tuple[int, ...]:
    """Version of the podman on PATH; empty when there is none."""
    if not shutil.which("podman"):
        return ()
    done = subprocess.run(["podman", "--version"], capture_output=True, text=True, timeout=30, check=False)
    return parse_version(done.stdout)
