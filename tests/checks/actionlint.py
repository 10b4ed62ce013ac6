# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the workflows with actionlint: those of this repository, and those that the role scaffold writes.

actionlint is compiled once, as requirements/actionlint pins it. Where there is no Go that can, that is said, and the check does not run.

actionlint.py CHECKOUT [DIRECTORY FOR THE SUMMARY]
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / "roles" / "packer" / "files"), str(CHECKOUT / "tests")]

import reusable_workflows
from golden_toolchain import gotool, host
from golden_toolchain.errors import NotAvailable
from summary import passed

MODULE = CHECKOUT / "requirements" / "actionlint"
PROGRAM = "github.com/rhysd/actionlint"
SCAFFOLDED = ("build", "daily", "publish", "release", "report", "test")


class Pinned(t.NamedTuple):
    """What go.mod says: the version of actionlint, and the Go that compiles it."""

    version: str
    go_minimum: str
    go_download: str = "https://go.dev/dl/"


def pinned() -> Pinned:
    text = (MODULE / "go.mod").read_text()
    version, go = re.search(rf"{PROGRAM} v(\S+)", text), re.search(r"^go (\S+)$", text, re.MULTILINE)
    assert version
    assert go
    return Pinned(version[1], go[1])


def program() -> Path:
    """The pinned actionlint, compiled if it is not there yet. Raises NotAvailable without a Go that can."""
    lock = pinned()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    target = cache / "golden.ami" / "actionlint" / lock.version / "actionlint"
    if not target.exists():
        go = gotool.find(lock, host.detect(), os.environ)
        target.parent.mkdir(parents=True, exist_ok=True)
        made = target.with_name(f"actionlint.{os.getpid()}")
        argv = [str(go.executable), "build", "-mod=readonly", "-trimpath", "-o", str(made), f"{PROGRAM}/cmd/actionlint"]
        subprocess.run(argv, cwd=MODULE, env={**os.environ, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}, check=True)
        made.replace(target)
    return target


def check(executable: Path, workflows: list[Path]) -> subprocess.CompletedProcess[str]:
    # The scripts of steps are programs of their own, or a line or two.
    argv = [str(executable), "-no-color", "-shellcheck=", "-pyflakes=", *map(str, workflows)]
    return subprocess.run(argv, cwd=workflows[0].parents[2], capture_output=True, text=True, check=False)


def scaffolded(root: Path) -> list[Path]:
    """The workflows that a repository begins with, in one: actionlint follows what they call."""
    (root / ".git").mkdir()
    directory = root / ".github" / "workflows"
    directory.mkdir(parents=True)
    paths = [directory / f"{name}.yml" for name in SCAFFOLDED]
    for path in paths:
        path.write_text(reusable_workflows.render(path.stem, reusable=False))
    return paths


def main(arguments: list[str]) -> int:
    try:
        executable = program()
    except NotAvailable as error:
        print(f"== actionlint: not run, for {error}")
        return 0
    with tempfile.TemporaryDirectory(prefix="golden-lint-") as temporary:
        own = sorted(Path(arguments[0]).joinpath(".github", "workflows").glob("*.yml"))
        runs = [check(executable, workflows) for workflows in (own, scaffolded(Path(temporary)))]
    said = "".join(run.stdout + run.stderr for run in runs)
    if any(run.returncode for run in runs):
        print(said, end="")
        return 1
    if arguments[1:]:
        print(f"== {passed(Path(arguments[1]), 'actionlint', f'{len(own) + len(SCAFFOLDED)} workflows')}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
