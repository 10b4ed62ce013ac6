# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CodeCommit's API: repositories, their branches and their files."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult, BaseResponse, EmptyResult

from golden_cloud.api.codecommit import backend, commits, git
from golden_cloud.api.codecommit.backend import Repository, codecommit_backends
from golden_cloud.api.codecommit.files import FileOperations
from golden_cloud.api.codecommit.protocol import clone_path
from golden_cloud.api.ec2.filters import page
from golden_cloud.api.errors import CloudError
from golden_cloud.api.service import CloudResponse

PAGE = 1000
LONGEST_DESCRIPTION = 1000
MOST_TAGS = 50
_ARN = re.compile(r"arn:aws:codecommit:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):(?P<name>[\w.-]+)", re.ASCII)


class CloudCodeCommitResponse(FileOperations, CloudResponse, BaseResponse):
    """Every operation of CodeCommit that the catalogue lists."""

    def __init__(self) -> None:
        super().__init__(service_name="codecommit")
        self.automated_parameter_parsing = True

    @property
    def _repositories(self) -> dict[str, Repository]:
        here: backend.CloudCodeCommitBackend = codecommit_backends[self.identity.account_id][self.region]
        return here.repositories

    def repository(self, option: str = "repositoryName") -> Repository:
        return backend.find(self.identity.account_id, self.region, str(self._get_param(option) or ""))

    def _metadata(self, repository: Repository) -> dict[str, Any]:
        # By the host that the caller has reached the cloud at: machines have another one than their host.
        address = f"http://{self.headers['Host']}{clone_path(repository.region, repository.name)}"
        return {
            "accountId": repository.account_id,
            "repositoryId": repository.id,
            "repositoryName": repository.name,
            "repositoryDescription": repository.description,
            "defaultBranch": git.default_branch(repository.directory),
            "lastModifiedDate": repository.modified,
            "creationDate": repository.created,
            "cloneUrlHttp": address,
            "Arn": repository.arn,
        }

    def create_repository(self) -> ActionResult:
        name = str(self._get_param("repositoryName") or "")
        if name in self._repositories:
            raise CloudError("RepositoryNameExistsException", f"Repository named {name} already exists", 400)
        self._check_name(name)
        made = Repository(self.identity.account_id, self.region, name, self._description(), self._tags())
        git.create(made.directory)
        self._repositories[name] = made
        return ActionResult({"repositoryMetadata": self._metadata(made)})

    def get_repository(self) -> ActionResult:
        return ActionResult({"repositoryMetadata": self._metadata(self.repository())})

    def batch_get_repositories(self) -> ActionResult:
        names = list(dict.fromkeys(self._get_param("repositoryNames") or []))
        if not names:
            raise CloudError("RepositoryNamesRequiredException", "Names of repositories are required.", 400)
        there = [self._metadata(self._repositories[name]) for name in names if name in self._repositories]
        missing = [name for name in names if name not in self._repositories]
        return ActionResult({"repositories": there, "repositoriesNotFound": missing, "errors": []})

    def list_repositories(self) -> ActionResult:
        by_time = self._get_param("sortBy") == "lastModifiedDate"
        found = sorted(
            self._repositories.values(),
            key=lambda one: (one.modified if by_time else datetime.min.replace(tzinfo=UTC), one.name),
            reverse=self._get_param("order") == "descending",
        )
        shown = [{"repositoryName": one.name, "repositoryId": one.id} for one in found]
        repositories, token = page(shown, PAGE, self._get_param("nextToken"))
        return ActionResult({"repositories": repositories, "nextToken": token})

    def delete_repository(self) -> ActionResult:
        name = str(self._get_param("repositoryName") or "")
        try:
            repository = self.repository()
        except CloudError as error:
            if error.code == "RepositoryDoesNotExistException":
                return EmptyResult()
            raise
        del self._repositories[name]
        backend.remove(repository)
        return ActionResult({"repositoryId": repository.id})

    def update_repository_name(self) -> ActionResult:
        repository, new = self.repository("oldName"), str(self._get_param("newName") or "")
        if new in self._repositories:
            raise CloudError("RepositoryNameExistsException", f"Repository named {new} already exists", 400)
        self._check_name(new)
        del self._repositories[repository.name]
        repository.name, repository.modified = new, datetime.now(UTC)
        self._repositories[new] = repository
        return EmptyResult()

    def update_repository_description(self) -> ActionResult:
        repository = self.repository()
        repository.description, repository.modified = self._description(), datetime.now(UTC)
        return EmptyResult()

    def update_default_branch(self) -> ActionResult:
        repository, branch = self.repository(), str(self._get_param("defaultBranchName"))
        self.tip(repository, branch)
        git.set_default_branch(repository.directory, branch)
        repository.modified = datetime.now(UTC)
        return EmptyResult()

    def create_branch(self) -> ActionResult:
        repository, branch = self.repository(), self._branch_name()
        commit_id = commits.commit_of(repository.directory, self.full_id("commitId"))
        if branch in git.branches(repository.directory):
            raise CloudError("BranchNameExistsException", f"Branch named {branch} already exists", 400)
        self.move(repository, branch, git.NOTHING, commit_id)
        return EmptyResult()

    def get_branch(self) -> ActionResult:
        branch = self._branch_name()
        return ActionResult({"branch": {"branchName": branch, "commitId": self.tip(self.repository(), branch)}})

    def list_branches(self) -> ActionResult:
        names = sorted(git.branches(self.repository().directory))
        branches, token = page(names, PAGE, self._get_param("nextToken"))
        return ActionResult({"branches": branches, "nextToken": token})

    def delete_branch(self) -> ActionResult:
        repository, branch = self.repository(), self._branch_name()
        tip = git.branches(repository.directory).get(branch)
        if tip is None:
            return EmptyResult()
        if branch == git.default_branch(repository.directory):
            raise CloudError("DefaultBranchCannotBeDeletedException", f"{branch} is the default branch.", 400)
        self.move(repository, branch, tip, git.NOTHING)
        return ActionResult({"deletedBranch": {"branchName": branch, "commitId": tip}})

    def tag_resource(self) -> ActionResult:
        repository = self._by_arn()
        tags = repository.tags | self._tags()
        if len(tags) > MOST_TAGS:
            raise CloudError("TooManyTagsException", f"A repository has at most {MOST_TAGS} tags.", 400)
        repository.tags = tags
        return EmptyResult()

    def untag_resource(self) -> ActionResult:
        repository = self._by_arn()
        for key in self._get_param("tagKeys") or []:
            repository.tags.pop(key, None)
        return EmptyResult()

    def list_tags_for_resource(self) -> ActionResult:
        return ActionResult({"tags": self._by_arn().tags})

    def _by_arn(self) -> Repository:
        match = _ARN.fullmatch(str(self._get_param("resourceArn")))
        if match is None or (match["region"], match["account"]) != (self.region, self.identity.account_id):
            raise CloudError("InvalidResourceArnException", "The ARN is not that of a repository here.", 400)
        return backend.find(match["account"], match["region"], match["name"])

    def _tags(self) -> dict[str, str]:
        tags: dict[str, str] = dict(self._get_param("tags") or {})
        if any(key.lower().startswith("aws:") for key in tags):
            raise CloudError("InvalidSystemTagUsageException", "Tags that begin with aws: are Amazon's.", 400)
        return tags

    def _description(self) -> str | None:
        description = self._get_param("repositoryDescription")
        if description and len(description) > LONGEST_DESCRIPTION:
            text = f"A description has at most {LONGEST_DESCRIPTION} characters."
            raise CloudError("InvalidRepositoryDescriptionException", text, 400)
        return str(description) if description else None

    def _branch_name(self) -> str:
        name = str(self._get_param("branchName") or "")
        if not name:
            raise CloudError("BranchNameRequiredException", "A branch name is required.", 400)
        return name

    def _check_name(self, name: str) -> None:
        """``CloudError`` unless a new repository can be called so."""
        if not backend.is_name(name):
            backend.find(self.identity.account_id, self.region, name)
