# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses
import pathlib
import re
import typing as t

from .errors import PackerError

_COLLECTION = re.compile(r"[a-z_]\w*\.[a-z_]\w*")
_PACKED = re.compile(r"\.(tar(\.\w+)?|tgz|tbz2?|txz|zip)$")
# User and password, or a token, of a URL, also of one that was taken for a path. The user git is no secret.
_USER_INFO = re.compile(r"(?<=:/)(/?)(?!git@)[^/\s'\"]+@")
_ARCHIVE = re.compile(r"(?P<namespace>[a-z_]\w*)-(?P<name>[a-z_]\w*)-\d[^/]*\.tar\.gz")


def shown(text: str) -> str:
    """A text as anybody may see it: URLs without the credentials that are in them."""
    return _USER_INFO.sub(r"\1********@", text)


@dataclasses.dataclass(frozen=True)
class Entry:
    """One role or collection that a requirements file asks for.

    C(name) is what a playbook calls it; None for a collection whose source must be read to know.
    """

    kind: t.Literal["role", "collection"]
    name: str | None
    source: str
    version: str = ""

    @property
    def text(self) -> str:
        """The entry as a message shows it."""
        about = [one for one in (self.version, self.source if self.name and self.source != self.name else "") if one]
        return shown(f"{self.kind} {self.called}" + (f" ({', '.join(about)})" if about else ""))

    @property
    def called(self) -> str:
        """The name, or the source where there is none, as a message shows it."""
        return shown(self.name or self.source)


@dataclasses.dataclass(frozen=True)
class Requirements:
    """What a Galaxy requirements file asks for. C(files) are itself, what it includes, and archives and directories on this machine."""

    path: pathlib.Path
    entries: tuple[Entry, ...]
    files: tuple[pathlib.Path, ...]

    def of(self, kind: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.kind == kind]


def read_requirements(path: str) -> Requirements:
    """Read a requirements file as ansible-galaxy does: a list of roles, or the keys roles and collections."""
    file = pathlib.Path(path)
    content = _load(file)
    files = [file]
    if isinstance(content, list):
        entries = _roles(file, content, files)
    elif isinstance(content, dict) and not content.keys() - {"roles", "collections"}:
        entries = _roles(file, content.get("roles") or [], files)
        entries += _collections(file, content.get("collections") or [], files)
    else:
        raise PackerError(f"{file}: expected a list of roles, or the keys roles and collections only.")
    return Requirements(file, tuple(entries), tuple(dict.fromkeys(files)))


def _load(file: pathlib.Path) -> t.Any:
    import yaml  # noqa: PLC0415 - comes with ansible-core; not needed by who has no requirements

    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise PackerError(f"The requirements {shown(str(file))} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise PackerError(f"{file} is not valid YAML: {shown(' '.join(str(error).split()))}") from error


def _listed(file: pathlib.Path, kind: str, content: t.Any) -> list[dict[str, t.Any]]:
    """The entries of a list as dictionaries with their text values, or a refusal that says which is wrong."""
    if not isinstance(content, list):
        raise PackerError(f"{file}: {kind}s must be a list, got {type(content).__name__}.")
    for number, entry in enumerate(content, start=1):
        if not isinstance(entry, str | dict) or not entry:
            raise PackerError(
                f"{file}: {kind} {number} must be a name, or a dictionary such as {{name: …, version: …}}."
            )
    return [{"name": entry} if isinstance(entry, str) else entry for entry in content]


def _roles(file: pathlib.Path, content: t.Any, files: list[pathlib.Path]) -> list[Entry]:
    entries: list[Entry] = []
    for number, given in enumerate(_listed(file, "role", content), start=1):
        if "include" in given:
            entries += _included(file, str(given["include"]), files)
            continue
        source, version, name = _role_parts(given)
        local = _local(file, source, files)
        name = name or _name_in(source)
        if not name or (local and "/" in name):
            raise PackerError(
                f"{file}: role {number} ({shown(source or str(given))}) has no name."
                f" Add one: {{src: {shown(source) or '…'}, name: …}}."
            )
        entries.append(Entry("role", name, source, version))
    return entries


def _role_parts(given: dict[str, t.Any]) -> tuple[str, str, str]:
    """Source, version and name; all of them may stand in one text, with commas in between."""
    source, *more = str(given.get("src") or given.get("role") or given.get("name") or "").split(",")
    version, name = [*more, "", ""][:2]
    if "src" in given:
        name = given.get("name") or name
    return source.strip(), str(given.get("version") or version).strip(), str(name).strip()


def _name_in(source: str) -> str:
    """The name that ansible-galaxy takes from a URL; other sources are names."""
    if "://" not in source and "@" not in source:
        return source
    last = source.rpartition("/")[2]
    return last.removesuffix(".git").removesuffix(".tar.gz")


def _included(file: pathlib.Path, name: str, files: list[pathlib.Path]) -> list[Entry]:
    included = (file.parent / name).resolve()
    if included in files:
        raise PackerError(f"{file}: {name} is included twice, or includes itself.")
    files.append(included)
    return _roles(included, _load(included), files)


def _collections(file: pathlib.Path, content: t.Any, files: list[pathlib.Path]) -> list[Entry]:
    entries: list[Entry] = []
    for number, given in enumerate(_listed(file, "collection", content), start=1):
        name, version = str(given.get("name") or ""), str(given.get("version") or "")
        named = bool(_COLLECTION.fullmatch(name.partition(":")[0]))
        # As ansible-galaxy reads it: with a type other than galaxy the name is the source, unless there is one.
        source = str(given.get("source") or "") if not named or given.get("type", "galaxy") != "galaxy" else ""
        source = source or name
        if not source:
            raise PackerError(f"{file}: collection {number} has no name.")
        name, _colon, short = name.partition(":") if named else ("", "", "")
        _local(file, source, files)
        archive = _ARCHIVE.fullmatch(source.rpartition("/")[2])
        if not name and archive:
            name = f"{archive['namespace']}.{archive['name']}"
        entries.append(Entry("collection", name or None, source, version or short))
    return entries


def _local(file: pathlib.Path, source: str, files: list[pathlib.Path]) -> bool:
    """Whether a source is on this machine beside the file; then it counts as content.

    Without a slash ansible-galaxy takes a name for a file only when it is one; a directory of that name is none.
    """
    if "://" in source or not source:
        return False
    path = (file.parent / source).resolve()
    here = path.exists() if "/" in source else bool(_PACKED.search(source)) and path.is_file()
    if here:
        files.append(path)
    return here
