# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""git, run on a bare repository: nobody's configuration, no hooks, nothing that goes on in the background."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from golden_cloud.api.errors import NOT_RETRIED, CloudError

NOTHING = "0" * 40
"""In place of the id of a commit: the reference is not there."""
_CONFIG = {
    "core.hooksPath": "/dev/null",
    "safe.directory": "*",
    "gc.auto": "0",
    "receive.autogc": "false",
    "maintenance.auto": "false",
}
_ATTRIBUTES = "* -export-ignore -export-subst -text -eol -ident -filter -working-tree-encoding\n"
"""An archive has every file as it was committed, whatever .gitattributes says."""


class GitError(Exception):
    """git ended with an error; the text is what it said."""


def check_installed() -> None:
    """``CloudError`` when this machine has no git."""
    if shutil.which("git") is None:
        text = "The local cloud's repositories need git on its machine: apt-get install --no-install-recommends git"
        raise CloudError("NotImplemented", text, NOT_RETRIED)


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """What git gets: the path to programs, and configuration that wins over all files."""
    config = {"GIT_CONFIG_COUNT": str(len(_CONFIG))}
    for index, (name, value) in enumerate(_CONFIG.items()):
        config |= {f"GIT_CONFIG_KEY_{index}": name, f"GIT_CONFIG_VALUE_{index}": value}
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        **config,
        **(more or {}),
    }


def run(repository: Path, *arguments: str, text: bytes | None = None, more: Mapping[str, str] | None = None) -> bytes:
    """What git prints; ``GitError`` when it fails."""
    done = subprocess.run(
        ["git", f"--git-dir={repository}", *arguments],
        input=text,
        stdin=subprocess.DEVNULL if text is None else None,
        capture_output=True,
        env=environment(more),
        cwd="/",
        check=False,
    )
    if done.returncode:
        raise GitError(done.stderr.decode(errors="replace").strip() or f"git {arguments[0]}: status {done.returncode}")
    return done.stdout


def create(repository: Path) -> None:
    """A new, bare repository."""
    check_installed()
    repository.parent.mkdir(mode=0o700, exist_ok=True)
    run(repository, "init", "--quiet", "--bare", "--template=", "--initial-branch=main")
    (repository / "info").mkdir(exist_ok=True)
    (repository / "info" / "attributes").write_text(_ATTRIBUTES)


def resolve(repository: Path, revision: str) -> str | None:
    """The id of the object that the revision names."""
    try:
        return run(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", revision).decode().strip()
    except GitError:
        return None


def branches(repository: Path) -> dict[str, str]:
    """Name → id of the last commit."""
    lines = run(repository, "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads").decode().splitlines()
    found = (line.partition(" ") for line in lines)
    return {name.removeprefix("refs/heads/"): commit_id for commit_id, _space, name in found}


def default_branch(repository: Path) -> str | None:
    """The branch that HEAD names; None while it has no commit."""
    name = (repository / "HEAD").read_text().strip().removeprefix("ref: ")
    return name.removeprefix("refs/heads/") if resolve(repository, name) else None


def set_default_branch(repository: Path, name: str) -> None:
    run(repository, "symbolic-ref", "HEAD", f"refs/heads/{name}")


def adopt_first_branch(repository: Path, pushed: list[str]) -> None:
    """The first branch that is pushed becomes the default one."""
    if default_branch(repository) is None:
        there = branches(repository)
        first = next((name for name in pushed if name in there), None)
        if first is not None:
            set_default_branch(repository, first)
