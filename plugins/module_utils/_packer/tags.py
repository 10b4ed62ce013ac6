# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections.abc as c
import datetime
import pathlib

from .fingerprint import Parts, parts_tag
from .versions import Versions

# Where CodeBuild says what it knows; elsewhere people set the first of each by themselves.
_NUMBER = ("BUILD_NUMBER", "CODEBUILD_BUILD_NUMBER")
_COMMIT = ("CODEBUILD_RESOLVED_SOURCE_VERSION",)
_VALUE = 256
# An AMI is born without its version record. Until everything is there, it does not count as a good one.
INCOMPLETE = {"golden:complete": "no"}
COMPLETE = {"golden:complete": "yes"}


def _first(environment: c.Mapping[str, str], names: tuple[str, ...], default: str) -> str:
    return next((environment[name] for name in names if environment.get(name)), default)


def project_name(environment: c.Mapping[str, str]) -> str:
    """The CodeBuild project that this runs in; its builds are named ``project:uuid``."""
    return environment.get("CODEBUILD_BUILD_ID", "").split(":")[0] or "none"


def git_commit(start: pathlib.Path) -> str | None:
    """The commit of the checkout that a directory is in, read without running git; None outside of one."""
    for directory in (start, *start.parents):
        git = directory / ".git"
        if git.exists():
            return _head(git)
    return None


def _git_directory(git: pathlib.Path) -> pathlib.Path:
    """In worktrees and submodules C(.git) is a file that says where the directory is."""
    if git.is_dir():
        return git
    return git.parent / git.read_text(encoding="utf-8").strip().removeprefix("gitdir:").strip()


def _common_directory(git: pathlib.Path) -> pathlib.Path:
    """Where the branches are: a worktree has a HEAD of its own, but shares these."""
    pointer = git / "commondir"
    return git / pointer.read_text(encoding="utf-8").strip() if pointer.is_file() else git


def _head(git: pathlib.Path) -> str | None:
    try:
        own = _git_directory(git)
        head = (own / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        common = _common_directory(own)
        for loose in (own / name, common / name):
            if loose.is_file():
                return loose.read_text(encoding="utf-8").strip()
        packed = (common / "packed-refs").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    return next((line.split()[0] for line in packed if line.endswith(f" {name}")), None)


def run_tags(image: str, run_id: str) -> dict[str, str]:
    """Tags of the things that live as long as the run: by them they are found and removed."""
    return {"Name": f"Packer {image} {run_id}", "golden:image": image, "golden:run": run_id}


def artifact_tags(
    *,
    image: str,
    version: str,
    run_id: str,
    ami_name: str,
    fingerprint: str,
    parts: Parts,
    source_ami: str | None,
    commit: str | None,
    versions: Versions,
    environment: c.Mapping[str, str],
    now: datetime.datetime,
    extra: dict[str, str],
) -> dict[str, str]:
    """Tags of an AMI and its snapshots when they are made. The user's come first, except for those that the collection reads again."""
    known = {
        "Name": ami_name,
        "BuildDate": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "BuildNumber": _first(environment, _NUMBER, "none"),
        "CodeBuildProject": project_name(environment),
        "BuiltBy": "Packer",
        "golden:commit": _first(environment, _COMMIT, commit or "none"),
    }
    fixed = {
        "golden:image": image,
        "golden:version": version,
        "golden:run": run_id,
        **INCOMPLETE,
        "golden:fingerprint": fingerprint,
        "golden:fingerprint-parts": parts_tag(parts),
        "golden:source-ami": source_ami or "unknown",
        "golden:packer": versions.packer,
        "golden:ansible": versions.ansible,
    }
    return {name: value[:_VALUE] for name, value in {**known, **extra, **fixed}.items()}
