# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A definition made ready for a build: found, checked, filled with defaults, its paths absolute.

Note that this is **PRIVATE** to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.golden.ami.plugins.module_utils._packer.errors import PackerError
from ansible_collections.golden.ami.plugins.plugin_utils._definition import (
    _builder_tests,
    _content,
    _deploy,
    _files,
    _find,
    _hooks,
    _life,
    _lone,
    _requirements,
    _schema,
    _source,
    _tests,
)
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import DefinitionError, Problem

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SYSPREP = ("golden.ami.sysprep", "sysprep")
# The role that sysprep runs as a hook: the definition's hooks are followed by themselves.
_SYSPREP_HOOK = "{{ __sysprep_hook }}"


class Definition(t.TypedDict, total=False):
    """A definition as the role C(image) uses it. Paths are absolute, durations in seconds."""

    name: str
    file: str
    directory: str
    description: str
    base: dict[str, t.Any] | None
    parent: str | None
    provision: dict[str, t.Any]
    hooks: dict[str, list[dict[str, str]]]
    hook_names: dict[str, list[str]]
    requirements: str | None
    template: str | None
    variables: dict[str, t.Any]
    var_files: list[str]
    only: list[str]
    builder: dict[str, t.Any]
    placements: list[dict[str, str]]
    max_age: int | None
    timeout: int
    tags: dict[str, str]
    distribution: dict[str, t.Any]
    channels: dict[str, dict[str, t.Any]]
    retention: dict[str, t.Any]
    tests: dict[str, t.Any]
    content: dict[str, list[str]]
    roles_path: list[str]
    notes: list[str]
    requested: bool
    children: list[dict[str, t.Any]]


@dataclass
class Loaded:
    """A definition with the text that it came from, so that what is wrong with it later has a line as well."""

    definition: Definition
    source: _source.Source


@dataclass(frozen=True)
class Around:
    """What a definition is loaded with: where images are, what one looks like, how roles are found, hooks of all images."""

    directories: list[Path]
    schema: _schema.Schema
    find_role: _content.FindRole
    all_hooks: _source.Source | None = None


def read_schema(file: Path) -> _schema.Schema:
    schema: _schema.Schema = json.loads(file.read_text(encoding="utf-8"))
    return schema


def load_definition(name: str, around: Around) -> Loaded:
    """Find, check and complete the definition of one image. Raises DefinitionError with every mistake in it."""
    path = _find.find_definition(name, around.directories)
    return _load(name, path, path.parent, _source.read_file(path, shown(path)), around)


def load_template(template: Path, around: Around) -> Loaded:
    """An image that is a template and nothing else. Raises DefinitionError."""
    source = _lone.as_source(template, shown(template))
    return _load(_lone.image_name(template), template, _lone.directory_of(template), source, around)


def _load(name: str, path: Path, directory: Path, source: _source.Source, around: Around) -> Loaded:
    problems = _schema.find_problems(source, around.schema)
    if problems:
        raise DefinitionError(problems)
    definition = t.cast(Definition, _schema.with_defaults(source.data, around.schema))
    extra = t.cast(list[str], definition["content"])
    definition |= {"name": name, "file": str(path), "directory": str(directory), "notes": [], "content": {}}
    _complete(definition, source)
    _complete_deploy(definition, source, around.schema)
    requirements = _complete_requirements(definition, source)
    find = _FindRoles(around.find_role, requirements)
    hooks = _find_hooks(definition, source, around, _hooks.Finder(find, requirements.provides))
    if "provision" in definition:
        _complete_provision(definition, source, find)
        _refuse_without_sysprep(definition, source, hooks)
    _builder_tests.refuse(
        definition["tests"], source, definition["template"], sysprep=not _parts(definition).isdisjoint(_SYSPREP)
    )
    _complete_content(definition, source, hooks, extra)
    return Loaded(definition, source)


