# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import pathlib
import re
import typing as t

from .errors import PackerError

# An AWS tag value holds 256 characters.
TAG_LENGTH = 256
_IGNORED_NAMES = frozenset({".git", "__pycache__", ".DS_Store", ".mypy_cache", ".ruff_cache", ".pytest_cache"})
_IGNORED_FILES = re.compile(r"(\.py[co]|~|\.sw[a-p]|\.orig|\.rej)$|^\.#|^#.*#$")


@dataclasses.dataclass(frozen=True)
class Part:
    """One part of what goes into an image: a digest of all of it, and one of each thing in it."""

    digest: str
    items: dict[str, str]


Parts = dict[str, Part]


def digest(value: t.Any) -> str:
    """A digest of a value that does not depend on the order of keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def part_of(items: dict[str, str]) -> Part:
    return Part(digest(items), items)


def part_of_values(values: dict[str, t.Any], secret_names: t.Iterable[str] = ()) -> Part:
    """Variables with their types; secrets by name only, for a hash of a weak one can be guessed."""
    items = {name: digest(value)[:16] for name, value in values.items()}
    items.update({name: "secret" for name in secret_names})
    return part_of(items)


def _ignored(name: str) -> bool:
    return name in _IGNORED_NAMES or bool(_IGNORED_FILES.search(name))


def _file_digest(path: pathlib.Path) -> str:
    if path.is_symlink() and not path.is_file():
        return f"link {os.readlink(path)}"
    mode = "x" if os.access(path, os.X_OK) else "-"
    with path.open("rb") as handle:
        return f"{mode} {hashlib.file_digest(handle, 'sha256').hexdigest()[:32]}"


def walk(directory: pathlib.Path, above: frozenset[str] = frozenset()) -> t.Iterator[pathlib.Path]:
    """All files; links to directories are followed, except for those that lead to where we are, or above it."""
    here = os.path.realpath(directory)
    above = above | {here, *map(str, pathlib.Path(here).parents)}
    for entry in sorted(os.scandir(directory), key=lambda entry: entry.name):
        if _ignored(entry.name):
            continue
        path = directory / entry.name
        if entry.is_dir() and not (entry.is_symlink() and os.path.realpath(path) in above):
            yield from walk(path, above)
        else:
            yield path


def part_of_files(paths: t.Iterable[str | pathlib.Path], results: t.Container[str] = ()) -> Part:
    """Files and whole directories: where they are in there, whether they can be run, what they say.

    Where the directory itself is, its dates and owners do not matter, so two checkouts agree. Files that are results
    of a build, given by absolute path, do not count. Of several directories each is named before what is in it.
    """
    found = [(root, _counted(root, results)) for root in map(pathlib.Path, paths)]
    # One that has nothing but results in it was not there before the first build: the others keep their names.
    counted = [(root, files) for root, files in found if files]
    items: dict[str, str] = {}
    for root, files in counted:
        above = root.parent if len(counted) > 1 or not root.is_dir() else root
        for file in files:
            items[_unique(items, f"{file.relative_to(above)}")] = _file_digest(file)
    return part_of(items)


def _counted(root: pathlib.Path, results: t.Container[str]) -> list[pathlib.Path]:
    """The files of a file or a directory that are no results, nor the tests of a role, which make nothing."""
    if not root.exists() and not root.is_symlink():
        raise PackerError(f"{root} goes into the image, but does not exist.")
    tests = root / "tests" if (root / "tasks").is_dir() else None
    found = walk(root) if root.is_dir() else iter([root])
    return [file for file in found if str(file) not in results and not (tests and file.is_relative_to(tests))]


def _unique(items: dict[str, str], name: str) -> str:
    number = 2
    unique = name
    while unique in items:
        unique, number = f"{name} ({number})", number + 1
    return unique


def fingerprint(parts: Parts) -> str:
    """The one hash of everything that goes into an image."""
    return digest({name: part.digest for name, part in parts.items()})


def _tag_name(name: str) -> str:
    return re.sub(r"[^\w.:/@+-]", "_", name.replace(" ", ":"))


def parts_tag(parts: Parts) -> str:
    """Short digests of the parts, as much of each as fits into one tag value.

    When even four digits of each do not fit, the last parts share one entry named ``rest``.
    """
    entries = [(_tag_name(name), part.digest) for name, part in parts.items()]
    for length in (8, 6, 4):
        text = " ".join(f"{name}={value[:length]}" for name, value in entries)
        if len(text) <= TAG_LENGTH:
            return text
    kept = len(entries)
    text = ""
    while kept > 0:
        kept -= 1
        head = " ".join(f"{name}={value[:4]}" for name, value in entries[:kept])
        text = f"{head} rest={digest(entries[kept:])[:8]}".strip()
        if len(text) <= TAG_LENGTH:
            break
    return text


def read_parts_tag(text: str) -> dict[str, str]:
    return dict(entry.split("=", 1) for entry in text.split() if "=" in entry)


def changed_parts(tag: str, parts: Parts) -> list[str]:
    """Names of the parts that differ from those that a tag remembers, as well as those that came or went."""
    before = read_parts_tag(tag)
    names = {_tag_name(name): name for name in parts}
    kept = [name for name in names if name in before]
    changed = [names[name] for name in kept if not parts[names[name]].digest.startswith(before[name])]
    if "rest" in before:
        rest = [(name, parts[names[name]].digest) for name in names if name not in before]
        return changed + ([] if digest(rest).startswith(before["rest"]) else ["the rest of the content"])
    changed += [names[name] for name in names if name not in before]
    return changed + [name.replace(":", " ") for name in before if name not in names]


def changed_items(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Names of the files (or variables) of a part that differ, came or went."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
