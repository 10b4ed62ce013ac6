# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operations of S3 ask for: many of IAM's actions have other names than the operations."""

from __future__ import annotations

from golden_cloud.api.faults.fault import Call
from golden_cloud.api.policies.asked.ask import Ask, More, first
from golden_cloud.api.policies.asked.table import table
from golden_cloud.api.policies.patterns import Values


def _arn(_call: Call, text: str) -> str:
    return f"arn:aws:s3:::{text}"


def _versioned(action: str, of_version: str) -> More:
    """The action on a version, in place of the one on the object, when the request names one."""

    def more(call: Call) -> list[Ask]:
        name = of_version if first(call, "VersionId") else action
        return [Ask(f"s3:{name}", _arn(call, f"{first(call, 'Bucket')}/{first(call, 'Key')}"))]

    return more


def _copies(call: Call) -> list[Ask]:
    """The source is read, the target is written."""
    source = call.parameters.get("CopySource") or ""
    if isinstance(source, dict):
        source = f"{source.get('Bucket')}/{source.get('Key')}"
    path, _query, version = str(source).lstrip("/").partition("?versionId=")
    return [Ask("s3:GetObjectVersion" if version else "s3:GetObject", _arn(call, path))]


def _deletes(call: Call) -> list[Ask]:
    """Each object of the list."""
    objects = (call.parameters.get("Delete") or {}).get("Objects") or []
    return [
        Ask(
            "s3:DeleteObjectVersion" if one.get("VersionId") else "s3:DeleteObject",
            _arn(call, f"{first(call, 'Bucket')}/{one.get('Key')}"),
        )
        for one in objects
        if isinstance(one, dict)
    ]


WHOLLY: dict[str, More] = {
    "GetObject": _versioned("GetObject", "GetObjectVersion"),
    "HeadObject": _versioned("GetObject", "GetObjectVersion"),
    "GetObjectAttributes": _versioned("GetObjectAttributes", "GetObjectVersionAttributes"),
    "DeleteObject": _versioned("DeleteObject", "DeleteObjectVersion"),
    "GetObjectTagging": _versioned("GetObjectTagging", "GetObjectVersionTagging"),
    "PutObjectTagging": _versioned("PutObjectTagging", "PutObjectVersionTagging"),
    "DeleteObjectTagging": _versioned("DeleteObjectTagging", "DeleteObjectVersionTagging"),
    "GetObjectAcl": _versioned("GetObjectAcl", "GetObjectVersionAcl"),
    "DeleteObjects": _deletes,
}
"""Operations without a line: the action depends on the parameters."""

TABLE = table(
    "s3",
    """
    ListBuckets=ListAllMyBuckets
    CreateBucket {Bucket}
    DeleteBucket {Bucket}
    HeadBucket=ListBucket {Bucket}
    ListObjects=ListBucket {Bucket}
    ListObjectsV2=ListBucket {Bucket}
    ListObjectVersions=ListBucketVersions {Bucket}
    ListMultipartUploads=ListBucketMultipartUploads {Bucket}
    GetBucketLocation {Bucket}
    GetBucketPolicy {Bucket}
    PutBucketPolicy {Bucket}
    DeleteBucketPolicy {Bucket}
    GetBucketPolicyStatus {Bucket}
    GetBucketEncryption=GetEncryptionConfiguration {Bucket}
    PutBucketEncryption=PutEncryptionConfiguration {Bucket}
    DeleteBucketEncryption=PutEncryptionConfiguration {Bucket}
    GetBucketVersioning {Bucket}
    PutBucketVersioning {Bucket}
    GetBucketTagging {Bucket}
    PutBucketTagging {Bucket}
    DeleteBucketTagging=PutBucketTagging {Bucket}
    GetBucketLifecycleConfiguration=GetLifecycleConfiguration {Bucket}
    GetBucketLifecycle=GetLifecycleConfiguration {Bucket}
    PutBucketLifecycleConfiguration=PutLifecycleConfiguration {Bucket}
    PutBucketLifecycle=PutLifecycleConfiguration {Bucket}
    DeleteBucketLifecycle=PutLifecycleConfiguration {Bucket}
    GetPublicAccessBlock=GetBucketPublicAccessBlock {Bucket}
    PutPublicAccessBlock=PutBucketPublicAccessBlock {Bucket}
    DeletePublicAccessBlock=PutBucketPublicAccessBlock {Bucket}
    GetBucketOwnershipControls {Bucket}
    PutBucketOwnershipControls {Bucket}
    DeleteBucketOwnershipControls=PutBucketOwnershipControls {Bucket}
    GetBucketAcl {Bucket}
    PutBucketAcl {Bucket}
    GetBucketLogging {Bucket}
    PutBucketLogging {Bucket}
    GetBucketCors=GetBucketCORS {Bucket}
    PutBucketCors=PutBucketCORS {Bucket}
    DeleteBucketCors=PutBucketCORS {Bucket}
    GetBucketWebsite {Bucket}
    PutBucketWebsite {Bucket}
    DeleteBucketWebsite {Bucket}
    GetBucketRequestPayment {Bucket}
    PutBucketRequestPayment {Bucket}
    GetBucketAccelerateConfiguration=GetAccelerateConfiguration {Bucket}
    PutBucketAccelerateConfiguration=PutAccelerateConfiguration {Bucket}
    GetBucketReplication=GetReplicationConfiguration {Bucket}
    PutBucketReplication=PutReplicationConfiguration {Bucket}
    DeleteBucketReplication=PutReplicationConfiguration {Bucket}
    GetBucketNotificationConfiguration=GetBucketNotification {Bucket}
    PutBucketNotificationConfiguration=PutBucketNotification {Bucket}
    GetObjectLockConfiguration=GetBucketObjectLockConfiguration {Bucket}
    PutObjectLockConfiguration=PutBucketObjectLockConfiguration {Bucket}
    PutObject {Bucket}/{Key} +PutObjectTagging?Tagging
    PutObjectAcl {Bucket}/{Key}
    CopyObject=PutObject {Bucket}/{Key} +PutObjectTagging?Tagging
    CreateMultipartUpload=PutObject {Bucket}/{Key}
    UploadPart=PutObject {Bucket}/{Key}
    UploadPartCopy=PutObject {Bucket}/{Key}
    CompleteMultipartUpload=PutObject {Bucket}/{Key}
    AbortMultipartUpload {Bucket}/{Key}
    ListParts=ListMultipartUploadParts {Bucket}/{Key}
    RestoreObject {Bucket}/{Key}
    """,
    arn=_arn,
    more={"CopyObject": _copies, "UploadPartCopy": _copies},
)


def context(call: Call) -> dict[str, Values]:
    """Condition keys of S3's own."""
    if call.service != "s3":
        return {}
    told = {
        "s3:prefix": call.parameters.get("Prefix"),
        "s3:delimiter": call.parameters.get("Delimiter"),
        "s3:max-keys": call.parameters.get("MaxKeys"),
        "s3:versionid": call.parameters.get("VersionId"),
        "s3:x-amz-acl": call.parameters.get("ACL"),
        "s3:x-amz-server-side-encryption": call.parameters.get("ServerSideEncryption"),
        "s3:x-amz-server-side-encryption-aws-kms-key-id": call.parameters.get("SSEKMSKeyId"),
    }
    return {name: str(value) for name, value in told.items() if value is not None}
