# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""S3: every way in which clients sign a body, buckets as AWS makes them, objects that survive a restart."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import io
import json
import os
import urllib.error
import urllib.request
import zlib
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from botocore.config import Config as ClientConfig
from golden_cloud.api import chunked
from golden_cloud.api.s3 import checksums

KINDS = {
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": 403,
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": 403,
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER": 400,
}
"""And how S3 answers when a byte of the body is another one than was sent."""
NOTHING = hashlib.sha256(b"").hexdigest()


@pytest.fixture
def s3(cloud: Any) -> Any:
    client = cloud.client("s3")
    client.create_bucket(Bucket="golden-artifacts")
    return client


class Streamer:
    """A client that signs its chunks, which boto3 never does and others do."""

    def __init__(self, cloud: Any) -> None:
        self.cloud = cloud
        now = datetime.now(UTC)
        self.stamp, self.date = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
        self.scope = f"{self.date}/us-east-1/s3/aws4_request"
        key = f"AWS4{cloud.config.secret_key}".encode()
        for part in self.scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        self.key = key

    def sign(self, *lines: str) -> str:
        return hmac.new(self.key, "\n".join(lines).encode(), hashlib.sha256).hexdigest()

    def put(self, path: str, kind: str, chunks: list[bytes], *, spoil: bool = False) -> int:
        trailer, signed = kind.endswith("-TRAILER"), "UNSIGNED" not in kind
        payload = b"".join(chunks)
        headers = {
            "content-encoding": "aws-chunked",
            "host": f"127.0.0.1:{self.cloud.port}",
            "x-amz-content-sha256": kind,
            "x-amz-date": self.stamp,
            "x-amz-decoded-content-length": str(len(payload)),
        }
        if trailer:
            headers["x-amz-trailer"] = "x-amz-checksum-crc32"
        names = ";".join(sorted(headers))
        canonical = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        request = hashlib.sha256(f"PUT\n{path}\n\n{canonical}\n{names}\n{kind}".encode()).hexdigest()
        previous = self.sign("AWS4-HMAC-SHA256", self.stamp, self.scope, request)
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.cloud.config.access_key}/{self.scope}, "
            f"SignedHeaders={names}, Signature={previous}"
        )
        body = b""
        for chunk in [*chunks, b""]:
            digest = hashlib.sha256(chunk).hexdigest()
            previous = self.sign("AWS4-HMAC-SHA256-PAYLOAD", self.stamp, self.scope, previous, NOTHING, digest)
            extension = f";chunk-signature={previous}" if signed else ""
            body += f"{len(chunk):x}{extension}\r\n".encode() + chunk
            body += b"\r\n" if chunk else b""
        if trailer:
            line = f"x-amz-checksum-crc32:{base64.b64encode(zlib.crc32(payload).to_bytes(4, 'big')).decode()}"
            digest = hashlib.sha256(f"{line}\n".encode()).hexdigest()
            last = self.sign("AWS4-HMAC-SHA256-TRAILER", self.stamp, self.scope, previous, digest)
            body += f"{line}\r\n".encode()
            body += f"x-amz-trailer-signature:{last}\r\n".encode() if signed else b""
        body += b"\r\n"
        if spoil:
            body = body.replace(chunks[-1], b"!" * len(chunks[-1]))
        connection = http.client.HTTPConnection("127.0.0.1", self.cloud.port, timeout=20)
        connection.request("PUT", path, body, headers)
        return connection.getresponse().status


