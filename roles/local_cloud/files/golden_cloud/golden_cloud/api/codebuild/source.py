# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A build's source: brought from S3 or CodeCommit as the service role, put into the container as files."""

from __future__ import annotations

import io
import tarfile
import zipfile
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from golden_cloud.api.codebuild.build import Build
from golden_cloud.api.codebuild.credentials import BuildCredentials
from golden_cloud.api.codebuild.outcome import Failure
from golden_cloud.api.codebuild.project import HOSTED, bucket_and_key

ERROR = "CLIENT_ERROR"
NOTHING = b"\0" * 10240
"""An empty tar archive."""
_SYMLINK = 0o120000
_KIND_OF_FILE = 0o170000


@dataclass(frozen=True)
class Fetched:
    archive: bytes | None
    """A tar archive; None when there are no files."""
    version: str | None
    """The commit or the version of the object."""


def fetch(build: Build, source: dict[str, Any], version: str | None, credentials: BuildCredentials) -> Fetched:
    """``Failure`` with the reason when it can't be had."""
    kind = source["type"]
    if kind == "NO_SOURCE":
        return Fetched(None, None)
    try:
        if kind == "S3":
            return _from_s3(source, version, credentials)
        if kind == "CODECOMMIT":
            return _from_codecommit(build, source, version, credentials)
    except ClientError as error:
        code, text = error.response["Error"]["Code"], error.response["Error"]["Message"]
        raise Failure(ERROR, f"{code}: {text} for primary source and source version {version or ''}") from None
    except BotoCoreError as error:
        raise Failure(ERROR, str(error)) from None
    if kind in HOSTED:
        raise Failure(
            ERROR,
            f"the local cloud has no source of type {kind}: push the repository to CodeCommit here, or override the"
            " source with sourceTypeOverride",
        )
    raise Failure(ERROR, f"a source of type {kind} is brought by CodePipeline: start the pipeline, not the build")


def object_of(credentials: BuildCredentials, arn: str) -> bytes:
    """An object by its ARN."""
    place = bucket_and_key(arn)
    if place is None:
        raise Failure(ERROR, f"{arn} is no object's ARN")
    try:
        content: bytes = credentials.client("s3").get_object(Bucket=place[0], Key=place[1])["Body"].read()
    except (ClientError, BotoCoreError) as error:
        raise Failure(ERROR, f"{arn}: {error}") from None
    return content


def _from_s3(source: dict[str, Any], version: str | None, credentials: BuildCredentials) -> Fetched:
    place = bucket_and_key(source["location"])
    if place is None:
        raise Failure(ERROR, f"{source['location']} is no BUCKET/KEY")
    bucket, key = place
    s3 = credentials.client("s3")
    if key.endswith("/"):
        return Fetched(_folder(s3, bucket, key), None)
    more = {"VersionId": version} if version else {}
    got = s3.get_object(Bucket=bucket, Key=key, **more)
    content = got["Body"].read()
    resolved = got.get("VersionId") or f"arn:aws:s3:::{bucket}/{key}"
    if zipfile.is_zipfile(io.BytesIO(content)):
        return Fetched(tar_of_zip(content), resolved)
    return Fetched(_tar({key.rsplit("/", 1)[-1]: content}), resolved)


def _folder(s3: Any, bucket: str, prefix: str) -> bytes:
    found = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for about in page.get("Contents", []):
            name = about["Key"].removeprefix(prefix)
            if name and not name.endswith("/"):
                found[name] = s3.get_object(Bucket=bucket, Key=about["Key"])["Body"].read()
    return _tar(found)


def _from_codecommit(
    build: Build, source: dict[str, Any], version: str | None, credentials: BuildCredentials
) -> Fetched:
    raise Failure(ERROR, "the local cloud has no source of type CODECOMMIT")


def tar_of_zip(content: bytes) -> bytes:
    """The same files in a tar archive, with their modes, and links as links."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as packed, tarfile.open(fileobj=buffer, mode="w") as archive:
        for entry in packed.infolist():
            about = tarfile.TarInfo(entry.filename.rstrip("/"))
            mode = entry.external_attr >> 16
            about.mode = mode & 0o777 or (0o755 if entry.is_dir() else 0o644)
            if entry.is_dir():
                about.type = tarfile.DIRTYPE
                archive.addfile(about)
            elif mode & _KIND_OF_FILE == _SYMLINK:
                about.type, about.linkname = tarfile.SYMTYPE, packed.read(entry).decode()
                archive.addfile(about)
            else:
                about.size = entry.file_size
                archive.addfile(about, io.BytesIO(packed.read(entry)))
    return buffer.getvalue()


def _tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            about = tarfile.TarInfo(name)
            about.size, about.mode = len(content), 0o644
            archive.addfile(about, io.BytesIO(content))
    return buffer.getvalue()
