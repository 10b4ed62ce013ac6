# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections.abc as c
import dataclasses
import re

from .diagnostics import Diagnostic

_UNSET = re.compile(r'Unset variable "([^"]+)"')
_INCOMPATIBLE = re.compile(r"The value for (?P<name>[\w-]+) is not compatible")
_QUOTED = re.compile(r"""["'`]([\w. -]+)["'`]""")
_LEGACY_NAMES = (
    re.compile(r"required variable not set: (\S+)"),
    re.compile(r"The (?:builder|provisioner|post-processor) (\S+) is unknown"),
)

Texts = c.Mapping[str, str]


def line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def declared_at(texts: Texts, name: str) -> tuple[str, int] | None:
    """File and line where a variable is declared; the texts are those of a template's files by path."""
    hcl = re.compile(rf'^[ \t]*variable\s+"?{re.escape(name)}"?\s*\{{', re.MULTILINE)
    json = re.compile(rf'"{re.escape(name)}"\s*:')
    for file, text in texts.items():
        found = (json if file.endswith(".json") else hcl).search(text)
        if found:
            return file, line_of(text, found.start())
    return None


def mentioned_at(texts: Texts, words: str) -> str | None:
    """Where the words stand first, as C(file:line)."""
    for file, text in texts.items():
        position = text.find(words)
        if position >= 0:
            return f"{file}:{line_of(text, position)}"
    return None


def locate_unset(diagnostic: Diagnostic, texts: Texts) -> Diagnostic:
    """A variable without a value has a place: that of its declaration."""
    found = _UNSET.match(diagnostic.summary)
    place = declared_at(texts, found[1]) if found and not diagnostic.file else None
    return dataclasses.replace(diagnostic, file=place[0], line=place[1]) if place else diagnostic


def _only_line(text: str, words: c.Iterable[str]) -> int | None:
    """The line that one of the words is in, when it is in one line only."""
    for word in words:
        lines = [number for number, line in enumerate(text.splitlines(), start=1) if word in line]
        if len(lines) == 1:
            return lines[0]
    return None


def locate_legacy(diagnostic: Diagnostic, file: str, text: str) -> Diagnostic:
    """Packer names no place in legacy JSON: it is the template, and the line that has what the error names."""
    if diagnostic.file:
        return diagnostic
    said = f"{diagnostic.summary}\n{diagnostic.detail}"
    names = [name for pattern in _LEGACY_NAMES for name in pattern.findall(said)]
    quoted = _QUOTED.findall(f"{diagnostic.detail}\n{diagnostic.summary}")
    words = [*(f'"{name}"' for name in names), *quoted]
    return dataclasses.replace(diagnostic, file=file, line=_only_line(text, words))


def name_origin(diagnostic: Diagnostic, ours: str, origins: c.Mapping[str, str]) -> Diagnostic:
    """Say by which option a value came, instead of a place in a file that only we know, or of none at all.

    C(ours) is the directory of such files, and C(origins) the option by the variable's name.
    """
    found = _INCOMPATIBLE.search(" ".join(diagnostic.detail.split()))
    if not found or (diagnostic.file and not diagnostic.file.startswith(f"{ours}/")):
        return diagnostic
    name = found["name"]
    origin = f"PKR_VAR_{name} in the environment"
    if diagnostic.file:
        origin = origins.get(name, "golden.ami, which sets it where a template declares it")
    summary = f"{diagnostic.summary} {name} (from {origin})"
    return dataclasses.replace(diagnostic, summary=summary, file=None, line=None)
