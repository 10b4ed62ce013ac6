# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CodeCommit's API for commits and files."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult

from golden_cloud.api.codecommit import backend, commits, git
from golden_cloud.api.codecommit.backend import Repository
from golden_cloud.api.codecommit.commits import Author, Entry
from golden_cloud.api.ec2.filters import page
from golden_cloud.api.errors import CloudError, UnsupportedOption

_FULL_ID = re.compile(r"[0-9a-f]{40}")
MOST_DIFFERENCES = 500


class FileOperations:
    """Mixin of the service's responses."""

    identity: Any
    _get_param: Any
    repository: Any

    def tip(self, repository: Repository, branch: str) -> str:
        found = git.branches(repository.directory).get(branch)
        if found is None:
            raise CloudError("BranchDoesNotExistException", f"Branch {branch} does not exist", 400)
        return found

    def full_id(self, option: str) -> str:
        commit_id = str(self._get_param(option) or "")
        if not commit_id:
            raise CloudError("CommitIdRequiredException", "A commit ID is required.", 400)
        if not _FULL_ID.fullmatch(commit_id):
            raise CloudError("InvalidCommitIdException", "The commit ID is not 40 hexadecimal digits.", 400)
        return commit_id

    def move(self, repository: Repository, branch: str, old: str, new: str) -> None:
        """Have a branch made, moved or deleted, and tell of it."""
        name = f"refs/heads/{branch}"
        try:
            git.run(repository.directory, "check-ref-format", name)
        except git.GitError:
            raise CloudError("InvalidBranchNameException", f"{branch!r} can't be a branch.", 400) from None
        try:
            if new == git.NOTHING:
                git.run(repository.directory, "update-ref", "-d", name, old)
            else:
                git.run(repository.directory, "update-ref", name, new, old)
        except git.GitError as error:
            raise CloudError("ConcurrentReferenceUpdateException", f"{branch} was changed: {error}", 400) from None
        git.adopt_first_branch(repository.directory, [branch])
        repository.modified = datetime.now(UTC)
        backend.changed(repository, self.identity.arn, [(name, old, new)])

    def get_commit(self) -> ActionResult:
        directory, commit_id = self.repository().directory, self.full_id("commitId")
        if git.resolve(directory, f"{commit_id}^{{commit}}") != commit_id:
            raise CloudError("CommitIdDoesNotExistException", f"The commit {commit_id} does not exist.", 400)
        return ActionResult({"commit": commits.describe(directory, commit_id)})

    def get_file(self) -> ActionResult:
        directory = self.repository().directory
        commit_id = commits.commit_of(directory, self._get_param("commitSpecifier"))
        path = commits.safe_path(str(self._get_param("filePath")))
        found = commits.entry(directory, commit_id, path)
        if found is None or found.mode in (commits.TREE, commits.SUBMODULE):
            raise CloudError("FileDoesNotExistException", f"The file {path} does not exist.", 400)
        data = commits.content(directory, found.id)
        if len(data) > commits.LARGEST_FILE:
            raise CloudError("FileTooLargeException", f"The file is larger than {commits.LARGEST_FILE} bytes.", 400)
        return ActionResult(
            {
                "commitId": commit_id,
                "blobId": found.id,
                "filePath": path,
                "fileMode": found.mode_name,
                "fileSize": len(data),
                "fileContent": data,
            }
        )

    def get_folder(self) -> ActionResult:
        directory = self.repository().directory
        commit_id = commits.commit_of(directory, self._get_param("commitSpecifier"))
        asked = str(self._get_param("folderPath") or "").strip("/")
        folder = commits.safe_path(asked) if asked else ""
        kinds: dict[str, list[dict[str, Any]]] = {"subFolders": [], "files": [], "symbolicLinks": [], "subModules": []}
        for one in commits.entries(directory, commit_id, folder):
            about = {"absolutePath": one.path, "relativePath": one.path.rpartition("/")[2]}
            if one.mode == commits.TREE:
                kinds["subFolders"].append({"treeId": one.id, **about})
            elif one.mode == commits.SUBMODULE:
                kinds["subModules"].append({"commitId": one.id, **about})
            else:
                kind = "symbolicLinks" if one.mode_name == "SYMLINK" else "files"
                kinds[kind].append({"blobId": one.id, "fileMode": one.mode_name, **about})
        tree = git.resolve(directory, f"{commit_id}:{folder}" if folder else f"{commit_id}^{{tree}}")
        return ActionResult({"commitId": commit_id, "folderPath": folder, "treeId": tree, **kinds})

    def put_file(self) -> ActionResult:
        repository = self.repository()
        parent = self._parent(repository)
        path = commits.safe_path(str(self._get_param("filePath")))
        blob = commits.store(repository.directory, _bytes(self._get_param("fileContent")))
        entry = Entry(commits.MODES[self._get_param("fileMode") or "NORMAL"], blob, path)
        if parent and commits.entry(repository.directory, parent, path) == entry:
            raise CloudError("SameFileContentException", "The file is already so in the branch.", 400)
        author = Author(self._get_param("name") or "", self._get_param("email") or "")
        commit_id, tree = self._commit(repository, parent, [entry], [], author)
        return ActionResult({"commitId": commit_id, "blobId": blob, "treeId": tree})

    def create_commit(self) -> ActionResult:
        repository = self.repository()
        if self._get_param("keepEmptyFolders"):
            raise UnsupportedOption("CreateCommit", "keepEmptyFolders")
        parent = self._parent(repository)
        put = [self._put(repository, one) for one in self._get_param("putFiles") or []]
        deleted = [self._there(repository, parent, one["filePath"]) for one in self._get_param("deleteFiles") or []]
        for one in self._get_param("setFileModes") or []:
            found = self._there(repository, parent, one["filePath"])
            put.append(Entry(commits.MODES[one["fileMode"]], found.id, found.path))
        paths = [one.path for one in (*put, *deleted)]
        if not paths:
            raise CloudError("FileEntryRequiredException", "The commit has no files.", 400)
        if len(paths) != len(set(paths)):
            raise CloudError("DuplicateFileException", "A file is named twice.", 400)
        before = {one.path for one in put if parent and commits.entry(repository.directory, parent, one.path)}
        author = Author(self._get_param("authorName") or "", self._get_param("email") or "")
        commit_id, tree = self._commit(repository, parent, put, [one.path for one in deleted], author)
        return ActionResult(
            {
                "commitId": commit_id,
                "treeId": tree,
                "filesAdded": [one.describe() for one in put if one.path not in before],
                "filesUpdated": [one.describe() for one in put if one.path in before],
                "filesDeleted": [one.describe() for one in deleted],
            }
        )

    def get_differences(self) -> ActionResult:
        directory = self.repository().directory
        after = commits.commit_of(directory, self._get_param("afterCommitSpecifier"))
        before = self._get_param("beforeCommitSpecifier")
        found = commits.differences(directory, commits.commit_of(directory, before) if before else None, after)
        size = self._get_param("MaxResults") or MOST_DIFFERENCES
        shown, token = page(found, size, self._get_param("NextToken"))
        return ActionResult({"differences": shown, "NextToken": token})

    def _put(self, repository: Repository, one: dict[str, Any]) -> Entry:
        if "sourceFile" in one:
            raise UnsupportedOption("CreateCommit", "sourceFile")
        blob = commits.store(repository.directory, _bytes(one.get("fileContent", b"")))
        return Entry(commits.MODES[one.get("fileMode") or "NORMAL"], blob, commits.safe_path(one["filePath"]))

    def _there(self, repository: Repository, parent: str | None, path: str) -> Entry:
        found = commits.entry(repository.directory, parent, commits.safe_path(path)) if parent else None
        if found is None or found.mode == commits.TREE:
            raise CloudError("FileDoesNotExistException", f"The file {path} does not exist.", 400)
        return found

    def _parent(self, repository: Repository) -> str | None:
        """The tip of the branch, which the caller has to know; None for the first commit of the repository."""
        branch, parent = str(self._get_param("branchName") or ""), self._get_param("parentCommitId")
        there = git.branches(repository.directory)
        if branch not in there:
            if not there:
                return None
            raise CloudError("BranchDoesNotExistException", f"Branch {branch} does not exist", 400)
        if not parent:
            raise CloudError("ParentCommitIdRequiredException", "A parent commit ID is required.", 400)
        if parent != there[branch]:
            text = f"The parent commit is outdated: the tip of {branch} is {there[branch]}."
            raise CloudError("ParentCommitIdOutdatedException", text, 400)
        return str(parent)

    def _commit(
        self, repository: Repository, parent: str | None, put: list[Entry], deleted: list[str], author: Author
    ) -> tuple[str, str]:
        message = str(self._get_param("commitMessage") or "")
        try:
            commit_id, tree = commits.commit(repository.directory, parent, put, deleted, author, message)
        except git.GitError as error:
            raise CloudError("FilePathConflictsWithSubmodulePathException", f"git refuses it: {error}", 400) from None
        self.move(repository, str(self._get_param("branchName")), parent or git.NOTHING, commit_id)
        return commit_id, tree


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else base64.b64decode(value)
