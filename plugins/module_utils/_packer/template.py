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
import re
import typing as t

from .declarations import Declarations, hcl_declarations, json_declarations
from .errors import PackerError


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


def _load_json(text: str, path: pathlib.Path) -> dict[str, t.Any]:
    try:
        content = json.loads(text)
    except ValueError as error:
        raise PackerError(f"{path} is not valid JSON: {error}") from error
    if not isinstance(content, dict):
        raise PackerError(f"{path}: expected a JSON object, got {type(content).__name__}")
    return content


def _is_hcl_name(name: str) -> bool:
    return name.endswith((".pkr.hcl", ".pkr.json"))


def template_files(path: pathlib.Path) -> tuple[pathlib.Path, ...]:
    """The files that Packer reads for a template: a directory's ``*.pkr.hcl`` and ``*.pkr.json``, or the one file."""
    if not path.is_dir():
        return (path,)
    return tuple(sorted(entry for entry in path.iterdir() if _is_hcl_name(entry.name)))


def load_template(path: str) -> Template:
    """Read a template: an HCL2 directory or file, or a legacy JSON file."""
    template = pathlib.Path(os.path.abspath(path))
    if not template.exists():
        raise PackerError(f"The template {template} does not exist. Give a directory, a .pkr.hcl or a .json file.")
    files = template_files(template)
    if not files:
        raise PackerError(f"The template directory {template} has no file named *.pkr.hcl or *.pkr.json.")
    hcl = template.is_dir() or _is_hcl_name(template.name)
    if not hcl:
        content = _load_json(template.read_text(encoding="utf-8"), template)
        declared = frozenset(content.get("variables") or {})
        sensitive = frozenset(content.get("sensitive-variables") or ())
        return Template(template, False, files, declared, legacy=content, sensitive=sensitive)
    found = Declarations()
    for file in files:
        text = file.read_text(encoding="utf-8")
        is_json = file.name.endswith(".json")
        found.add(json_declarations(_load_json(text, file)) if is_json else hcl_declarations(text))
    plugins = tuple(sorted(found.plugins))
    return Template(
        template,
        True,
        files,
        frozenset(found.variables),
        plugins,
        constraints=found.plugins,
        sensitive=frozenset(found.sensitive),
    )


def with_run_tags(template: Template, tags: dict[str, str]) -> str:
    """The text of a copy of a legacy template whose Amazon builders tag what they make for the run's time.

    A copy elsewhere would change ``{{template_dir}}``, so that is written out.
    """
    content = json.loads(json.dumps(template.legacy))
    for builder in content.get("builders", []):
        if str(builder.get("type", "")).startswith("amazon-"):
            builder["run_tags"] = {**builder.get("run_tags", {}), **tags}
    text = json.dumps(content, indent=2)
    return re.sub(r"\{\{\s*template_dir\s*\}\}", lambda _match: json.dumps(str(template.path.parent))[1:-1], text)
