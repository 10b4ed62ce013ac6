# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operations of CodeCommit, CloudWatch Logs and Secrets Manager ask for."""

from __future__ import annotations

from golden_cloud.api.faults.fault import Call
from golden_cloud.api.policies.asked.table import table

CODECOMMIT = table(
    "codecommit",
    """
    * ListRepositories
    CreateRepository {repositoryName} +TagResource?tags
    GetRepository {repositoryName}
    BatchGetRepositories {repositoryNames}
    DeleteRepository {repositoryName}
    UpdateRepositoryName {oldName} {newName}
    UpdateRepositoryDescription {repositoryName}
    UpdateRepositoryEncryptionKey {repositoryName}
    UpdateDefaultBranch {repositoryName}
    CreateBranch {repositoryName}
    GetBranch {repositoryName}
    DeleteBranch {repositoryName}
    ListBranches {repositoryName}
    CreateCommit {repositoryName}
    GetCommit {repositoryName}
    BatchGetCommits {repositoryName}
    GetDifferences {repositoryName}
    PutFile {repositoryName}
    GetFile {repositoryName}
    DeleteFile {repositoryName}
    GetFolder {repositoryName}
    GetBlob {repositoryName}
    GetRepositoryTriggers {repositoryName}
    PutRepositoryTriggers {repositoryName}
    TagResource {resourceArn}
    UntagResource {resourceArn}
    ListTagsForResource {resourceArn}
    """,
)


def _group(_call: Call, name: str) -> str:
    """By its ARN without the star that CloudWatch Logs itself puts at the end."""
    return name.removesuffix(":*") or "*"


_GROUP = "log-group:{logGroupName}:log-stream:"
_STREAM = "log-group:{logGroupName}:log-stream:{logStreamName}"

# What is done with a group is asked for with the ARN that CloudWatch Logs has in its refusals, which ends in an empty
# name of a stream: it is what arn:…:log-group:NAME:* matches. Tags are asked for with the group's own.
LOGS = table(
    "logs",
    f"""
    * DescribeLogGroups DescribeResourcePolicies PutResourcePolicy DeleteResourcePolicy
    CreateLogGroup {_GROUP} +TagResource?tags
    DeleteLogGroup {_GROUP}
    PutRetentionPolicy {_GROUP}
    DeleteRetentionPolicy {_GROUP}
    AssociateKmsKey {_GROUP}
    DisassociateKmsKey {_GROUP}
    DescribeLogStreams {_GROUP}
    FilterLogEvents {_GROUP}
    PutMetricFilter {_GROUP}
    DescribeSubscriptionFilters {_GROUP}
    PutSubscriptionFilter {_GROUP}
    DeleteSubscriptionFilter {_GROUP}
    CreateLogStream {_STREAM}
    DeleteLogStream {_STREAM}
    PutLogEvents {_STREAM}
    GetLogEvents {_STREAM}
    TagLogGroup log-group:{{logGroupName}}
    UntagLogGroup log-group:{{logGroupName}}
    ListTagsLogGroup log-group:{{logGroupName}}
    TagResource {{resourceArn|group}}
    UntagResource {{resourceArn|group}}
    ListTagsForResource {{resourceArn|group}}
    """,
    ways={"group": _group},
)


def _secret(call: Call, name: str) -> str:
    """ARN of the secret with the name; of one that is not there, with the six characters that it would get."""
    if name.startswith("arn:"):
        return name
    from moto.secretsmanager.models import secretsmanager_backends

    secrets = list(secretsmanager_backends[call.account][call.region].secrets.values())
    found = next((str(one.arn) for one in secrets if one.name == name), None)
    return found or f"{name}-??????"


def _new_secret(_call: Call, name: str) -> str:
    return f"{name}-??????"


SECRETSMANAGER = table(
    "secretsmanager",
    """
    * ListSecrets GetRandomPassword BatchGetSecretValue
    CreateSecret secret:{Name|new} +TagResource?Tags
    GetSecretValue secret:{SecretId|secret}
    DescribeSecret secret:{SecretId|secret}
    PutSecretValue secret:{SecretId|secret}
    UpdateSecret secret:{SecretId|secret}
    DeleteSecret secret:{SecretId|secret}
    RestoreSecret secret:{SecretId|secret}
    ListSecretVersionIds secret:{SecretId|secret}
    UpdateSecretVersionStage secret:{SecretId|secret}
    TagResource secret:{SecretId|secret}
    UntagResource secret:{SecretId|secret}
    GetResourcePolicy secret:{SecretId|secret}
    PutResourcePolicy secret:{SecretId|secret}
    DeleteResourcePolicy secret:{SecretId|secret}
    ValidateResourcePolicy secret:{SecretId|secret}
    """,
    ways={"secret": _secret, "new": _new_secret},
)

ECR = table(
    "ecr",
    """
    * GetAuthorizationToken DescribeRegistry
    CreateRepository repository/{repositoryName} +TagResource?tags
    DescribeRepositories repository/{repositoryNames}
    DeleteRepository repository/{repositoryName}
    PutImageTagMutability repository/{repositoryName}
    ListImages repository/{repositoryName}
    DescribeImages repository/{repositoryName}
    BatchGetImage repository/{repositoryName}
    BatchDeleteImage repository/{repositoryName}
    TagResource {resourceArn}
    UntagResource {resourceArn}
    ListTagsForResource {resourceArn}
    """,
)
