# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The language of the tables: a line for each operation.

``GetParameter parameter/{Name}``: the resource's ARN follows from a parameter, several ones from a list.
``ListObjectsV2=ListBucket {Bucket}``: IAM's action has another name than the operation.
``CreateRole role/{RoleName} +TagRole?Tags``: another action on the same resources, when that parameter is given.
``RunInstances ?key-pair/{KeyName}``: a resource that is asked for when the parameter is given.
``PutEvents {EventBusName|bus}``: the value goes through a function of the service first.
An operation without any resource, or none that is given, is asked for with ``*``.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from golden_cloud.api.faults.fault import Call
from golden_cloud.api.policies.asked.ask import ANY, Ask, More, parameter

Way = Callable[[Call, str], str]
"""What becomes of a value on its way into an ARN."""

_HOLE = re.compile(r"\{([A-Za-z.]+)(?:\|([a-z_]+))?\}")
_ADDED = re.compile(r"\+([A-Za-z]+)(?:\?([A-Za-z.]+))?")


@dataclass(frozen=True)
class Line:
    """An operation's line."""

    actions: tuple[str, ...]
    templates: tuple[str, ...]
    added: tuple[tuple[str, str], ...]
    """Action and the parameter with which it is asked; empty for always."""


@dataclass(frozen=True)
class Table:
    """The operations of a service."""

    prefix: str
    """IAM's name of the service."""
    lines: Mapping[str, Line]
    arn: Callable[[Call, str], str]
    """ARN of what a template gives."""
    ways: Mapping[str, Way]
    more: Mapping[str, More]
    """By operation."""

    def asks(self, call: Call) -> list[Ask]:
        line = self.lines.get(call.operation)
        if line is None:
            return [Ask(f"{self.prefix}:{call.operation}")]
        resources = self._resources(line, call)
        actions = [*line.actions, *(name for name, when in line.added if not when or parameter(call, when))]
        found = [Ask(f"{self.prefix}:{action}", resource) for action in actions for resource in resources]
        more = self.more.get(call.operation)
        return found + (more(call) if more is not None else [])

    def _resources(self, line: Line, call: Call) -> list[str]:
        return [arn for template in line.templates for arn in self._expanded(template, call)] or [ANY]

    def _expanded(self, template: str, call: Call) -> list[str]:
        optional = template.startswith("?")
        template = template.removeprefix("?")
        values: list[list[str]] = []
        for name, way in _HOLE.findall(template):
            given = parameter(call, name)
            if not given and optional:
                return []
            if way:
                given = [self.ways[way](call, value) for value in given or [""]]
            values.append(given or [ANY])
        pieces = _HOLE.split(template)[::3]
        return [self._arn(call, pieces, chosen) for chosen in itertools.product(*values)]

    def _arn(self, call: Call, pieces: list[str], chosen: tuple[str, ...]) -> str:
        given = next((value for value in chosen if value.startswith("arn:")), None)
        if given is not None:
            return given
        text = "".join(itertools.chain.from_iterable(itertools.zip_longest(pieces, chosen, fillvalue="")))
        return text if text == ANY else self.arn(call, text)


def regional(service: str) -> Callable[[Call, str], str]:
    """ARNs of the caller's account and Region."""

    def arn(call: Call, text: str) -> str:
        return f"arn:aws:{service}:{call.region}:{call.account}:{text}"

    return arn


def table(
    prefix: str,
    lines: str,
    *,
    arn: Callable[[Call, str], str] | None = None,
    ways: Mapping[str, Way] | None = None,
    more: Mapping[str, More] | None = None,
) -> Table:
    """The table that the lines make; ``* A B`` are operations without resources of their own."""
    found: dict[str, Line] = {}
    for text in filter(None, (line.strip() for line in lines.splitlines())):
        head, *rest = text.split()
        if head == ANY:
            found |= {name: Line((name,), (), ()) for name in rest}
            continue
        operation, equals, actions = head.partition("=")
        added = tuple(match.groups(default="") for match in map(_ADDED.fullmatch, rest) if match)
        templates = tuple(word for word in rest if not word.startswith("+"))
        found[operation] = Line(tuple(actions.split(",")) if equals else (operation,), templates, _pairs(added))
    return Table(prefix, found, arn or regional(prefix), ways or {}, more or {})


def _pairs(added: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((name, when) for name, when in added)
