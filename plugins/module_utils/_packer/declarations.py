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

from . import hcl

_SOURCE = re.compile(r"github\.com/[\w.-]+/[\w.-]+")


@dataclasses.dataclass
class Declarations:
    """What one or several files declare: variables, which of them are sensitive or have no default, plugins."""

    variables: set[str] = dataclasses.field(default_factory=set)
    sensitive: set[str] = dataclasses.field(default_factory=set)
    # Variables without a default, and the line in the file where each is declared; None where lines are not known.
    required: dict[str, int | None] = dataclasses.field(default_factory=dict)
    # Plugins with what their versions have to fit.
    plugins: dict[str, str] = dataclasses.field(default_factory=dict)

    def add(self, other: Declarations) -> None:
        self.variables |= other.variables
        self.sensitive |= other.sensitive
        self.required.update(other.required)
        for source, constraint in other.plugins.items():
            self.require(source, constraint)

    def require(self, source: str, constraint: str) -> None:
        """A plugin that is asked for twice has to fit both."""
        if not _SOURCE.fullmatch(source):
            return
        both = (self.plugins.get(source, ""), constraint)
        self.plugins[source] = ", ".join(dict.fromkeys(one for one in both if one))


def _add_variable(found: Declarations, block: hcl.Block) -> None:
    name = block.labels[0]
    found.variables.add(name)
    if block.body.expression("sensitive") == "true":
        found.sensitive.add(name)
    if block.body.attribute("default") is None:
        found.required[name] = block.line


def hcl_declarations(body: hcl.Body) -> Declarations:
    """What a file in native syntax declares."""
    found = Declarations()
    for block in body.of_kind("variable"):
        if block.labels:
            _add_variable(found, block)
    for block in body.of_kind("variables"):
        found.variables.update(attribute.name for attribute in block.body.attributes)
    for packer in body.of_kind("packer"):
        for required in packer.body.of_kind("required_plugins"):
            for attribute in required.body.attributes:
                plugin = hcl.members(attribute.expression)
                found.require(hcl.string(plugin.get("source")) or "", hcl.string(plugin.get("version")) or "")
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
    for block in listed(content.get("variable")):
        for name, body in block.items():
            found.variables.add(name)
            if any(one.get("sensitive") is True for one in listed(body)):
                found.sensitive.add(name)
            if not any("default" in one for one in listed(body)):
                found.required[name] = None
    for block in listed(content.get("variables")):
        found.variables |= set(block)
    for required in _objects(content.get("packer", {})):
        if isinstance(required.get("source"), str):
            found.require(required["source"], str(required.get("version", "")))
    return found


def legacy_declarations(content: dict[str, t.Any]) -> Declarations:
    """What a legacy template declares: strings, of which C(null) has to be given."""
    variables = content.get("variables")
    values = variables if isinstance(variables, dict) else {}
    hidden = content.get("sensitive-variables")
    names = set(map(str, hidden)) if isinstance(hidden, list) else set()
    return Declarations(set(values), names, {name: None for name, value in values.items() if value is None})


def listed(value: t.Any) -> list[dict[str, t.Any]]:
    """The objects where HCL's JSON form has one, or a list of them."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
