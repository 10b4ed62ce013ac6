# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One Python environment for each combination of ansible-core and Python, with the checkout linked as golden.ami."""

from __future__ import annotations

import collections.abc as c
import hashlib
import json
import os
import re
import shutil
import subprocess
import typing as t
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
CACHE = CHECKOUT / ".cache" / "matrix"
# What each release of ansible brings by itself.
OWN = {"ansible", "ansible-core"}
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<rest>[^\\]+)", re.MULTILINE)


@dataclass(frozen=True)
class Release:
    ansible_core: str
    ansible: str
    amazon_aws: str
    pythons: tuple[str, ...]

    @property
    def series(self) -> str:
        return ".".join(self.ansible_core.split(".")[:2])


class WrongVersions(Exception):
    """An environment does not hold what matrix.yml says."""


def pins(locks: c.Iterable[Path]) -> list[str]:
    """What the locks pin, with markers and without hashes, but for what each release of ansible brings."""
    found = (match for lock in locks for match in PIN.finditer(lock.read_text()))
    return sorted({f"{m['name']}=={m['rest'].strip()}" for m in found if m["name"].lower() not in OWN})


def find_python(version: str) -> Path | None:
    """An interpreter of this version, such as 3.12."""
    versions = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    candidates = [shutil.which(f"python{version}"), *sorted(versions.glob(f"{version}.*/bin/python"))]
    for candidate in filter(None, candidates):
        # pyenv's shims are there for versions that are not.
        told = subprocess.run(
            [candidate, "-c", "import sys, venv; print('%d.%d' % sys.version_info[:2], sys.base_prefix)"],
            check=False,
            capture_output=True,
            text=True,
        ).stdout.split(maxsplit=1)
        if told and told[0] == version:
            return Path(told[1].strip()) / "bin" / f"python{version}"
    return None


def make(release: Release, python: Path, version: str, packages: list[str]) -> Path:
    """Have the environment; gives its interpreter. Made anew only when something that it is made of changed.

    Raises CalledProcessError when packages cannot be had, WrongVersions when they are not those of the release.
    """
    root = CACHE / f"core-{release.series}-python-{version}"
    constraints = pins([CHECKOUT / "requirements" / "run.txt", CHECKOUT / "requirements" / "test.txt"])
    recipe = json.dumps([release.ansible, str(python), packages, constraints])
    stamp = hashlib.sha256(recipe.encode()).hexdigest()
    marker = root / ".golden-stamp"
    interpreter = root / "bin" / "python"
    if not (marker.exists() and marker.read_text() == stamp):
        uv("venv", "--clear", "--python", str(python), str(root))
        (root / "constraints.txt").write_text("\n".join(constraints) + "\n")
        wanted = [f"ansible=={release.ansible}", f"ansible-core=={release.ansible_core}", *packages]
        uv("pip", "install", "--python", str(interpreter), "-c", str(root / "constraints.txt"), *wanted)
        link(interpreter)
        marker.write_text(stamp)
    check(release, interpreter)
    return interpreter


def uv(*arguments: str) -> None:
    # A company's own certificate authority is in the system's store.
    environment = {"UV_SYSTEM_CERTS": "true", **os.environ}
    command, *rest = arguments
    subprocess.run(["uv", command, "-q", *rest], check=True, env=environment)


def site_packages(interpreter: Path) -> Path:
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return Path(subprocess.run([interpreter, "-c", code], check=True, capture_output=True, text=True).stdout.strip())


def link(interpreter: Path) -> None:
    """As taskw does: beside the collections that ansible brings."""
    link = site_packages(interpreter) / "ansible_collections" / "golden" / "ami"
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(CHECKOUT)


def check(release: Release, interpreter: Path) -> None:
    code = "import importlib.metadata as m; print(m.version('ansible-core'), m.version('ansible'))"
    told = subprocess.run([interpreter, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    manifest = site_packages(interpreter) / "ansible_collections" / "amazon" / "aws" / "MANIFEST.json"
    collection: dict[str, t.Any] = json.loads(manifest.read_text())["collection_info"]
    found = [*told, collection["version"]]
    wanted = [release.ansible_core, release.ansible, release.amazon_aws]
    if found != wanted:
        names = "ansible-core, ansible, amazon.aws"
        raise WrongVersions(f"{names}: {', '.join(found)} are installed, matrix.yml says {', '.join(wanted)}")
