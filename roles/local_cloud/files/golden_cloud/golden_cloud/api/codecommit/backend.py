# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The repositories of an account and Region, and the directories that they are in."""

from __future__ import annotations

import re
import shutil
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from moto.core.base_backend import BackendDict, BaseBackend

from golden_cloud.api import bus, runtime
from golden_cloud.api.access import PARTITION
from golden_cloud.api.codecommit import git
from golden_cloud.api.errors import CloudError

_NAME = re.compile(r"[\w.-]{1,100}", re.ASCII)


@dataclass
class Repository:
    """What is known of a repository beside its commits."""

    account_id: str
    region: str
    name: str
    description: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    modified: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.modified = self.created

    @property
    def arn(self) -> str:
        return f"arn:{PARTITION}:codecommit:{self.region}:{self.account_id}:{self.name}"

    @property
    def directory(self) -> Path:
        """Named by the id, which no client can choose."""
        return home() / f"{self.id}.git"


class CloudCodeCommitBackend(BaseBackend):
    """The repositories by name."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.repositories: dict[str, Repository] = {}


codecommit_backends: BackendDict[CloudCodeCommitBackend] = BackendDict(CloudCodeCommitBackend, "codecommit")


def home() -> Path:
    """Where the repositories are."""
    return runtime.current().config.state_directory / "codecommit"


def is_name(name: str) -> bool:
    """Whether a repository can be called so."""
    return bool(_NAME.fullmatch(name)) and not name.endswith(".git")


def find(account_id: str, region: str, name: str) -> Repository:
    """The repository, or AWS's error; only for who holds the lock."""
    if not name:
        raise CloudError("RepositoryNameRequiredException", "A repository name is required.", 400)
    if not is_name(name):
        text = (
            "The repository name is not valid. Repository names can be any valid combination of letters, numbers, "
            "periods, underscores, and dashes between 1 and 100 characters in length. Names are case sensitive and "
            "cannot end in .git."
        )
        raise CloudError("InvalidRepositoryNameException", text, 400)
    found: Repository | None = codecommit_backends[account_id][region].repositories.get(name)
    if found is None:
        raise CloudError("RepositoryDoesNotExistException", f"{name} does not exist", 400)
    return found


def remove(repository: Repository) -> None:
    """Its directory is gone at once; a push under way ends with an error."""
    gone = repository.directory.with_suffix(".gone")
    repository.directory.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def recover() -> None:
    """Forget repositories without a directory, deleted just before the cloud died, and remove what is of none."""
    kept = set()
    for _account, _region, backend in codecommit_backends.iter_backends():
        for name, repository in list(backend.repositories.items()):
            if repository.directory.is_dir():
                kept.add(repository.directory.name)
            else:
                del backend.repositories[name]
    for directory in home().iterdir() if home().is_dir() else ():
        if directory.name not in kept:
            shutil.rmtree(directory)


def archive(account_id: str, region: str, repository: str, commit_id: str) -> bytes:
    """The files of a commit as a zip, as CodePipeline's source action makes it; takes the lock.

    Executables and symbolic links are such in it. ``CloudError`` when repository or commit is not there.
    """
    path = directory(account_id, region, repository)
    if git.resolve(path, f"{commit_id}^{{commit}}") is None:
        raise CloudError("CommitDoesNotExistException", f"The commit {commit_id} does not exist.", 400)
    return git.run(path, "archive", "--format=zip", commit_id)


def directory(account_id: str, region: str, repository: str) -> Path:
    """The bare repository itself, to be cloned from and never written to; takes the lock."""
    with runtime.current().lock:
        return find(account_id, region, repository).directory


def changed(repository: Repository, principal: str, references: list[tuple[str, str, str]]) -> None:
    """Tell EventBridge of references (name, old id, new id) that were created, updated or deleted."""
    for name, old, new in references:
        kind, short = ("tag", "refs/tags/") if name.startswith("refs/tags/") else ("branch", "refs/heads/")
        detail = {
            "event": "referenceUpdated",
            "repositoryName": repository.name,
            "repositoryId": repository.id,
            "referenceType": kind,
            "referenceName": name.removeprefix(short),
            "referenceFullName": name,
            "callerUserArn": principal,
        }
        if git.NOTHING in (old, new):
            detail["event"] = "referenceCreated" if old == git.NOTHING else "referenceDeleted"
        if new != git.NOTHING:
            detail["commitId"] = new
        if old != git.NOTHING:
            detail["oldCommitId"] = old
        bus.publish(
            bus.Event(
                account_id=repository.account_id,
                region=repository.region,
                source="aws.codecommit",
                detail_type="CodeCommit Repository State Change",
                resources=(repository.arn,),
                detail=detail,
            )
        )
