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

from .errors import PackerError

_COMMENT = re.compile(r'("(?:\\.|[^"\\\n])*")|#[^\n]*|//[^\n]*|/\*.*?\*/', re.DOTALL)
_VARIABLE = re.compile(r'^\s*variable\s+"?([\w-]+)"?\s*\{', re.MULTILINE)
_VARIABLES = re.compile(r"^\s*variables\s*\{(.*?)^\s*\}", re.MULTILINE | re.DOTALL)
_ATTRIBUTE = re.compile(r"^\s*([\w-]+)\s*=", re.MULTILINE)
_PLUGIN = re.compile(r'\bsource\s*=\s*"(github\.com/[\w.-]+/[\w.-]+)"')


@dataclasses.dataclass(frozen=True)
class Template:
    """What the collection has to know about a template before Packer runs."""

    path: pathlib.Path
    hcl: bool
    files: tuple[pathlib.Path, ...]
    declared: frozenset[str]
    plugins: tuple[str, ...] = ()
    legacy: dict[str, t.Any] | None = None


def hcl_declarations(text: str) -> tuple[set[str], set[str]]:
    """Names of the variables and sources of the plugins that HCL text declares."""
    text = _COMMENT.sub(lambda match: match[1] or "", text)
    names = set(_VARIABLE.findall(text))
    for block in _VARIABLES.findall(text):
        names.update(_ATTRIBUTE.findall(block))
    return names, set(_PLUGIN.findall(text))


def _json_declarations(text: str, path: pathlib.Path) -> tuple[set[str], set[str]]:
    content = _load_json(text, path)
    names = set(content.get("variable", {})) | set(content.get("variables", {}))
    return names, set(re.findall(r'"source"\s*:\s*"(github\.com/[\w.-]+/[\w.-]+)"', text))


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
        return Template(template, False, files, frozenset(content.get("variables") or {}), legacy=content)
    names: set[str] = set()
    plugins: set[str] = set()
    for file in files:
        text = file.read_text(encoding="utf-8")
        more = _json_declarations(text, file) if file.name.endswith(".json") else hcl_declarations(text)
        names |= more[0]
        plugins |= more[1]
    return Template(template, True, files, frozenset(names), tuple(sorted(plugins)))


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
