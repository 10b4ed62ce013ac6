# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of a definition: its data, and the line that each key stands on.

Note that this is **PRIVATE** to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

import yaml

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One mistake in a definition, as it is told: C(images/web/image.yml:12: base.owners: …).

    In what comes from a command line no line is told: it is 0.
    """

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        key = f"{self.key}: " if self.key else ""
        line = f":{self.line}" if self.line else ""
        return f"{self.file}{line}: {key}{self.message}"


class DefinitionError(Exception):
    """A definition that can't be used, with everything that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True)
class Source:
    """A definition as it was written. C(lines) maps the path of a key to its line, counted from 1."""

    file: str
    data: t.Any
    lines: dict[Path, int]

    def line_of(self, path: Path) -> int:
        """The line of the key at this path, or of the nearest key above it that is there."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_source(text: str, file: str) -> Source:
    """Parse YAML. Raises DefinitionError where it is none, or says a key twice (YAML's last one would win silently)."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise DefinitionError([_syntax_problem(error, file)]) from error
    lines: dict[Path, int] = {}
    twice: list[Problem] = []
    if node is not None:
        _collect(node, (), lines, twice, file)
    if twice:
        raise DefinitionError(twice)
    return Source(file, data, lines)


def _syntax_problem(error: yaml.YAMLError, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error)
    return Problem(file, mark.line + 1 if mark else 1, "", f"this is not YAML: {what}")


def _collect(node: yaml.Node, path: Path, lines: dict[Path, int], twice: list[Problem], file: str) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            below = (*path, str(key_node.value))
            line = key_node.start_mark.line + 1
            if below in lines:
                twice.append(Problem(file, line, dotted(below), f"said twice, first in line {lines[below]}"))
            lines[below] = line
            _collect(value_node, below, lines, twice, file)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            lines[(*path, index)] = item.start_mark.line + 1
            _collect(item, (*path, index), lines, twice, file)


def dotted(path: t.Iterable[str | int]) -> str:
    """C(base.owners[0]) for C(("base", "owners", 0))."""
    words = ""
    for part in path:
        words += f"[{part}]" if isinstance(part, int) else f".{part}" if words else part
    return words
