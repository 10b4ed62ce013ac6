# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import typing as t

from . import hcl
from .declarations import Declarations, hcl_declarations, json_declarations, legacy_declarations
from .errors import PackerError


@dataclasses.dataclass(frozen=True)
class File:
    """A file of a template: its text, and what is in it, by its syntax. C(content) is that of a JSON file."""

    path: pathlib.Path
    text: str
    body: hcl.Body = hcl.Body()
    content: dict[str, t.Any] | None = None


@dataclasses.dataclass(frozen=True)
class Template:
    """What the collection has to know about a template before Packer runs."""

    path: pathlib.Path
    hcl: bool
    files: tuple[pathlib.Path, ...]
    declared: frozenset[str]
    plugins: tuple[str, ...] = ()
    legacy: dict[str, t.Any] | None = None
    # What each plugin's version has to fit, as C(>= 1.2, < 2).
    constraints: dict[str, str] = dataclasses.field(default_factory=dict)
    # Variables whose values nobody must see.
    sensitive: frozenset[str] = frozenset()
    # Variables without a default, and where they are declared: C(file:line), or C(file).
    required: dict[str, str] = dataclasses.field(default_factory=dict)
    # The files with what is in them; of a legacy template none.
    parsed: tuple[File, ...] = ()

    @property
    def directory(self) -> pathlib.Path:
        """Packer's C(path.root), or C(template_dir)."""
        return self.path if self.path.is_dir() else self.path.parent

    @property
    def broken(self) -> bool:
        """Whether some of it could not be understood. Packer tells best what is wrong with it."""
        return any(file.body.broken for file in self.parsed)


def _together(pairs: list[tuple[str, t.Any]]) -> dict[str, t.Any]:
    """An object of HCL's JSON form, where a name may come again: then it has all these values."""
    found: dict[str, t.Any] = {}
    for name, value in pairs:
        if name in found:
            before = found[name] if isinstance(found[name], list) else [found[name]]
            found[name] = [*before, *(value if isinstance(value, list) else [value])]
        else:
            found[name] = value
    return found


def read_text(path: pathlib.Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PackerError(f"{path} is not UTF-8 text: {error}. Write it as UTF-8, as Packer wants it.") from error
    except OSError as error:
        raise PackerError(f"{path} cannot be read: {error.strerror}.") from error


def _load_json(text: str, path: pathlib.Path, *, together: bool = False) -> dict[str, t.Any]:
    try:
        content = json.loads(text, object_pairs_hook=_together if together else None)
    except ValueError as error:
        raise PackerError(f"{path} is not valid JSON: {error}") from error
    if not isinstance(content, dict):
        raise PackerError(f"{path}: expected a JSON object, got {type(content).__name__}")
    return content


def _is_hcl_name(name: str) -> bool:
    return name.endswith((".pkr.hcl", ".pkr.json"))


def is_read_in_a_directory(name: str) -> bool:
    """Whether Packer reads a file of this name by itself, when it is given the directory."""
    return _is_hcl_name(name) or name.endswith((".auto.pkrvars.hcl", ".auto.pkrvars.json"))


def template_files(path: pathlib.Path) -> tuple[pathlib.Path, ...]:
    """The files that Packer reads for a template: a directory's ``*.pkr.hcl`` and ``*.pkr.json``, or the one file."""
    if not path.is_dir():
        return (path,)
    return tuple(sorted(entry for entry in path.iterdir() if _is_hcl_name(entry.name)))


def parse_file(path: pathlib.Path, text: str) -> File:
    if path.name.endswith(".json"):
        return File(path, text, content=_load_json(text, path, together=True))
    return File(path, text, hcl.parse(text))


def load_template(path: str) -> Template:
    """Read a template: an HCL2 directory or file, or a legacy JSON file."""
    template = pathlib.Path(os.path.abspath(path))
    if not template.exists():
        raise PackerError(f"The template {template} does not exist. Give a directory, a .pkr.hcl or a .json file.")
    files = template_files(template)
    if not files:
        raise PackerError(f"The template directory {template} has no file named *.pkr.hcl or *.pkr.json.")
    if not (template.is_dir() or _is_hcl_name(template.name)):
        content = _load_json(read_text(template), template)
        found = legacy_declarations(content)
        return _template(template, found, dict.fromkeys(found.required, str(template)), (), content)
    return _hcl_template(template, files)


def _hcl_template(template: pathlib.Path, files: tuple[pathlib.Path, ...]) -> Template:
    total = Declarations()
    required: dict[str, str] = {}
    parsed = tuple(parse_file(file, read_text(file)) for file in files)
    for file in parsed:
        found = hcl_declarations(file.body) if file.content is None else json_declarations(file.content)
        total.add(found)
        required.update(
            {name: f"{file.path}:{line}" if line else str(file.path) for name, line in found.required.items()}
        )
    return _template(template, total, required, parsed, None)


def _template(
    path: pathlib.Path,
    found: Declarations,
    required: dict[str, str],
    parsed: tuple[File, ...],
    legacy: dict[str, t.Any] | None,
) -> Template:
    return Template(
        path,
        legacy is None,
        tuple(file.path for file in parsed) or (path,),
        frozenset(found.variables),
        tuple(sorted(found.plugins)),
        legacy,
        constraints=found.plugins,
        sensitive=frozenset(found.sensitive),
        required=required,
        parsed=parsed,
    )
