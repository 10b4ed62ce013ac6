# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Where a pipeline keeps things: key, bucket, repository, log groups. Each reads what is there, and makes it as it is to be."""

from __future__ import annotations

import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
)

from .._ami.calls import Client, Resource, _call
from .resources_plan import Thing

# The fewest that KMS allows.
_DAYS_OF_A_KEY = 7


class Keys:
    """A customer key of KMS, known by its alias."""

    def __init__(self, kms: Client) -> None:
        self._kms = kms
        self.arn: str | None = None

    @property
    def _id(self) -> str:
        return str(self.arn).rpartition("/")[2]

    @_call("read the key {name}")
    def read(self, name: str) -> Thing | None:
        try:
            key: Resource = self._kms.describe_key(KeyId=name)["KeyMetadata"]
        except is_boto3_error_code("NotFoundException"):
            return None
        self.arn = key["Arn"]
        tags = self._kms.list_resource_tags(KeyId=self._id).get("Tags", [])
        rotated = self._kms.get_key_rotation_status(KeyId=self._id)["KeyRotationEnabled"]
        state = {"description": key.get("Description", ""), "rotation": rotated}
        return Thing("key", name, state, boto3_tag_list_to_ansible_dict(tags, "TagKey", "TagValue"))

    @_call("create the key {thing.name}")
    def create(self, thing: Thing) -> None:
        tags = ansible_dict_to_boto3_tag_list(thing.tags, "TagKey", "TagValue")
        made = self._kms.create_key(Description=thing.state["description"], Tags=tags)["KeyMetadata"]
        self.arn = made["Arn"]
        self._kms.create_alias(AliasName=thing.name, TargetKeyId=self._id)
        self._kms.enable_key_rotation(KeyId=self._id)

    @_call("update the key {after.name}")
    def update(self, _before: Thing, after: Thing) -> None:
        self._kms.update_key_description(KeyId=self._id, Description=after.state["description"])
        self._kms.enable_key_rotation(KeyId=self._id)
        self._kms.tag_resource(KeyId=self._id, Tags=ansible_dict_to_boto3_tag_list(after.tags, "TagKey", "TagValue"))

    def delete(self, thing: Thing) -> None:
        """KMS waits some days with the key, in which what it encrypted can still be saved."""
        self._schedule_deletion(thing)
        self._delete_alias(thing)

    @_call("schedule the deletion of the key {thing.name}")
    def _schedule_deletion(self, thing: Thing) -> None:
        self._kms.schedule_key_deletion(KeyId=self._id, PendingWindowInDays=_DAYS_OF_A_KEY)

    @_call("delete the alias {thing.name}")
    def _delete_alias(self, thing: Thing) -> None:
        self._kms.delete_alias(AliasName=thing.name)


class Buckets:
    """The artefacts: encrypted with the pipeline's key, versioned, private, and gone after some days."""

    _RULE = "golden-pipeline"

    def __init__(self, s3: Client, region: str) -> None:
        self._s3 = s3
        self._region = region

    @_call("read the bucket {name}")
    def read(self, name: str) -> Thing | None:
        try:
            self._s3.head_bucket(Bucket=name)
        except is_boto3_error_code("404"):
            return None
        state = {
            "versioned": self._s3.get_bucket_versioning(Bucket=name).get("Status") == "Enabled",
            "key": self._key(name),
            "private": self._is_private(name),
            "expire_days": self._days(name),
        }
        return Thing("bucket", name, state, self._tags(name))

    def _tags(self, name: str) -> dict[str, str]:
        try:
            tags = self._s3.get_bucket_tagging(Bucket=name)["TagSet"]
        except is_boto3_error_code("NoSuchTagSet"):
            return {}
        found: dict[str, str] = boto3_tag_list_to_ansible_dict(tags)
        return found

    def _key(self, name: str) -> str | None:
        try:
            told = self._s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]
        except is_boto3_error_code("ServerSideEncryptionConfigurationNotFoundError"):
            return None
        key: str | None = told["Rules"][0].get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID")
        return key

    def _is_private(self, name: str) -> bool:
        try:
            told = self._s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        except is_boto3_error_code("NoSuchPublicAccessBlockConfiguration"):
            return False
        return all(told.values())

    def _days(self, name: str) -> int | None:
        try:
            rules = self._s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
        except is_boto3_error_code("NoSuchLifecycleConfiguration"):
            return None
        return next((rule["Expiration"]["Days"] for rule in rules if rule.get("ID") == self._RULE), None)

    @_call("create the bucket {thing.name}")
    def create(self, thing: Thing) -> None:
        # The first Region of S3 is the one that has no name there.
        place = {} if self._region == "us-east-1" else {"LocationConstraint": self._region}
        self._s3.create_bucket(Bucket=thing.name, **({"CreateBucketConfiguration": place} if place else {}))
        # First of all, so that what is made in part is known to be ours.
        self._tag(thing)
        self._set(thing)

    @_call("update the bucket {after.name}")
    def update(self, _before: Thing, after: Thing) -> None:
        self._tag(after)
        self._set(after)

    def _tag(self, thing: Thing) -> None:
        self._s3.put_bucket_tagging(Bucket=thing.name, Tagging={"TagSet": ansible_dict_to_boto3_tag_list(thing.tags)})

    def _set(self, thing: Thing) -> None:
        name, state = thing.name, thing.state
        names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        self._s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(names, True))
        self._s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": state["key"]}
        rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
        self._s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
        expiry = {
            "ID": self._RULE,
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "Expiration": {"Days": state["expire_days"]},
            "NoncurrentVersionExpiration": {"NoncurrentDays": state["expire_days"]},
        }
        self._s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [expiry]})

    @_call("delete the bucket {thing.name}")
    def delete(self, thing: Thing) -> None:
        """S3 deletes empty ones only; versions and what marks deletions count."""
        for page in self._s3.get_paginator("list_object_versions").paginate(Bucket=thing.name):
            entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            gone = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]
            if gone:
                self._s3.delete_objects(Bucket=thing.name, Delete={"Objects": gone, "Quiet": True})
        self._s3.delete_bucket(Bucket=thing.name)


