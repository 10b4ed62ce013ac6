# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections.abc as c
import dataclasses
import re
import typing as t

_COMMENT = re.compile(r'("(?:\\.|[^"\\\n])*")|#[^\n]*|//[^\n]*|/\*.*?\*/', re.DOTALL)
_STRING = re.compile(r'"(?:\\.|[^"\\\n])*"')
_VARIABLE = re.compile(r'^\s*variable\s+"?([\w-]+)"?\s*\{', re.MULTILINE)
_VARIABLES = re.compile(r"^\s*variables\s*\{(.*?)^\s*\}", re.MULTILINE | re.DOTALL)
_ATTRIBUTE = re.compile(r"^\s*([\w-]+)\s*=", re.MULTILINE)
_SENSITIVE = re.compile(r"\bsensitive\s*=\s*true\b")
_SOURCE = r"github\.com/[\w.-]+/[\w.-]+"
_OBJECT = re.compile(r"\{[^{}]*\}")
_PLUGIN = re.compile(rf'\bsource"?\s*[=:]\s*"({_SOURCE})"')
_CONSTRAINT = re.compile(r'\bversion"?\s*[=:]\s*"([^"]*)"')


@dataclasses.dataclass
class Declarations:
    """What one or several files declare: variables, which of them are sensitive, plugins with their constraints."""

    variables: set[str] = dataclasses.field(default_factory=set)
    sensitive: set[str] = dataclasses.field(default_factory=set)
    plugins: dict[str, str] = dataclasses.field(default_factory=dict)

    def add(self, other: Declarations) -> None:
        self.variables |= other.variables
        self.sensitive |= other.sensitive
        for source, constraint in other.plugins.items():
            self.require(source, constraint)

    def require(self, source: str, constraint: str) -> None:
        """A plugin that is asked for twice has to fit both."""
        both = (self.plugins.get(source, ""), constraint)
        self.plugins[source] = ", ".join(dict.fromkeys(one for one in both if one))


def _block(text: str, start: int) -> str:
    """From an opening brace, already passed, to the one that closes it."""
    depth = 1
    for found in re.finditer(r"[{}]", text[start:]):
        depth += 1 if found[0] == "{" else -1
        if depth == 0:
            return text[start : start + found.start()]
    return text[start:]


def hcl_declarations(text: str) -> Declarations:
    """What HCL text declares."""
    text = _COMMENT.sub(lambda match: match[1] or "", text)
    found = Declarations(set(_VARIABLE.findall(text)))
    for block in _VARIABLES.findall(text):
        found.variables.update(_ATTRIBUTE.findall(block))
    # Braces and words inside of strings mean nothing; the names of variables are needed, so these stay.
    bare = _STRING.sub(lambda match: match[0] if re.fullmatch(r'"[\w-]+"', match[0]) else '""', text)
    for match in _VARIABLE.finditer(bare):
        if _SENSITIVE.search(_block(bare, match.end())):
            found.sensitive.add(match[1])
    for required in _OBJECT.findall(text):
        source = _PLUGIN.search(required)
        if source:
            constraint = _CONSTRAINT.search(required)
            found.require(source[1], constraint[1] if constraint else "")
    return found


def _objects(value: t.Any) -> c.Iterator[dict[str, t.Any]]:
    """Every object in a JSON value, for HCL's JSON allows a list wherever a block may stand."""
    if isinstance(value, dict):
        yield value
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in items:
        yield from _objects(item)


def json_declarations(content: dict[str, t.Any]) -> Declarations:
    """What a template in HCL's JSON form declares."""
    found = Declarations()
    for block in _listed(content.get("variable")):
        found.variables |= set(block)
        found.sensitive |= {name for name, body in block.items() if any(_is_sensitive(one) for one in _listed(body))}
    for block in _listed(content.get("variables")):
        found.variables |= set(block)
    for required in _objects(content.get("packer", {})):
        source = required.get("source")
        if isinstance(source, str) and re.fullmatch(_SOURCE, source):
            found.require(source, str(required.get("version", "")))
    return found


def _listed(value: t.Any) -> list[dict[str, t.Any]]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def _is_sensitive(body: dict[str, t.Any]) -> bool:
    return body.get("sensitive") is True
