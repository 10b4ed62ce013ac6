# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of a definition: its data, and the line that each key stands on.

Note that this is **PRIVATE** to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import pathlib
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


class _Loader(yaml.SafeLoader):
    """Tells where a value stands that looks like a date or a number and is none."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> t.Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, TypeError, AttributeError, LookupError, OverflowError) as error:
            kind = node.tag.rpartition(":")[2]
            problem = f"{node.value!r} is no {kind}; quote it where it is a text"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from error


def read_file(path: pathlib.Path, file: str) -> Source:
    """Read a definition. Raises DefinitionError where it is no text, or no YAML. C(file) is what it is called there."""
    content = path.read_bytes()
    try:
        return read_source(content.decode("utf-8"), file)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"this is not UTF-8: {error.reason} ({content[error.start : error.end].hex(' ')}). Save it as UTF-8"
        raise DefinitionError([Problem(file, line, "", message)]) from error


def read_source(text: str, file: str) -> Source:
    """Parse YAML. Raises DefinitionError where it is none, or says a key twice (YAML's last one would win silently)."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe one
    except yaml.YAMLError as error:
        raise DefinitionError([_syntax_problem(error, file)]) from error
    except RecursionError as error:
        raise DefinitionError([Problem(file, 1, "", "this is nested too deeply to be read")]) from error
    lines: dict[Path, int] = {}
    problems: list[Problem] = []
    if node is not None:
        _Collector(file, lines, problems).collect(node, ())
    if problems:
        raise DefinitionError(problems)
    return Source(file, data, lines)


def _syntax_problem(error: yaml.YAMLError, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error)
    return Problem(file, mark.line + 1 if mark else 1, "", f"this is not YAML: {what}")


@dataclass
class _Collector:
    """Notes the line of each key, and what YAML lets pass though nobody can mean it."""

    file: str
    lines: dict[Path, int]
    problems: list[Problem]

    def collect(self, node: yaml.Node, path: Path, above: tuple[yaml.Node, ...] = ()) -> None:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if any(node is one for one in above):
            message = "a value cannot be part of itself: take the alias out"
            self.problems.append(Problem(self.file, node.start_mark.line + 1, dotted(path), message))
        elif isinstance(node, yaml.MappingNode):
            self._mapping(node, path, (*above, node))
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self.lines[(*path, index)] = item.start_mark.line + 1
                self.collect(item, (*path, index), (*above, node))

    def _mapping(self, node: yaml.MappingNode, path: Path, above: tuple[yaml.Node, ...]) -> None:
        for key_node, value_node in node.value:
            below = (*path, str(key_node.value))
            line = key_node.start_mark.line + 1
            if below in self.lines:
                message = f"said twice, first in line {self.lines[below]}"
                self.problems.append(Problem(self.file, line, dotted(below), message))
            self.lines[below] = line
            self.collect(value_node, below, above)


def dotted(path: t.Iterable[str | int]) -> str:
    """C(base.owners[0]) for C(("base", "owners", 0))."""
    words = ""
    for part in path:
        words += f"[{part}]" if isinstance(part, int) else f".{part}" if words else part
    return words