def _complete(definition: Definition, source: _source.Source) -> None:
    directory = Path(definition["directory"])
    definition.setdefault("base", None)
    definition["parent"] = (definition["base"] or {}).get("image")
    definition["max_age"] = _in_seconds(definition.get("max_age"))
    definition["timeout"] = t.cast(int, _in_seconds(definition["timeout"]))
    _life.complete(definition["channels"], definition["retention"], source)
    definition["template"] = _absolute(definition.get("template"), directory, source, ("template",))
    definition["var_files"] = [
        t.cast(str, _absolute(file, directory, source, ("var_files", index)))
        for index, file in enumerate(definition["var_files"])
    ]
    _complete_tests(definition, source)
    definition["placements"] = [] if definition["template"] else _placements(definition["builder"])


def _complete_deploy(definition: Definition, source: _source.Source, schema: _schema.Schema) -> None:
    directory = Path(definition["directory"])

    def absolute(path: str, key: _source.Path) -> str:
        return t.cast(str, _absolute(path, directory, source, key))

    _deploy.complete(definition["channels"], definition["builder"], source, schema, absolute)
    for channel in definition["channels"].values():
        for name in ("bake_time", "timeout") if "deploy" in channel else ():
            channel["deploy"][name] = _in_seconds(channel["deploy"][name])


def _complete_tests(definition: Definition, source: _source.Source) -> None:
    directory = Path(definition["directory"])
    tests = definition["tests"]
    tests["timeout"] = _in_seconds(tests["timeout"])
    builder = definition["builder"]
    tests.setdefault("instance_types", builder["instance_types"][:1])
    tests.setdefault("ssh_username", builder["ssh_username"])
    _tests.complete(tests, source, has_playbook=not definition["template"])
    for index, suite in enumerate(tests["suites"]):
        suite["path"] = _absolute(suite["path"], directory, source, ("tests", "suites", index, "path"))
    tests["user_data"] = [
        _absolute(file, directory, source, ("tests", "user_data", index))
        for index, file in enumerate(tests["user_data"])
    ]


class _FindRoles:
    """Finds roles, but for those that the image's requirements bring: these count by the version that is asked for."""

    def __init__(self, find_role: _content.FindRole, requirements: _requirements.Brought) -> None:
        self._find_role = find_role
        self.provided = requirements.provides

    def __call__(self, name: str) -> Path | None:
        return None if self.provided(name) else self._find_role(name)


def _complete_requirements(definition: Definition, source: _source.Source) -> _requirements.Brought:
    directory = Path(definition["directory"])
    beside = "requirements.yml" if (directory / "requirements.yml").is_file() else None
    file = _absolute(definition.get("requirements", beside), directory, source, ("requirements",))
    definition["requirements"] = file
    if file is None:
        return _requirements.Brought()
    try:
        brought = _requirements.bring(file)
    except PackerError as error:
        line = source.line_of(("requirements",))
        raise DefinitionError([Problem(source.file, line, "requirements", str(error))]) from error
    definition["notes"].extend(
        f"{shown(Path(file))}: {name} has no pinned version, so a new release of it is no reason to build. Say version: X.Y.Z"
        for name in brought.loose()
    )
    return brought


def _find_hooks(
    definition: Definition, source: _source.Source, around: Around, finder: _hooks.Finder
) -> list[_hooks.Hook]:
    of_all = finder.find(around.all_hooks, (), Path.cwd()) if around.all_hooks else []
    if of_all and definition["template"]:
        message = (
            f"{definition['name']} has a template of its own, where they cannot run. Build it without them:"
            " -e '{\"golden_hooks\": {}}', and call them in its playbook"
        )
        raise DefinitionError([Problem("golden_hooks", 0, "", message)])
    hooks = _hooks.merge(of_all, finder.find(source, ("hooks",), Path(definition["directory"])))
    definition["hooks"] = {
        moment: [{"name": hook.name, "run": hook.run} for hook in hooks if hook.moment == moment]
        for moment in _hooks.MOMENTS
    }
    names = {moment: [one["name"] for one in run] for moment, run in definition["hooks"].items()}
    definition["hook_names"] = {moment: named for moment, named in names.items() if named}
    return hooks


