# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Galaxy requirements file brings for a build, and which of it may change without anybody's doing.

Note that this is **PRIVATE** to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import (
    DefinitionError,
    Problem,
    Source,
    dotted,
    read_source,
)

# A version that a newer release can take the place of.
_LOOSE = re.compile(r"[<>!*,]|^(|latest|HEAD|main|master|devel|develop)$")
_SUFFIX = re.compile(r"(\.git|\.tar\.gz|\.tgz)$")
_EXPECTED = "expected roles: and collections:, each a list"


@dataclass(frozen=True)
class Requirements:
    """The roles and collections of a requirements file by name; C(unnamed): there are collections whose name is not told.

    C(loose) are the entries with no pinned version.
    """

    roles: frozenset[str] = frozenset()
    collections: frozenset[str] = frozenset()
    unnamed: bool = False
    loose: tuple[str, ...] = ()

    def provides(self, role: str) -> bool:
        """Whether a role of this name comes with them."""
        if role.count(".") < 2:  # noqa: PLR2004 - namespace.collection.role
            return role in self.roles
        return role in self.roles or role.rsplit(".", 1)[0] in self.collections or self.unnamed


def read_requirements(path: Path, shown: str) -> Requirements:
    """Read a requirements file. Raises DefinitionError where it is none, with its own file and line."""
    source = read_source(path.read_text(encoding="utf-8"), shown)
    data = {"roles": source.data} if isinstance(source.data, list) else source.data
    if data is None:
        return Requirements()
    if not isinstance(data, dict):
        raise DefinitionError([Problem(shown, 1, "", f"this is no requirements file: {_EXPECTED}")])
    roles = [_role(entry) for entry in _entries(source, data, "roles")]
    collections = [_collection(entry) for entry in _entries(source, data, "collections")]
    named = [(name, version) for name, version in (*roles, *collections) if name]
    return Requirements(
        frozenset(name for name, _version in roles),
        frozenset(name for name, _version in collections if re.fullmatch(r"\w+\.\w+", name)),
        any(not re.fullmatch(r"\w+\.\w+", name) for name, _version in collections),
        tuple(name for name, version in named if _LOOSE.search(version)),
    )


def _entries(source: Source, data: dict[str, t.Any], key: str) -> list[t.Any]:
    entries = data.get(key) or []
    if not isinstance(entries, list):
        raise DefinitionError([Problem(source.file, source.line_of((key,)), key, _EXPECTED)])
    for index, entry in enumerate(entries):
        if not isinstance(entry, (str, dict)):
            path = (key, index)
            message = f"expected a name, or a mapping with name and version, found {entry!r}"
            raise DefinitionError([Problem(source.file, source.line_of(path), dotted(path), message)])
    return entries


def _role(entry: str | dict[str, t.Any]) -> tuple[str, str]:
    """Name and version; a role without a name of its own is called after where it comes from."""
    if isinstance(entry, str):
        parts = [part.strip() for part in entry.split(",")]
        name = parts[2] if len(parts) > 2 else _last(parts[0])  # noqa: PLR2004 - source, version, name
        return name, parts[1] if len(parts) > 1 else ""
    name = str(entry.get("name") or _last(str(entry.get("src") or entry.get("role") or entry.get("include") or "")))
    return name, str(entry.get("version") or "")


def _collection(entry: str | dict[str, t.Any]) -> tuple[str, str]:
    if isinstance(entry, str):
        name, _, version = entry.partition("," if "://" in entry or "@" in entry else ":")
        return name.strip(), version.strip()
    return str(entry.get("name") or entry.get("source") or ""), str(entry.get("version") or "")


def _last(url: str) -> str:
    if "://" not in url and "@" not in url and "/" not in url:
        return url
    return _SUFFIX.sub("", url.rstrip("/").rpartition("/")[2])