class Repositories:
    """The code, in CodeCommit."""

    def __init__(self, codecommit: Client) -> None:
        self._codecommit = codecommit
        self.clone_url: str | None = None

    @_call("read the repository {name}")
    def read(self, name: str) -> Thing | None:
        try:
            told: Resource = self._codecommit.get_repository(repositoryName=name)["repositoryMetadata"]
        except is_boto3_error_code("RepositoryDoesNotExistException"):
            return None
        self.clone_url = told["cloneUrlHttp"]
        tags = self._codecommit.list_tags_for_resource(resourceArn=told["Arn"]).get("tags", {})
        return Thing("repository", name, {"description": told.get("repositoryDescription", "")}, tags)

    @_call("create the repository {thing.name}")
    def create(self, thing: Thing) -> None:
        made = self._codecommit.create_repository(
            repositoryName=thing.name, repositoryDescription=thing.state["description"], tags=thing.tags
        )
        self.clone_url = made["repositoryMetadata"]["cloneUrlHttp"]

    @_call("update the repository {after.name}")
    def update(self, _before: Thing, after: Thing) -> None:
        text = after.state["description"]
        self._codecommit.update_repository_description(repositoryName=after.name, repositoryDescription=text)
        told = self._codecommit.get_repository(repositoryName=after.name)["repositoryMetadata"]
        self._codecommit.tag_resource(resourceArn=told["Arn"], tags=after.tags)

    @_call("delete the repository {thing.name}")
    def delete(self, thing: Thing) -> None:
        self._codecommit.delete_repository(repositoryName=thing.name)


class LogGroups:
    """The logs of builds, kept for some days."""

    def __init__(self, logs: Client, arn: t.Callable[[str], str]) -> None:
        self._logs = logs
        self._arn = arn

    @_call("read the log group {name}")
    def read(self, name: str) -> Thing | None:
        groups = self._logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        group = next((group for group in groups if group["logGroupName"] == name), None)
        if group is None:
            return None
        tags = self._logs.list_tags_for_resource(resourceArn=self._arn(name)).get("tags", {})
        return Thing("log_group", name, {"retention_days": group.get("retentionInDays")}, tags)

    @_call("create the log group {thing.name}")
    def create(self, thing: Thing) -> None:
        self._logs.create_log_group(logGroupName=thing.name, tags=thing.tags)
        self._logs.put_retention_policy(logGroupName=thing.name, retentionInDays=thing.state["retention_days"])

    @_call("update the log group {after.name}")
    def update(self, _before: Thing, after: Thing) -> None:
        self._logs.put_retention_policy(logGroupName=after.name, retentionInDays=after.state["retention_days"])
        self._logs.tag_resource(resourceArn=self._arn(after.name), tags=after.tags)

    @_call("delete the log group {thing.name}")
    def delete(self, thing: Thing) -> None:
        self._logs.delete_log_group(logGroupName=thing.name)