def test_bodies_of_every_kind(cloud: Any, s3: Any, refused: Any) -> None:
    key, body = "a b/ü+~(1).txt", os.urandom(300_000)

    def _told() -> bytes:
        return bytes(s3.get_object(Bucket="golden-artifacts", Key=key)["Body"].read())

    # With the hash of the payload.
    s3.put_object(Bucket="golden-artifacts", Key=key, Body=body, Metadata={"commit": "abc"}, ContentType="text/x-a")
    head = s3.head_object(Bucket="golden-artifacts", Key=key)
    assert (head["ContentLength"], head["ContentType"], head["Metadata"]) == (300_000, "text/x-a", {"commit": "abc"})
    assert _told() == body
    unsigned = cloud.client("s3", config=ClientConfig(s3={"payload_signing_enabled": False}))
    for algorithm in ("CRC32", "SHA1", "SHA256"):
        unsigned.put_object(Bucket="golden-artifacts", Key=key, Body=io.BytesIO(body), ChecksumAlgorithm=algorithm)
        assert _told() == body
    streamer = Streamer(cloud)
    path = "/golden-artifacts/" + quote(key)
    for kind, refusal in KINDS.items():
        chunks = [os.urandom(70_000), os.urandom(65_536), b"end"]
        assert streamer.put(path, kind, chunks) == 200
        assert _told() == b"".join(chunks)
        assert streamer.put(path, kind, [b"another", b"one of these"], spoil=True) == refusal
        assert _told() == b"".join(chunks)
    with refused("BadDigest"):
        s3.put_object(
            Bucket="golden-artifacts", Key=key, Body=b"1", ChecksumSHA256=base64.b64encode(b"x" * 32).decode()
        )
    with refused("BadDigest"):
        s3.put_object(Bucket="golden-artifacts", Key=key, Body=b"1", ContentMD5=base64.b64encode(b"x" * 16).decode())
    puts = [call for call in cloud.calls() if call["operation"] == "PutObject"]
    assert len(puts) == 12
    assert {call["principal"] for call in puts if call["status"] == 200} == {
        "arn:aws:iam::123456789012:user/golden-local"
    }
    assert puts[0]["parameters"]["Key"] == key
    assert "Body" not in puts[0]["parameters"]


def test_presigned_addresses(cloud: Any, s3: Any) -> None:
    signer = cloud.client("s3", config=ClientConfig(signature_version="s3v4"))
    named = {"Bucket": "golden-artifacts", "Key": "a/b c"}

    def _ask(address: str, data: bytes | None = None) -> tuple[int, bytes]:
        request = urllib.request.Request(address, data, {"Content-Type": ""}, method="PUT" if data else "GET")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    assert _ask(signer.generate_presigned_url("put_object", named), b"zip")[0] == 200
    address = signer.generate_presigned_url("get_object", named, ExpiresIn=60)
    assert _ask(address) == (200, b"zip")
    status, told = _ask(address.replace("b%20c", "b%20d"))
    assert (status, b"SignatureDoesNotMatch" in told) == (403, True)
    assert _ask(address.replace("X-Amz-Expires=60", "X-Amz-Expires=900"))[0] == 403
    status, told = _ask(s3.generate_presigned_url("get_object", named))
    assert (status, b"s3v4" in told) == (403, True)
    assert _ask(f"{cloud.endpoint}/golden-artifacts/a/b%20c")[0] == 403


def test_a_bucket_by_host_is_refused_with_the_remedy(cloud: Any) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=20)
    connection.request("GET", "/", headers={"Host": f"golden-artifacts.localhost:{cloud.port}"})
    answer = connection.getresponse()
    assert (answer.status, b"path-style" in answer.read()) == (403, True)


def test_checksums_are_those_of_the_standards() -> None:
    # The check values of the catalogue of CRC algorithms.
    told = {name: checksums.compute(b"123456789", name, False).hex() for name in ("CRC32", "CRC32C", "CRC64NVME")}
    assert told == {"CRC32": "cbf43926", "CRC32C": "e3069283", "CRC64NVME": "ae8b14860a799888"}


@pytest.mark.parametrize(
    "body", [b"", b"5\r\nabc", b"zz\r\n", b"3\r\nabcd\r\n0\r\n\r\n", b"3\r\nabc\r\n", b"-1\r\n", b"1" * 5000]
)
def test_a_body_that_is_cut_is_not_taken(body: bytes) -> None:
    with pytest.raises(chunked.MalformedBody):
        chunked.read(body)


