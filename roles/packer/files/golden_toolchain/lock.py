# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock file: what is pinned, as typed values."""

from __future__ import annotations

import hashlib
import json
import typing as t
from dataclasses import dataclass
from pathlib import Path

from golden_toolchain.errors import ToolchainError

DIGEST_LENGTH = 16


@dataclass(frozen=True)
class Source:
    """How a component is built from source with the Go module in ``directory``."""

    directory: str
    module: str
    ldflags: str
    replace: dict[str, str]
    go: str
    go_sum_sha256: str


@dataclass(frozen=True)
class Component:
    """Packer (``plugin`` is empty), one of its plugins (its address, as in ``required_plugins``), or goss (its address)."""

    plugin: str
    title: str
    version: str
    system: str
    release: str
    source: Source

    @property
    def label(self) -> str:
        return f"{self.title} {self.version}"

    @property
    def key(self) -> str:
        """The short name under which versions are reported: ``packer``, ``amazon``, ``ansible``."""
        return self.plugin.rpartition("/")[2] or "packer"


@dataclass(frozen=True)
class Release:
    """Where HashiCorp publishes releases, and whose signature they carry."""

    base_url: str
    archive: str
    checksums: str
    signature: str
    key_file: str
    key_fingerprint: str


@dataclass(frozen=True)
class Lock:
    """The whole lock file; ``digest`` names the directory of an install."""

    digest: str
    packer: Component
    plugins: tuple[Component, ...]
    go_minimum: str
    go_download: str
    release: Release

    @property
    def label(self) -> str:
        return self.packer.label

    @property
    def components(self) -> tuple[Component, ...]:
        return (self.packer, *self.plugins)

    @property
    def versions(self) -> dict[str, str]:
        return {component.key: component.version for component in self.components}


_Pins = t.TypeVar("_Pins")


def load(path: Path) -> Lock:
    """Read the lock file."""
    return load_file(path, _lock)


def load_file(path: Path, read: t.Callable[[str, dict[str, t.Any]], _Pins]) -> _Pins:
    """Read a lock file: ``read`` is given its digest and its data.

    The digest is over the file's text without surrounding white space, so that the role computes the same one with
    ``lookup('ansible.builtin.file', …) | hash('sha256')``.
    """
    try:
        text = path.read_text(encoding="utf-8")
        return read(hashlib.sha256(text.strip().encode()).hexdigest()[:DIGEST_LENGTH], json.loads(text))
    except OSError as error:
        raise ToolchainError(f"The lock file {path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ToolchainError(f"The lock file {path} is damaged ({error!r}). Restore it from the collection.") from error


def _lock(digest: str, data: dict[str, t.Any]) -> Lock:
    return Lock(
        digest=digest,
        packer=component("", data["packer"]),
        plugins=tuple(component(address, entry) for address, entry in data["plugins"].items()),
        go_minimum=data["go"]["minimum"],
        go_download=data["go"]["download"],
        release=Release(**data["release"]),
    )


def component(plugin: str, entry: dict[str, t.Any]) -> Component:
    values = {key: entry[key] for key in ("title", "version", "system", "release")}
    return Component(plugin=plugin, source=Source(**entry["source"]), **values)
