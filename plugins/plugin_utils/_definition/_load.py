# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A definition made ready for a build: found, checked, filled with defaults, its paths absolute.

Note that this is **PRIVATE** to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from ansible_collections.golden.ami.plugins.plugin_utils._definition import _content, _find, _schema, _source
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import DefinitionError, Problem

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
# Beside a playbook, but no part of what it makes.
_NOT_CONTENT = {"image.yml", "tests", "README.md"}


class Definition(t.TypedDict, total=False):
    """A definition as the role C(image) uses it. Paths are absolute, durations in seconds."""

    name: str
    file: str
    directory: str
    description: str
    base: dict[str, t.Any] | None
    provision: dict[str, t.Any]
    template: str | None
    variables: dict[str, t.Any]
    var_files: list[str]
    builder: dict[str, t.Any]
    placements: list[dict[str, str]]
    max_age: int | None
    timeout: int
    tags: dict[str, str]
    content: dict[str, list[str]]
    notes: list[str]


def load_definition(name: str, directories: list[Path], schema_file: Path, find_role: _content.FindRole) -> Definition:
    """Find, check and complete the definition of one image. Raises DefinitionError with every mistake in it."""
    path = _find.find_definition(name, directories)
    schema = json.loads(schema_file.read_text(encoding="utf-8"))
    source = _source.read_source(path.read_text(encoding="utf-8"), _shown(path))
    problems = _schema.find_problems(source, schema)
    if problems:
        raise DefinitionError(problems)
    definition = t.cast(Definition, _schema.with_defaults(source.data, schema))
    definition |= {"name": name, "file": str(path), "directory": str(path.parent), "notes": [], "content": {}}
    definition.setdefault("base", None)
    definition["max_age"] = _in_seconds(definition.get("max_age"))
    definition["timeout"] = t.cast(int, _in_seconds(definition["timeout"]))
    definition["template"] = _absolute(definition.get("template"), path.parent, source, ("template",))
    definition["var_files"] = [
        t.cast(str, _absolute(file, path.parent, source, ("var_files", index)))
        for index, file in enumerate(definition["var_files"])
    ]
    definition["placements"] = [] if definition["template"] else _placements(definition["builder"])
    if "provision" in definition:
        _complete_provision(definition, source, find_role)
    return definition


def _complete_provision(definition: Definition, source: _source.Source, find_role: _content.FindRole) -> None:
    directory = Path(definition["directory"])
    provision = definition["provision"]
    if "playbook" in provision:
        playbook = t.cast(str, _absolute(provision["playbook"], directory, source, ("provision", "playbook")))
        provision["playbook"] = playbook
        roles = _content.roles_of_playbook(Path(playbook), find_role)
        beside = (path for path in Path(playbook).parent.iterdir() if path.name not in _NOT_CONTENT)
        away = (path for path in roles.files if not path.is_relative_to(Path(playbook).parent))
        definition["content"]["playbook"] = sorted(str(path) for path in (*beside, *away))
    else:
        provision["roles"] = [*provision["roles"], "golden.ami.sysprep"]
        roles = _content.roles_of_names(provision["roles"], find_role)
    key = "playbook" if "playbook" in provision else "roles"
    if roles.missing:
        line = source.line_of(("provision", key))
        message = (
            f"there is no role {', '.join(roles.missing)}: not in roles/ beside the definition, in ./roles, "
            "in Ansible's roles path or in an installed collection"
        )
        raise DefinitionError([Problem(source.file, line, f"provision.{key}", message)])
    for name, path in sorted(roles.paths.items()):
        definition["content"][f"role {name}"] = [str(path)]
    for index, extra in enumerate(provision["content"]):
        definition["content"].setdefault("content", []).append(
            t.cast(str, _absolute(extra, directory, source, ("provision", "content", index)))
        )
    definition["notes"] = [
        f"{name} is known at run time only: a change in that role or file is no reason to build, "
        "unless provision.content names it"
        for name in roles.templated
    ]


def _placements(builder: dict[str, t.Any]) -> list[dict[str, str]]:
    """Where the builder may run, best first: the preferred instance type in each subnet, then the next type."""
    subnets = builder["subnet_ids"] or [""]
    return [
        {"instance_type": instance_type, "subnet_id": subnet}
        for instance_type in builder["instance_types"]
        for subnet in subnets
    ]


def _absolute(path: str | None, directory: Path, source: _source.Source, key: _source.Path) -> str | None:
    if path is None:
        return None
    absolute = (directory / path).resolve()
    if not absolute.exists():
        message = f"{path} does not exist (looked for {absolute})"
        raise DefinitionError([Problem(source.file, source.line_of(key), _source.dotted(key), message)])
    return str(absolute)


def _in_seconds(duration: str | int | None) -> int | None:
    """Seconds of C(7d), C(12h), C("90") or C(90)."""
    if duration is None or isinstance(duration, int):
        return duration
    unit = duration[-1]
    return int(duration[:-1]) * _SECONDS[unit] if unit in _SECONDS else int(duration)


def _shown(path: Path) -> str:
    """The path as a person would write it: relative to where they stand, where it is below."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
