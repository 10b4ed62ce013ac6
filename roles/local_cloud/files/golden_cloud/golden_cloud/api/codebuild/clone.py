# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A source from CodeCommit: a clone of the repository, at the commit that is asked for, as CodeBuild makes it."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from golden_cloud.api import permitted
from golden_cloud.api.access import PARTITION
from golden_cloud.api.codebuild.build import Build
from golden_cloud.api.codebuild.outcome import Failure
from golden_cloud.api.codecommit import git
from golden_cloud.api.codecommit.backend import directory
from golden_cloud.api.errors import CloudError

ERROR = "CLIENT_ERROR"


def clone(build: Build, source: dict[str, Any], version: str | None, principal: str) -> tuple[bytes, str]:
    """The clone as a tar archive, and the commit; takes the lock. ``Failure`` when it can't be had."""
    name = source["location"].split("/v1/repos/", 1)[1].strip("/")
    try:
        arn = f"arn:{PARTITION}:codecommit:{build.region}:{build.account_id}:{name}"
        permitted.require(principal, "codecommit:GitPull", arn)
        repository = directory(build.account_id, build.region, name)
    except CloudError as error:
        raise Failure(ERROR, f"{error.code}: {error.message} for primary source and source version {version}") from None
    commit = git.resolve(repository, f"{version or 'HEAD'}^{{commit}}")
    if commit is None:
        raise Failure(ERROR, f"reference not found for primary source and source version {version or 'HEAD'}")
    with tempfile.TemporaryDirectory(prefix="golden-build-") as work:
        tree = Path(work) / "tree"
        try:
            _check_out(repository, commit, tree, int(source.get("gitCloneDepth") or 0))
            _git("-C", str(tree), "remote", "set-url", "origin", source["location"])
        except git.GitError as error:
            raise Failure(ERROR, f"git clone failed for {name}: {error}") from None
        return _packed(tree), commit


def _check_out(repository: Path, commit: str, tree: Path, depth: int) -> None:
    """The whole history, or the last *depth* commits of it."""
    if depth:
        _git("init", "--quiet", str(tree))
        _git("-C", str(tree), "remote", "add", "origin", f"file://{repository}")
        _git("-C", str(tree), "fetch", "--quiet", "--depth", str(depth), "origin", commit)
    else:
        _git("clone", "--quiet", "--no-checkout", f"file://{repository}", str(tree))
    _git("-C", str(tree), "checkout", "--quiet", "--detach", commit)


def _git(*arguments: str) -> None:
    done = subprocess.run(
        ["git", *arguments], stdin=subprocess.DEVNULL, capture_output=True, env=git.environment(), cwd="/", check=False
    )
    if done.returncode:
        raise git.GitError(done.stderr.decode(errors="replace").strip())


def _packed(tree: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.add(tree, ".")
    return buffer.getvalue()