def _complete_provision(definition: Definition, source: _source.Source, find_role: _FindRoles) -> None:
    directory = Path(definition["directory"])
    provision = definition["provision"]
    if "playbook" in provision:
        playbook = t.cast(str, _absolute(provision["playbook"], directory, source, ("provision", "playbook")))
        provision["playbook"] = playbook
        roles = _content.roles_of_playbook(Path(playbook), find_role)
        beside = map(Path, _files.files_beside(Path(playbook).parent, _suites(definition)))
        away = (path for path in roles.files if not path.is_relative_to(Path(playbook).parent))
        definition["content"]["playbook"] = sorted(str(path) for path in (*beside, *away))
    else:
        provision["roles"] = [*provision["roles"], "golden.ami.sysprep"]
        roles = _content.roles_of_names(provision["roles"], find_role)
    key = "playbook" if "playbook" in provision else "roles"
    missing = [role for role in roles.missing if not find_role.provided(role)]
    if missing:
        line = source.line_of(("provision", key))
        message = f"there is no role {', '.join(missing)}: {_content.WHERE_ROLES_ARE}"
        raise DefinitionError([Problem(source.file, line, f"provision.{key}", message)])
    for name, path in sorted(roles.paths.items()):
        definition["content"][f"role {name}"] = [str(path)]
    definition["notes"].extend(_untold(roles))


def _untold(roles: _content.Roles) -> list[str]:
    return [
        f"{name} is known at run time only: a change in that role or file is no reason to build, unless content names it"
        for name in roles.templated
        if name != _SYSPREP_HOOK
    ]


def _refuse_without_sysprep(definition: Definition, source: _source.Source, hooks: list[_hooks.Hook]) -> None:
    """Hooks that sysprep runs would not run, and nobody would notice."""
    late = [hook for hook in hooks if hook.moment != "before"]
    if late and _parts(definition).isdisjoint(_SYSPREP):
        line = source.line_of(("provision", "playbook"))
        message = (
            f"hooks.{late[0].moment} ({late[0].name}) runs in the role golden.ami.sysprep, which this playbook does not name."
            " Make it the last role"
        )
        raise DefinitionError([Problem(source.file, line, "provision.playbook", message)])


def _parts(definition: Definition) -> set[str]:
    """The roles of a definition that has been provided with them."""
    return {part.removeprefix("role ") for part in definition["content"]}


def _suites(definition: Definition) -> list[Path]:
    """Where tests are: on instances they don't count, and on the builder they are parts of their own."""
    return [Path(suite["path"]) for suite in definition["tests"]["suites"]]


def _complete_content(
    definition: Definition, source: _source.Source, hooks: list[_hooks.Hook], extra: list[str]
) -> None:
    directory = Path(definition["directory"])
    content = definition["content"]
    for index, name in enumerate(extra):
        path = t.cast(str, _absolute(name, directory, source, ("content", index)))
        content.setdefault("content", []).append(path)
    if definition["template"]:
        files = _files_of_template(directory, Path(definition["template"]), definition)
        content.update({"files": files} if files else {})
    content.update(_hooks.content(hooks, directory))
    content.update(_builder_tests.content(definition["tests"]))
    definition["notes"].extend(note for hook in hooks for note in _untold(hook.roles))


def _files_of_template(directory: Path, template: Path, definition: Definition) -> list[str]:
    """What lies beside the definition, each file once: not what is in the template, a variable file, and so on."""
    elsewhere = [path for paths in definition["content"].values() for path in paths]
    requirements = [definition["requirements"]] if definition["requirements"] else []
    apart = [template, *map(Path, [*elsewhere, *definition["var_files"], *requirements]), *_suites(definition)]
    if Path(definition["file"]) == template:
        apart.extend(_lone.not_content(directory))
    return _files.files_beside(directory, apart)


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


def shown(path: Path) -> str:
    """The path as a person would write it: relative to where they stand, where it is below."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
