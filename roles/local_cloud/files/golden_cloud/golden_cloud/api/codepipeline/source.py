# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Source actions: a branch's head, or an object, becomes an artifact."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from golden_cloud.api import codecommit, permitted
from golden_cloud.api.access import PARTITION
from golden_cloud.api.codepipeline.job import ActionFailed, Job, Outcome
from golden_cloud.api.codepipeline.model import Revision
from golden_cloud.api.errors import CloudError


def from_codecommit(job: Job) -> Outcome:
    repository, branch = job.option("RepositoryName"), job.option("BranchName")
    client = job.client("codecommit")
    commit_id = job.execution.source_revisions.get(job.run.name, {}).get("revisionValue")
    if commit_id is None:
        commit_id = _head(client, repository, branch)
    commit = client.get_commit(repositoryName=repository, commitId=commit_id)["commit"]
    (artifact,) = job.run.outputs.values()
    job.put(artifact, _archive(job, repository, commit_id))
    message = commit.get("message", "").rstrip("\n")
    url = f"https://{job.run.region}.console.aws.amazon.com/codesuite/codecommit/repositories/{repository}"
    committed = _time(commit["committer"]["date"])
    return Outcome(
        summary=message,
        variables={
            "CommitId": commit_id,
            "CommitMessage": message,
            "BranchName": branch,
            "RepositoryName": repository,
            "AuthorDate": _told(_time(commit["author"]["date"])),
            "CommitterDate": _told(committed),
        },
        revision=Revision(
            job.run.name, next(iter(job.run.outputs)), commit_id, message, f"{url}/commit/{commit_id}", committed
        ),
    )


def _archive(job: Job, repository: str, commit_id: str) -> bytes:
    account, region = job.run.role_arn.split(":")[4], job.run.region
    arn = f"arn:{PARTITION}:codecommit:{region}:{account}:{repository}"
    try:
        for operation in ("UploadArchive", "GetUploadArchiveStatus"):
            # CodePipeline's own, which the API does not have.
            permitted.require(job.run.role_arn, f"codecommit:{operation}", arn)
        return codecommit.archive(account, region, repository, commit_id)
    except CloudError as error:
        code = "PermissionError" if error.code == "AccessDeniedException" else "ConfigurationError"
        raise ActionFailed(code, error.message) from None


def _head(client: Any, repository: str, branch: str) -> str:
    try:
        return str(client.get_branch(repositoryName=repository, branchName=branch)["branch"]["commitId"])
    except ClientError as error:
        code = error.response["Error"]["Code"]
        texts = {
            "BranchDoesNotExistException": f"no branch named {branch} was found in the selected AWS CodeCommit "
            "repository. Make sure you are using the correct branch name",
            "RepositoryDoesNotExistException": f"the AWS CodeCommit repository {repository} was not found. Make sure "
            "you are using the correct repository name",
        }
        if code not in texts:
            raise
        text = f"The action failed because {texts[code]}, and then try again. Error: {error}"
        raise ActionFailed("ConfigurationError", text) from error


def _time(told: str) -> datetime:
    """Of what GetCommit tells: ``1484167798 -0800``."""
    return datetime.fromtimestamp(int(told.split()[0]), UTC)


def _told(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def from_s3(job: Job) -> Outcome:
    bucket, key = job.option("S3Bucket"), job.option("S3ObjectKey")
    given = job.execution.source_revisions.get(job.run.name, {})
    version: dict[str, str] = {}
    if given.get("revisionType") == "S3_OBJECT_VERSION_ID":
        version = {"VersionId": given["revisionValue"]}
    elif given.get("revisionType") == "S3_OBJECT_KEY":
        key = given["revisionValue"]
    found = job.client("s3").get_object(Bucket=bucket, Key=key, **version)
    version_id = found.get("VersionId")
    if version_id in (None, "null"):
        text = f"The bucket {bucket} of a source must have versioning enabled"
        raise ActionFailed("ConfigurationError", text)
    ((name, artifact),) = job.run.outputs.items()
    job.put(artifact, found["Body"].read())
    summary = f"Amazon S3 version id: {version_id}"
    url = f"https://{job.run.region}.console.aws.amazon.com/s3/object/{bucket}?prefix={key}"
    return Outcome(
        summary=summary,
        variables={"BucketName": bucket, "ObjectKey": key, "ETag": found["ETag"].strip('"'), "VersionId": version_id},
        revision=Revision(job.run.name, name, version_id, summary, url, found["LastModified"].astimezone(UTC)),
    )


def from_connection(_job: Job) -> Outcome:
    text = "The local cloud has no connections to repositories elsewhere: use a source of the provider CodeCommit here"
    raise ActionFailed("ConfigurationError", text)