def test_a_bucket_is_what_aws_makes_and_stays_what_it_was_made(cloud: Any, s3: Any, refused: Any) -> None:
    bucket = "golden-artifacts"
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    key_arn = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_arn},
        "BucketKeyEnabled": True,
    }
    lifecycle = {
        "ID": "old",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }
    tags = [{"Key": "owner", "Value": "images"}]
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [lifecycle]})
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    statement |= {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    versions = [s3.put_object(Bucket=bucket, Key="app.zip", Body=body)["VersionId"] for body in (b"one", b"two")]
    big = os.urandom(6 * 1024 * 1024)
    s3.upload_fileobj(io.BytesIO(big + b"x" * 5_000_000), bucket, "big")
    cloud.restart()
    s3 = cloud.client("s3")
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"] == [rule]
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == [lifecycle]
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == policy
    got = s3.get_object(Bucket=bucket, Key="app.zip", VersionId=versions[0])
    assert (got["Body"].read(), got["SSEKMSKeyId"], got["BucketKeyEnabled"]) == (b"one", key_arn, True)
    listed = s3.list_object_versions(Bucket=bucket, Prefix="app")["Versions"]
    assert [(one["VersionId"], one["IsLatest"]) for one in listed] == [(versions[1], True), (versions[0], False)]
    assert s3.get_object(Bucket=bucket, Key="big")["Body"].read() == big + b"x" * 5_000_000
    assert len(cloud.app._file._path.read_bytes()) < 1_000_000
    with refused("BucketNotEmpty"):
        s3.delete_bucket(Bucket=bucket)
    with refused("KMS.NotFoundException"):
        s3.put_object(Bucket=bucket, Key="x", Body=b"", ServerSideEncryption="aws:kms", SSEKMSKeyId="alias/none")
    with refused("UnsupportedOperation", "SSECustomer"):
        s3.put_object(Bucket=bucket, Key="x", Body=b"", SSECustomerKey="0" * 32, SSECustomerAlgorithm="AES256")
    with refused("NoSuchUpload"):
        s3.upload_part(Bucket=bucket, Key="x", UploadId="none", PartNumber=1, Body=b"1")
    with refused("NotImplemented", "PutBucketNotificationConfiguration"):
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    for one in s3.list_object_versions(Bucket=bucket)["Versions"]:
        s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
    assert list((cloud.directory / "s3-objects").iterdir()) == []
    s3.delete_bucket(Bucket=bucket)
    with refused("404"):
        s3.head_bucket(Bucket=bucket)


def test_another_account_needs_the_policy_of_the_bucket(cloud: Any, s3: Any, refused: Any) -> None:
    role = "arn:aws:iam::222222222222:role/OrganizationAccountAccessRole"
    keys = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    s3.put_object(Bucket="golden-artifacts", Key="x", Body=b"1")
    other = cloud.client("s3", keys=keys)
    with refused("AccessDenied"):
        other.get_object(Bucket="golden-artifacts", Key="x")
    with refused("BucketAlreadyExists"):
        other.create_bucket(Bucket="golden-artifacts")
    with refused("AccessDenied"):
        s3.list_objects_v2(Bucket="golden-artifacts", ExpectedBucketOwner="222222222222")
    policy = (
        '{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "222222222222"}, "Action": "s3:GetObject",'
        ' "Resource": "arn:aws:s3:::golden-artifacts/*"}]}'
    )
    s3.put_bucket_policy(Bucket="golden-artifacts", Policy=policy)
    assert other.get_object(Bucket="golden-artifacts", Key="x")["Body"].read() == b"1"
    with refused("MalformedPolicy"):
        s3.put_bucket_policy(Bucket="golden-artifacts", Policy="{}")
