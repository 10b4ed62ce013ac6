# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What all that belongs to a pipeline is called, and its ARNs: known before any of it is there."""

from __future__ import annotations

import dataclasses
import re

# The longest name that is made of a project's: a role's, of 64 characters at most.
LONGEST = 64 - len("-distribute")
_PROJECT = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_-]{{1,{LONGEST - 1}}}")
_BUCKET = re.compile(r"(?!xn--|sthree-)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?<!-s3alias)")
_REPOSITORY = re.compile(r"(?!.*\.git$)[A-Za-z0-9._-]{1,100}")
_CONNECTION = re.compile(
    r"arn:aws[\w-]*:(?:codeconnections|codestar-connections):[a-z0-9-]+:[0-9]{12}:connection/[\w-]+"
)


class NameProblem(ValueError):
    """A name that AWS would refuse."""


@dataclasses.dataclass(frozen=True)
class Place:
    """Where the pipeline is."""

    account: str
    region: str
    partition: str = "aws"

    def arn(self, service: str, resource: str, *, region: bool = True) -> str:
        return f"arn:{self.partition}:{service}:{self.region if region else ''}:{self.account}:{resource}"


@dataclasses.dataclass(frozen=True)
class Names:
    """The names of one pipeline's parts. Raises NameProblem."""

    project: str
    place: Place
    bucket: str
    repository: str
    branch: str = "main"

    def __post_init__(self) -> None:
        if not _PROJECT.fullmatch(self.project):
            raise NameProblem(
                f"project_name {self.project!r}: 2 to {LONGEST} letters, digits, hyphens and underscores, as names of roles"
                " are made of it"
            )
        if not _BUCKET.fullmatch(self.bucket) or ".." in self.bucket:
            raise NameProblem(
                f"artefact_bucket_name {self.bucket!r}: 3 to 63 lower-case letters, digits, dots and hyphens, a letter or a"
                " digit first and last"
            )
        if not _REPOSITORY.fullmatch(self.repository):
            raise NameProblem(
                f"source_repository {self.repository!r}: 1 to 100 letters, digits, dots, hyphens and underscores, and not .git"
                " at the end"
            )

    @property
    def key_alias(self) -> str:
        return f"alias/{self.project}-pipeline"

    @property
    def topic(self) -> str:
        return f"{self.project}-pipeline"

    @property
    def pipeline_role(self) -> str:
        return f"{self.project}-pipeline"

    def starter_role(self, service: str) -> str:
        """The role by which EventBridge, or its scheduler, starts the pipeline."""
        return f"{self.project}-{service}"

    def stage(self, stage: str) -> str:
        """The CodeBuild project of a stage, and its role."""
        return f"{self.project}-{stage}"

    def log_group(self, stage: str) -> str:
        return f"/aws/codebuild/{self.stage(stage)}"

    def role_arn(self, role: str) -> str:
        return self.place.arn("iam", f"role/{role}", region=False)

    @property
    def pipeline_arn(self) -> str:
        return self.place.arn("codepipeline", self.project)

    @property
    def topic_arn(self) -> str:
        return self.place.arn("sns", self.topic)

    @property
    def bucket_arn(self) -> str:
        return f"arn:{self.place.partition}:s3:::{self.bucket}"

    @property
    def repository_arn(self) -> str:
        return self.place.arn("codecommit", self.repository)


def check_connection(arn: str) -> None:
    """Raises NameProblem for what is no ARN of a connection."""
    if not _CONNECTION.fullmatch(arn):
        raise NameProblem(
            f"source_connection {arn!r} is no ARN of a connection (arn:aws:codeconnections:REGION:ACCOUNT:connection/ID)"
        )
