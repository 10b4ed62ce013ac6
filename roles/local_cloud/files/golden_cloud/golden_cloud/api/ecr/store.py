# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the registry has stored, read from its own files: tags, manifests, and when they came.

They are there whether or not the registry runs. The layout is that of the registry's file system driver.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_LISTS = ("application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.oci.image.index.v1+json")


@dataclass(frozen=True)
class StoredImage:
    """A manifest of a repository."""

    digest: str
    tags: tuple[str, ...]
    pushed: datetime
    manifest: bytes

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.manifest)
        return found

    @property
    def media_type(self) -> str:
        """What it calls itself; one of OCI's need not."""
        told = self.document.get("mediaType")
        kind = "index" if "manifests" in self.document else "manifest"
        return str(told or f"application/vnd.oci.image.{kind}.v1+json")

    @property
    def artifact_type(self) -> str | None:
        config = self.document.get("config") or {}
        found = self.document.get("artifactType") or config.get("mediaType")
        return str(found) if found else None

    @property
    def size(self) -> int | None:
        """Bytes of its layers, which a list of manifests has not."""
        if self.media_type in _LISTS:
            return None
        return sum(int(layer.get("size", 0)) for layer in self.document.get("layers") or [])


class Store:
    """The files of one repository."""

    def __init__(self, root: Path, account_id: str, region: str, name: str) -> None:
        self._base = root / "docker" / "registry" / "v2"
        self._home = self._base / "repositories" / account_id / region / name
        self._manifests = self._home / "_manifests"

    def tags(self) -> dict[str, str]:
        """Digests by tag."""
        links = sorted(self._manifests.glob("tags/*/current/link"))
        return {link.parent.parent.name: digest for link in links for digest in _digests(link)}

    def images(self) -> list[StoredImage]:
        """The manifests, in the order in which they came."""
        tags = self.tags()
        found = []
        for link in self._manifests.glob("revisions/sha256/*/link"):
            for digest in _digests(link):
                blob = self._blob(digest)
                named = tuple(tag for tag, one in tags.items() if one == digest)
                if blob.is_file():
                    pushed = datetime.fromtimestamp(link.stat().st_mtime, UTC)
                    found.append(StoredImage(digest, named, pushed, blob.read_bytes()))
        return sorted(found, key=lambda one: (one.pushed, one.digest))

    def _blob(self, digest: str) -> Path:
        algorithm, _colon, value = digest.partition(":")
        return self._base / "blobs" / algorithm / value[:2] / value / "data"

    def remove_tag(self, tag: str) -> None:
        shutil.rmtree(self._manifests / "tags" / tag)

    def remove_image(self, digest: str) -> None:
        """The manifest, and the tags that name it; layers stay, for others may have them."""
        for tag, one in self.tags().items():
            if one == digest:
                self.remove_tag(tag)
        shutil.rmtree(self._manifests / "revisions" / "sha256" / digest.partition(":")[2])

    def remove(self) -> None:
        """The repository; those whose names begin with its name and a slash stay."""
        for part in ("_manifests", "_layers", "_uploads"):
            shutil.rmtree(self._home / part, ignore_errors=True)


def _digests(link: Path) -> Iterator[str]:
    """What a link names; nothing when it goes while one looks."""
    try:
        found = _DIGEST.fullmatch(link.read_text().strip())
    except FileNotFoundError:
        return
    if found:
        yield found[0]
