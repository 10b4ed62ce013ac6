# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trees and commits of a repository, read and made without a working tree."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from golden_cloud.api.codecommit import git
from golden_cloud.api.errors import CloudError

MODES = {"EXECUTABLE": "100755", "NORMAL": "100644", "SYMLINK": "120000"}
_MODE_NAMES = {mode: name for name, mode in MODES.items()}
TREE, SUBMODULE = "040000", "160000"
LARGEST_FILE = 6 * 1024 * 1024
"""Bytes that the API gives and takes, as on AWS."""


@dataclass(frozen=True)
class Entry:
    """A file or folder of a tree."""

    mode: str
    id: str
    path: str

    @property
    def mode_name(self) -> str:
        return _MODE_NAMES.get(self.mode, "NORMAL")

    def describe(self) -> dict[str, Any]:
        return {"absolutePath": self.path, "blobId": self.id, "fileMode": self.mode_name}


@dataclass(frozen=True)
class Author:
    name: str
    email: str

    @property
    def environment(self) -> dict[str, str]:
        who = {"NAME": self.name or "unknown", "EMAIL": self.email}
        return {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}


def safe_path(path: str) -> str:
    """The path within the tree; ``CloudError`` for one that git would not take."""
    cleaned = path.strip("/")
    parts = cleaned.split("/")
    if any(part in ("", ".", "..") or part.lower() == ".git" for part in parts) or "\0" in cleaned:
        raise CloudError("InvalidPathException", f"The path {path!r} is not valid.", 400)
    return cleaned


def commit_of(repository: Path, specifier: str | None) -> str:
    """The id of the commit that a branch, tag or id names; without one that of the default branch."""
    name = specifier or "HEAD"
    for candidate in (f"refs/heads/{name}", name):
        found = git.resolve(repository, f"{candidate}^{{commit}}")
        if found is not None:
            return found
    raise CloudError("CommitDoesNotExistException", f"The commit {name} does not exist.", 400)


def describe(repository: Path, commit_id: str) -> dict[str, Any]:
    """A commit as GetCommit tells it."""
    # The message comes last, as it may have any character but a zero.
    form = "%T%x00%P%x00%an%x00%ae%x00%ad%x00%cn%x00%ce%x00%cd%x00%B"
    told = git.run(repository, "show", "--no-patch", "--no-show-signature", "--date=raw", f"--format={form}", commit_id)
    parts = told.decode(errors="replace").split("\0", 8)
    tree, parents, author, author_email, author_date, committer, committer_email, committer_date, message = parts
    return {
        "commitId": commit_id,
        "treeId": tree,
        "parents": parents.split(),
        # git show ends it with a line feed of its own.
        "message": message.removesuffix("\n"),
        "author": {"name": author, "email": author_email, "date": author_date},
        "committer": {"name": committer, "email": committer_email, "date": committer_date},
        "additionalData": "",
    }


def entries(repository: Path, commit_id: str, folder: str = "") -> list[Entry]:
    """What is in a folder."""
    tree = f"{commit_id}:{folder}" if folder else f"{commit_id}^{{tree}}"
    try:
        listed = git.run(repository, "ls-tree", "-z", tree)
    except git.GitError:
        raise CloudError("FolderDoesNotExistException", f"The folder {folder} does not exist.", 400) from None
    prefix = f"{folder}/" if folder else ""
    return [_entry(line, prefix) for line in listed.decode(errors="surrogateescape").split("\0") if line]


def entry(repository: Path, commit_id: str, path: str) -> Entry | None:
    """The file or folder at that path."""
    listed = git.run(repository, "--literal-pathspecs", "ls-tree", "-z", "--full-tree", commit_id, "--", path)
    found = [_entry(line, "") for line in listed.decode(errors="surrogateescape").split("\0") if line]
    return next((one for one in found if one.path == path), None)


def _entry(line: str, prefix: str) -> Entry:
    about, _tab, name = line.partition("\t")
    mode, _kind, object_id = about.split(" ")
    return Entry(mode, object_id, prefix + name)


def content(repository: Path, blob_id: str) -> bytes:
    return git.run(repository, "cat-file", "blob", blob_id)


def store(repository: Path, data: bytes) -> str:
    """Keep a file's content; its id."""
    if len(data) > LARGEST_FILE:
        text = f"The file is larger than {LARGEST_FILE} bytes; push it with git."
        raise CloudError("FileContentSizeLimitExceededException", text, 400)
    return git.run(repository, "hash-object", "-w", "--stdin", text=data).decode().strip()


def commit(
    repository: Path, parent: str | None, put: Iterable[Entry], deleted: Iterable[str], author: Author, message: str
) -> tuple[str, str]:
    """A new commit; its id and that of its tree. No branch points to it yet."""
    with tempfile.TemporaryDirectory(dir=repository) as directory:
        index = {"GIT_INDEX_FILE": os.path.join(directory, "index")}
        if parent:
            git.run(repository, "read-tree", parent, more=index)
        lines = [f"0 {git.NOTHING}\t{path}" for path in deleted]
        lines += [f"{one.mode} {one.id}\t{one.path}" for one in put]
        text = "".join(f"{line}\0" for line in lines).encode(errors="surrogateescape")
        git.run(repository, "update-index", "-z", "--index-info", text=text, more=index)
        tree = git.run(repository, "write-tree", more=index).decode().strip()
    if parent and git.resolve(repository, f"{parent}^{{tree}}") == tree:
        raise CloudError("NoChangeException", "The commit would change nothing.", 400)
    parents = ["-p", parent] if parent else []
    made = git.run(repository, "commit-tree", tree, *parents, "-F", "-", text=message.encode(), more=author.environment)
    return made.decode().strip(), tree


def differences(repository: Path, before: str | None, after: str) -> list[dict[str, Any]]:
    """What has changed between two commits, or what is in the one."""
    old = before or git.run(repository, "hash-object", "-t", "tree", "--stdin", text=b"").decode().strip()
    told = git.run(repository, "diff-tree", "-r", "-z", "--no-renames", old, after).decode(errors="replace").split("\0")
    found = []
    for about, path in zip(told[::2], told[1::2], strict=False):
        old_mode, new_mode, old_id, new_id, kind = about.removeprefix(":").split(" ")
        sides = {"beforeBlob": (old_mode, old_id), "afterBlob": (new_mode, new_id)}
        one: dict[str, Any] = {"changeType": "M" if kind == "T" else kind}
        one |= {
            side: {"blobId": object_id, "path": path, "mode": mode}
            for side, (mode, object_id) in sides.items()
            if object_id != git.NOTHING
        }
        found.append(one)
    return found
