# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock file of goss: which version, and the digests of its release, as typed values.

It is a file of its own, so that another goss is no reason to bring Packer again.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from pathlib import Path

from golden_toolchain.errors import NotAvailable
from golden_toolchain.host import Host
from golden_toolchain.lock import Component, component, load_file

NAME = "goss.lock.json"
ADDRESS = "github.com/goss-org/goss"


@dataclass(frozen=True)
class GossRelease:
    """Where goss publishes its programs, and the SHA-256 of each by machine: its releases are not signed."""

    base_url: str
    binary: str
    sha256: dict[str, str]


@dataclass(frozen=True)
class GossLock:
    """The whole lock file; ``digest`` is in the name of the directory of an install."""

    digest: str
    goss: Component
    go_minimum: str
    go_download: str
    release: GossRelease

    @property
    def label(self) -> str:
        return self.goss.label

    def directory(self, cache: Path, where: Host) -> Path:
        """Where goss for this machine is installed."""
        return cache / f"goss-{self.digest}-{where}"

    def url(self, where: Host, base_url: str = "") -> str:
        """Where the release for this machine is published."""
        base = (base_url or self.release.base_url).rstrip("/")
        return self.release.binary.format(base_url=base, version=self.goss.version, os=where.os, arch=where.arch)

    def sha256(self, where: Host) -> str:
        """NotAvailable where the lock knows none."""
        try:
            return self.release.sha256[str(where)]
        except KeyError:
            raise NotAvailable(f"{NAME} has no SHA-256 of a release for {where}") from None


def load(path: Path) -> GossLock:
    """Read the lock file."""
    return load_file(path, _lock)


def _lock(digest: str, data: dict[str, t.Any]) -> GossLock:
    return GossLock(
        digest=digest,
        goss=component(ADDRESS, data["goss"]),
        go_minimum=data["go"]["minimum"],
        go_download=data["go"]["download"],
        release=GossRelease(**data["release"]),
    )
