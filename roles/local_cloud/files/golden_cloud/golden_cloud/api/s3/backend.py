# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Buckets with the defaults that AWS gives them, separate by account, encrypted with keys that are there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3 import models, responses
from moto.s3.exceptions import NoSuchUpload
from moto.s3.models import FakeBucket, FakeKey, FakeMultipart, PublicAccessBlock, S3Backend, s3_backends

from golden_cloud.api import keys
from golden_cloud.api.errors import CloudError
from golden_cloud.api.s3 import checksums, objects

LARGEST = 1024**3
"""Bytes of an object, which is in memory while it is put together."""
KMS = ("aws:kms", "aws:kms:dsse")
_NAME = re.compile(r"(?!\d+\.\d+\.\d+\.\d+$)(?!xn--)[a-z0-9](?:[a-z0-9-]|\.(?=[a-z0-9])){1,61}[a-z0-9]")


def sse_s3() -> dict[str, Any]:
    """What every bucket is encrypted with that is told nothing else."""
    return {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}}


class CloudBucket(FakeBucket):
    """A bucket as AWS makes them since 2023: encrypted, private, without ACLs."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.encryption = sse_s3()
        self.public_access_block = PublicAccessBlock(*["true"] * 4)
        self.ownership_rule = "BucketOwnerEnforced"

    def get_permission(self, action: str, resource: str) -> Any:
        """Policies are not moto's business here, which knows no conditions."""
        return PermissionResult.NEUTRAL

    def lets_in(self, account_id: str) -> bool:
        """Whether the bucket's policy allows something to somebody of the other account."""
        if self.policy is None:
            return False
        statements = json.loads(self.policy).get("Statement", [])
        for statement in statements if isinstance(statements, list) else [statements]:
            principal = statement.get("Principal")
            named = principal.get("AWS", []) if isinstance(principal, dict) else principal
            named = named if isinstance(named, list) else [named]
            if statement.get("Effect") == "Allow" and any(one == "*" or account_id in str(one) for one in named):
                return True
        return False


class CloudS3Backend(S3Backend):
    """moto's backend of one account."""

    def create_bucket(self, bucket_name: str, *args: Any, **kwargs: Any) -> FakeBucket:
        if not _NAME.fullmatch(bucket_name):
            raise CloudError("InvalidBucketName", f"The specified bucket is not valid: {bucket_name}", 400)
        _partition, owner = s3_backends.bucket_accounts.get(bucket_name, ("", self.account_id))
        if owner != self.account_id:
            text = "The requested bucket name is not available. The bucket namespace is shared by all users."
            raise CloudError("BucketAlreadyExists", text, 409)
        return super().create_bucket(bucket_name, *args, **kwargs)

    def get_bucket(self, bucket_name: str) -> FakeBucket:
        bucket = super().get_bucket(bucket_name)
        if bucket.account_id != self.account_id and not bucket.lets_in(self.account_id):
            raise CloudError("AccessDenied", "Access Denied", 403)
        return bucket

    def put_bucket_policy(self, bucket_name: str, policy: bytes) -> None:
        try:
            statements = json.loads(policy)["Statement"]
        except (ValueError, KeyError, TypeError):
            statements = None
        listed = statements if isinstance(statements, list) else [statements]
        if not all(isinstance(one, dict) and {"Effect", "Principal"} <= one.keys() for one in listed):
            raise CloudError("MalformedPolicy", "Policies must be valid JSON with statements that have a principal.")
        super().put_bucket_policy(bucket_name, policy)

    def delete_bucket_encryption(self, bucket_name: str) -> None:
        self.get_bucket(bucket_name).encryption = sse_s3()

    def put_object(self, bucket_name: str, key_name: str, value: bytes, **options: Any) -> FakeKey:
        bucket = self.get_bucket(bucket_name)
        default = (bucket.encryption or sse_s3())["Rule"]["ApplyServerSideEncryptionByDefault"]
        encryption = options.get("encryption") or default["SSEAlgorithm"]
        options["encryption"] = encryption
        if encryption in KMS:
            named = options.get("kms_key_id") or default.get("KMSMasterKeyID") or "alias/aws/s3"
            options["kms_key_id"] = _usable_key(named, self.account_id, bucket.region_name)
        else:
            options["kms_key_id"] = None
        made = super().put_object(bucket_name, key_name, value, **options)
        if encryption not in KMS:
            made.kms_key_id = made.bucket_key_enabled = None
        return made

    def upload_part(self, bucket_name: str, multipart_id: str, part_id: int, value: bytes) -> FakeKey:
        upload = self._upload(bucket_name, multipart_id)
        if len(value) + sum(part.contentsize for part in upload.parts.values()) > LARGEST:
            raise CloudError("EntityTooLarge", f"The local cloud keeps objects of up to {LARGEST} bytes.", 400)
        return super().upload_part(bucket_name, multipart_id, part_id, value)

    def upload_part_copy(self, dest_bucket_name: str, multipart_id: str, *args: Any, **kwargs: Any) -> FakeKey:
        self._upload(dest_bucket_name, multipart_id)
        return super().upload_part_copy(dest_bucket_name, multipart_id, *args, **kwargs)

    def list_parts(self, bucket_name: str, multipart_id: str, *args: Any, **kwargs: Any) -> list[FakeKey]:
        self._upload(bucket_name, multipart_id)
        parts: list[FakeKey] = super().list_parts(bucket_name, multipart_id, *args, **kwargs)
        return parts

    def complete_multipart_upload(
        self, bucket_name: str, multipart_id: str, body: Iterator[tuple[int, str]]
    ) -> FakeKey | None:
        self._upload(bucket_name, multipart_id)
        return super().complete_multipart_upload(bucket_name, multipart_id, body)

    def _upload(self, bucket_name: str, multipart_id: str) -> FakeMultipart:
        upload = self.get_bucket(bucket_name).multiparts.get(multipart_id)
        if upload is None:
            raise NoSuchUpload(upload_id=multipart_id)
        return upload


def _usable_key(named: str, account_id: str, region: str) -> str:
    try:
        arn = keys.resolve(named, account_id, region)
    except CloudError as error:
        raise CloudError("KMS.NotFoundException", error.message, 400) from None
    key = keys.find_key(arn)
    if key is None or not key.enabled:
        raise CloudError("KMS.DisabledException", f"{arn} is disabled.", 400)
    return arn


def extend_moto() -> None:
    """Put our classes in place of moto's."""
    s3_backends.backend = CloudS3Backend
    s3_backends.bucket_accounts.clear()
    models.FakeBucket = CloudBucket
    models.FakeKey = objects.StoredKey
    models.compute_checksum = checksums.compute
    responses.compute_checksum = checksums.compute


def recover() -> None:
    """After the state has been read: whose a bucket is, and which contents are still there."""
    backends = [backend for _account, _partition, backend in s3_backends.iter_backends()]
    for backend in backends:
        for name, bucket in backend.buckets.items():
            s3_backends.bucket_accounts[name] = (bucket.partition, bucket.account_id)
    objects.recover(backends)
