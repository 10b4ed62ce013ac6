# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What C(PACKER_SCRIPT) means: an image's name, or the path or base name of a template.

Note that this is **PRIVATE** to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import collections.abc as c
import difflib
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.golden.ami.plugins.plugin_utils._definition import _lone
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import (
    DefinitionError,
    Problem,
    read_file,
)

VARIABLE = "PACKER_SCRIPT"
_LISTED = 20


@dataclass(frozen=True)
class Script:
    """What was found: C(image) as the role image takes it (a name, or a template's path), and the file that it stands in.

    C(words) are the names that find it.
    """

    image: str
    file: Path
    words: tuple[str, ...]


def find_script(script: str, root: Path, directories: list[Path]) -> Script:
    """The one thing that is meant, looked for in the root first, then in each directory of images.

    Raises DefinitionError with the candidates where it is none or several.
    """
    if not script:
        raise _problem(
            "", "say which image to build: its name, or a template's path or base name", _all(root, directories)
        )
    named = _by_path(script, root, directories)
    for candidates in [named] if named else [_in_root(root), *(_in_images(one) for one in directories)]:
        found = [one for one in candidates if script in one.words]
        if len(found) > 1:
            raise _problem(script, f"that is {len(found)} things; say the path of the one that you mean", found)
        if found:
            return found[0]
    close = _closest(script, _all(root, directories))
    raise _problem(script, f"there is no image and no template of this name in {_places(root, directories)}", close)


def _by_path(script: str, root: Path, directories: list[Path]) -> list[Script]:
    """What a path names, with or without the ending of a template's name."""
    if "/" not in script and not script.endswith(_lone.SUFFIXES):
        return []
    start = root / script.rstrip("/")
    paths = dict.fromkeys([start, *(start.with_name(start.name + suffix) for suffix in _lone.SUFFIXES)])
    found = [one for path in paths for one in _of_entry(path.resolve(), directories)]
    return list({one.image: Script(one.image, one.file, (script,)) for one in found}.values())


def _in_root(root: Path) -> list[Script]:
    return _unique(one for entry in _entries(root) for one in _of_entry(entry, []))


def _in_images(directory: Path) -> list[Script]:
    """Images by their names, and the templates beside definitions and where there is none."""
    found = []
    for place in _entries(directory):
        if place.is_dir():
            found.extend(_of_entry(place, [directory]))
            # Of a directory that is a template itself, the main file is the directory.
            main = [] if (place / "image.yml").is_file() else _main_file(place)
            entries = [entry for entry in _entries(place) if entry.name not in main]
            found.extend(one for entry in entries for one in _of_entry(entry, [directory]))
    return _unique(found)


def _of_entry(path: Path, directories: list[Path]) -> list[Script]:
    """An image, by the directory of its definition or its template; a template without definition; or nothing."""
    if path.is_dir() and (path / "image.yml").is_file() and path.parent in directories:
        return [Script(path.name, path / "image.yml", (path.name,))]
    if path.is_dir() and not _lone.is_template(path):
        # A directory with legacy JSON in it, which Packer itself takes by the file only.
        return [
            Script(one.image, one.file, (path.name,)) for file in _entries(path) for one in _of_file(file, directories)
        ]
    return _of_file(path, directories)


def _of_file(path: Path, directories: list[Path]) -> list[Script]:
    if not path.exists() or not _lone.is_template(path):
        return []
    words = tuple(dict.fromkeys([path.name, _lone.base_name(path), *_main_file(path)]))
    beside = (path if path.is_dir() else path.parent) / "image.yml"
    if beside.parent.parent in directories and path in _templates(beside):
        return [Script(beside.parent.name, path, words)]
    return [Script(str(path), path, words)]


def _main_file(directory: Path) -> list[str]:
    """What else a directory of HCL is called: like its only file, or the one that is called like itself."""
    files = _hcl(directory)
    main = [file for file in files if len(files) == 1 or _lone.base_name(file) == directory.name]
    return [word for file in main for word in (file.name, _lone.base_name(file))]


def _hcl(directory: Path) -> list[Path]:
    return [entry for entry in _entries(directory) if entry.name.endswith((".pkr.hcl", ".pkr.json"))]


def _templates(definition: Path) -> list[Path]:
    """The template that a definition names, and what is in it where it is a directory. What is wrong with it is told later."""
    if not definition.is_file():
        return []
    try:
        data = read_file(definition, str(definition)).data
    except DefinitionError:
        return []
    named = data.get("template") if isinstance(data, dict) else None
    if not isinstance(named, str):
        return []
    template = (definition.parent / named).resolve()
    return [template, *(_entries(template) if template.is_dir() else [])]


def _entries(directory: Path) -> list[Path]:
    if not directory.is_dir():
        return []
    return [entry.resolve() for entry in sorted(directory.iterdir()) if not entry.name.startswith(".")]


def _unique(found: c.Iterable[Script]) -> list[Script]:
    """An image is one thing, however many of its files have the name that was asked for."""
    together: dict[str, Script] = {}
    for one in found:
        known = together.get(one.image)
        words = (*known.words, *one.words) if known else one.words
        together[one.image] = Script(one.image, known.file if known else one.file, tuple(dict.fromkeys(words)))
    return list(together.values())


def _all(root: Path, directories: list[Path]) -> list[Script]:
    return [*_in_root(root), *(one for directory in directories for one in _in_images(directory))]


def _closest(script: str, candidates: list[Script]) -> list[Script]:
    """All of them, those that are meant most likely first."""
    by_word = {word: one for one in candidates for word in one.words}
    close = [by_word[word] for word in difflib.get_close_matches(script, by_word, n=_LISTED)]
    return list(dict.fromkeys([*close, *candidates]))


def _places(root: Path, directories: list[Path]) -> str:
    return ", ".join([str(root), *(f"{directory}/*/" for directory in directories)])


def _problem(script: str, message: str, candidates: list[Script]) -> DefinitionError:
    listed = [f"{_word(one)} ({one.file})" for one in candidates[:_LISTED]]
    more = f"; and {len(candidates) - _LISTED} more" if len(candidates) > _LISTED else ""
    there = f"Candidates: {'; '.join(listed)}{more}" if listed else "There are no candidates"
    return DefinitionError([Problem(f"{VARIABLE}={script}", 0, "", f"{message}. {there}")])


def _word(one: Script) -> str:
    return one.words[-1] if _lone.is_path(one.image) else one.image
