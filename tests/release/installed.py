# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as a user has it: installed from the tarball, with a Python environment that knows no checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from harness.cloud import CHECKOUT, FOREIGN, Run, run

COLLECTION = "ansible_collections/golden/ami"


@dataclass
class Installed:
    """An installation below ``root``, and the commands of a user who works with it."""

    root: Path
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def scripts(self) -> Path:
        return self.root / "venv" / "bin"

    @property
    def collections(self) -> Path:
        return self.root / "collections"

    @property
    def path(self) -> Path:
        """Where the collection is."""
        return self.collections / COLLECTION

    @property
    def environment(self) -> dict[str, str]:
        """A user's own: nothing that points to the checkout, to a cloud, or to a configuration of Ansible."""
        kept = {key: value for key, value in os.environ.items() if not FOREIGN.match(key)}
        for key in ("VIRTUAL_ENV", "PYTHONPATH"):
            kept.pop(key, None)
        directories = [part for part in kept["PATH"].split(":") if not Path(part).is_relative_to(CHECKOUT)]
        return {
            **kept,
            "PATH": ":".join([str(self.scripts), *directories]),
            "ANSIBLE_HOME": str(self.root / "ansible"),
            "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
            "ANSIBLE_NOCOLOR": "1",
            **self.extra,
        }

    def run(self, *argv: str, cwd: Path | None = None, **environment: str) -> Run:
        """Run a command to its end, in a directory without a checkout."""
        return run(argv, cwd or self.root, {**self.environment, **environment})


def install(root: Path, tarball: Path) -> tuple[Installed, Run]:
    """Make the Python environment of requirements/run.txt, and install the tarball into an empty collections path."""
    lock = str(CHECKOUT / "requirements" / "run.txt")
    uv = str(Path(sys.executable).parent / "uv")
    # A company's own certificate authority is in the system's store.
    environment = {"UV_SYSTEM_CERTS": "true", **os.environ}
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    subprocess.run([uv, "venv", "-q", "--python", str(base), str(root / "venv")], check=True, env=environment)
    argv = [uv, "pip", "install", "-q", "--python", str(root / "venv/bin/python"), "--require-hashes", "-r", lock]
    subprocess.run(argv, check=True, env=environment)
    made = Installed(root)
    assert not made.collections.exists()
    return made, made.run("ansible-galaxy", "collection", "install", str(tarball), "-p", str(made.collections))
