# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Method ``release``: HashiCorp's own archives, verified.

The published SHA256SUMS of a version must carry a good signature of HashiCorp's key, the archive must have the sum that
is written there, and only then is it opened.
"""

from __future__ import annotations

import hashlib
import http.client
import shutil
import typing as t
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path

from golden_toolchain.errors import NotAvailable, ToolchainError
from golden_toolchain.host import Host
from golden_toolchain.lock import Component, Lock, Release
from golden_toolchain.progress import Progress, Step
from golden_toolchain.signature import Verifier, verify

_CHUNK = 1 << 18
_SUMS_LIMIT = 1 << 20  # a checksum file has a few kB; more is not one
_ARCHIVE_LIMIT = 1 << 30
_NETWORK_ERRORS = (OSError, http.client.HTTPException)


@dataclass(frozen=True)
class Addresses:
    archive: str
    checksums: str
    signature: str

    @property
    def archive_name(self) -> str:
        return _name(self.archive)


def _name(url: str) -> str:
    return url.rpartition("/")[2]


def addresses(release: Release, component: Component, host: Host, base_url: str = "") -> Addresses:
    """Where a component's release is published."""
    words = {
        "base_url": (base_url or release.base_url).rstrip("/"),
        "product": component.release,
        "version": component.version,
        "os": host.os,
        "arch": host.arch,
    }
    return Addresses(
        release.archive.format(**words), release.checksums.format(**words), release.signature.format(**words)
    )


def answers(lock: Lock, host: Host, base_url: str, limit: float) -> None:
    """NotAvailable unless the release host serves the pinned Packer's checksums within ``limit`` seconds."""
    ask(addresses(lock.release, lock.packer, host, base_url).checksums, limit, "packer_release_url")


def ask(url: str, limit: float, mirror: str) -> None:
    """NotAvailable unless the URL answers within ``limit`` seconds. ``mirror`` is the variable that names another site."""
    try:
        with urllib.request.urlopen(url, timeout=limit) as answer:  # the lock says https
            answer.read(1)
    except _NETWORK_ERRORS as error:
        raise NotAvailable(f"{url} does not answer ({_cause(error)}); {mirror}=https://… names a mirror") from error


def fetch(
    lock: Lock, host: Host, base_url: str, verifier: Verifier, scratch: Path, progress: Progress
) -> dict[str, Path]:
    """Download, verify and unpack everything; return the binaries by component key."""
    return {
        component.key: _fetch_one(
            component, addresses(lock.release, component, host, base_url), verifier, scratch, progress
        )
        for component in lock.components
    }


def _fetch_one(component: Component, where: Addresses, verifier: Verifier, scratch: Path, progress: Progress) -> Path:
    directory = scratch / component.key
    directory.mkdir()
    sums, signature, archive = (directory / _name(url) for url in (where.checksums, where.signature, where.archive))
    with progress.step(f"Downloading {component.label}") as step:
        download(where.checksums, sums, _SUMS_LIMIT, step)
        download(where.signature, signature, _SUMS_LIMIT, step)
        verify(verifier, sums, signature, directory)
        wanted = expected_sum(sums.read_text(encoding="utf-8", errors="replace"), where)
        download(where.archive, archive, _ARCHIVE_LIMIT, step)
        check_sum(archive, wanted, where.archive)
        return _unpack(archive, component, directory)


def expected_sum(sums: str, where: Addresses) -> str:
    """The SHA-256 that the (verified) checksum file gives for the archive."""
    for line in sums.splitlines():
        match line.split():
            case [digest, name] if name.lstrip("*") == where.archive_name:
                return digest.lower()
    raise ToolchainError(f"{where.checksums} does not name {where.archive_name}: there is no such release.")


def check_sum(archive: Path, wanted: str, url: str, says: str = "the signed checksum file") -> None:
    """Raise unless the file has the SHA-256 that is known from elsewhere."""
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != wanted:
        raise ToolchainError(
            f"{url} has the SHA-256 {found}, but {says} says {wanted}. "
            "The download is damaged or was tampered with; nothing was installed."
        )


def download(url: str, target: Path, limit: int, step: Step) -> None:
    """Write what a URL serves to a file. ``limit`` is in bytes: a server must not be able to fill the disk."""
    done = 0
    try:
        with urllib.request.urlopen(url, timeout=30) as answer, target.open("wb") as file:
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
                done += len(chunk)
                step.tick(f"{done >> 20} MB")
                if done > limit:
                    raise ToolchainError(f"{url} is larger than {limit >> 20} MB: refused.")
            _check_length(answer, done)
    except _NETWORK_ERRORS as error:
        raise ToolchainError(
            f"{url} could not be downloaded ({_cause(error)}). Run again, or have it compiled: "
            "packer_method=source, for goss packer_goss_method=source."
        ) from error


def _check_length(answer: t.Any, done: int) -> None:
    length = answer.headers.get("Content-Length")
    if length is not None and int(length) != done:
        raise ConnectionError(f"it ended after {done} of {length} bytes")


def _unpack(archive: Path, component: Component, directory: Path) -> Path:
    """Take the one binary out of the archive, under a name of our own."""
    binary = directory / "binary"
    try:
        with zipfile.ZipFile(archive) as file:
            names = [name for name in file.namelist() if _is_binary(name, component)]
            if len(names) != 1:
                raise ToolchainError(f"{archive.name} holds {len(names)} files named {component.release}, not one.")
            with file.open(names[0]) as source, binary.open("wb") as target:
                shutil.copyfileobj(source, target)
    except zipfile.BadZipFile as error:
        raise ToolchainError(f"{archive.name} is not a zip archive ({error}).") from error
    binary.chmod(0o755)
    return binary


def _is_binary(name: str, component: Component) -> bool:
    """``packer`` itself, or ``packer-plugin-amazon_v1.8.2_x5.0_linux_amd64``."""
    return name == component.release or name.startswith(f"{component.release}_v{component.version}_")


def _cause(error: BaseException) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code}"
    reason = getattr(error, "reason", None)
    return str(reason or error or type(error).__name__)
