# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What leaves a build: its files, zipped or as they are, to S3 as the service role."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from golden_cloud.api.codebuild.build import Build
from golden_cloud.api.codebuild.buildspec import Artifacts
from golden_cloud.api.codebuild.credentials import BuildCredentials
from golden_cloud.api.codebuild.globs import chosen, stored_names
from golden_cloud.api.codebuild.outcome import Failure
from golden_cloud.api.codebuild.shell import Failed, Shell

ERROR = "CLIENT_ERROR"


@dataclass(frozen=True)
class File:
    content: bytes
    mode: int


def collect(shell: Shell, wanted: Artifacts) -> dict[str, File]:
    """The files by the name that they are kept under; ``Failure`` when there is none."""
    base = expand(shell, wanted.base_directory or ".")
    try:
        listed = shell.within(r'cd "$1" && find . \( -type f -o -type l \) -print0', base)
    except Failed:
        raise Failure(ERROR, f"no matching base directory path found for {base}") from None
    found = [name.removeprefix("./") for name in listed.split("\0") if name]
    absolute = [name for name in wanted.files if name.startswith("/")]
    paths = chosen(found, [expand(shell, name) for name in wanted.files], wanted.excluded) + absolute
    if not paths:
        raise Failure(ERROR, f"no matching artifact paths found: {', '.join(wanted.files)}")
    names = stored_names(paths, discard_paths=wanted.discard_paths)
    return {names[path].lstrip("/"): file for path, file in _read(shell, base, list(names)).items()}


def _read(shell: Shell, base: str, paths: list[str]) -> dict[str, File]:
    """The files' contents; links are followed."""
    directory = shell.within('cd "$1" && pwd', base).strip()
    listed = "".join(f"{path}\0" for path in paths).encode()
    try:
        packed = shell.quiet("tar", "-C", directory, "-chPf", "-", "--null", "-T", "-", stdin=listed)
    except Failed as error:
        raise Failure(ERROR, f"files can't be read: {error}") from None
    found = {}
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for entry in archive:
            # One file under two names is a file and a link to it.
            source = archive.extractfile(entry) if entry.isfile() or entry.islnk() else None
            if source is not None:
                found[entry.name] = File(source.read(), entry.mode)
    return found


def expand(shell: Shell, text: str) -> str:
    """A word of the buildspec with the shell's variables and commands in it, such as ``app-$(date +%Y)``."""
    if "$" not in text:
        return text
    try:
        return shell.within('eval "printf %s \\"$1\\""', text.replace('"', '\\"'))
    except Failed as error:
        raise Failure(ERROR, f"{text}: {error}") from None


def zipped(files: dict[str, File]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in files.items():
            about = zipfile.ZipInfo(name)
            about.compress_type = zipfile.ZIP_DEFLATED
            about.external_attr = (0o100000 | file.mode) << 16
            archive.writestr(about, file.content)
    return buffer.getvalue()


def upload(
    build: Build, place: dict[str, Any], name: str, files: dict[str, File], credentials: BuildCredentials
) -> dict[str, Any]:
    """Put the files where the project says; how the build tells of them."""
    parts = [place.get("path") or "", build.uuid if place.get("namespaceType") == "BUILD_ID" else "", name]
    key = "/".join(part.strip("/") for part in parts if part.strip("/"))
    told: dict[str, Any] = {
        "location": f"arn:aws:s3:::{place['location']}/{key}",
        "encryptionDisabled": bool(place.get("encryptionDisabled")),
        "overrideArtifactName": bool(place.get("overrideArtifactName")),
    }
    if place.get("artifactIdentifier"):
        told["artifactIdentifier"] = place["artifactIdentifier"]
    if place.get("packaging") == "ZIP":
        content = zipped(files)
        put(build, place, key, content, credentials)
        sums = hashlib.sha256(content).hexdigest(), hashlib.md5(content, usedforsecurity=False).hexdigest()
        return told | {"sha256sum": sums[0], "md5sum": sums[1]}
    for relative, file in files.items():
        put(build, place, f"{key}/{relative}" if key else relative, file.content, credentials)
    return told


def put(build: Build, place: dict[str, Any], key: str, content: bytes, credentials: BuildCredentials) -> None:
    """One object, encrypted with the build's key unless the project says otherwise."""
    more: dict[str, str] = {}
    if not place.get("encryptionDisabled"):
        more = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": build.asked["encryptionKey"]}
    try:
        credentials.client("s3").put_object(Bucket=place["location"], Key=key, Body=content, **more)
    except ClientError as error:
        code, text = error.response["Error"]["Code"], error.response["Error"]["Message"]
        raise Failure(ERROR, f"Error in UPLOAD_ARTIFACTS phase: {code}: {text}") from None
    except BotoCoreError as error:
        raise Failure(ERROR, f"Error in UPLOAD_ARTIFACTS phase: {error}") from None
