# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hooks: roles or task files that run before and after what a definition provisions with, for one image or for all.

Note that this is **PRIVATE** to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.golden.ami.plugins.plugin_utils._definition import _content, _schema
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import (
    DefinitionError,
    Problem,
    Source,
    dotted,
)
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import Path as Key

MOMENTS = ("before", "after", "after_sysprep")
# Beside a task file, where Ansible looks for what its tasks copy and read.
_BESIDE = ("files", "templates", "vars")
_TASK_FILE = re.compile(r"\.ya?ml$")


@dataclass(frozen=True)
class Hook:
    """One hook: C(name) as it was written, C(run) a role's name or a task file's absolute path."""

    moment: str
    name: str
    run: str
    roles: _content.Roles

    @property
    def part(self) -> str:
        """What its content is called in a fingerprint."""
        return f"hook {self.moment} {self.name}"


def read_all_images_hooks(given: t.Any, schema: _schema.Schema) -> Source:
    """The hooks that a play gives to all images. Raises DefinitionError where they are not of the form of C(hooks)."""
    source = Source("golden_hooks", given or {}, {(): 0})
    problems = _schema.find_problems(source, schema["properties"]["hooks"])
    if problems:
        raise DefinitionError(problems)
    return source


class Finder:
    """Finds what hooks name: C(directory) is where relative task files start."""

    def __init__(self, find_role: _content.FindRole, provided: t.Callable[[str], bool]) -> None:
        self._find_role = find_role
        self._provided = provided

    def find(self, source: Source, key: Key, directory: Path) -> list[Hook]:
        """The hooks below a key of a source, in order. Raises DefinitionError for what is not there."""
        hooks: list[Hook] = []
        problems: list[Problem] = []
        for moment in MOMENTS:
            for index, name in enumerate(_below(source.data, (*key, moment))):
                try:
                    hooks.append(self._hook(moment, name, directory))
                except FileNotFoundError as error:
                    place = (*key, moment, index)
                    problems.append(Problem(source.file, source.line_of(place), dotted(place), str(error)))
        if problems:
            raise DefinitionError(problems)
        return hooks

    def _hook(self, moment: str, name: str, directory: Path) -> Hook:
        if not _TASK_FILE.search(name):
            roles = _content.roles_of_names([name], self._find_role)
            self._refuse_missing(name, roles)
            return Hook(moment, name, name, roles)
        path = (directory / name).resolve()
        if not path.is_file():
            raise FileNotFoundError(f"there is no task file {name} (looked for {path})")
        roles = _content.roles_of_tasks(path, self._find_role)
        self._refuse_missing(name, roles)
        return Hook(moment, path.name if Path(name).is_absolute() else name, str(path), roles)

    def _refuse_missing(self, name: str, roles: _content.Roles) -> None:
        missing = [role for role in roles.missing if not self._provided(role)]
        if missing:
            uses = "" if missing == [name] else f", which {name} uses"
            raise FileNotFoundError(f"there is no role {', '.join(missing)}{uses}: {_content.WHERE_ROLES_ARE}")


def _below(data: t.Any, key: Key) -> list[str]:
    for step in key:
        data = data.get(step) if isinstance(data, dict) else None
    return data or []


def merge(of_all: list[Hook], of_image: list[Hook]) -> list[Hook]:
    """Those of all images come first before what provisions, and last after it."""
    first = [hook for hook in of_all if hook.moment == "before"]
    return [*first, *of_image, *(hook for hook in of_all if hook.moment != "before")]


def content(hooks: list[Hook], directory: Path) -> dict[str, list[str]]:
    """The parts of a fingerprint that hooks are, with the roles that they use. C(directory) is the definition's own."""
    parts: dict[str, list[str]] = {}
    for hook in hooks:
        own = [str(hook.roles.paths[hook.run])] if hook.run in hook.roles.paths else _files(hook, directory)
        parts.setdefault(hook.part, []).extend(path for path in own if path not in parts.get(hook.part, []))
        for name, path in sorted(hook.roles.paths.items()):
            if name != hook.run:
                parts[f"role {name}"] = [str(path)]
    return {name: paths for name, paths in parts.items() if paths}


def _files(hook: Hook, directory: Path) -> list[str]:
    """What a task file reads. Ansible looks beside it as well for what its tasks copy, by whatever name."""
    if not _TASK_FILE.search(hook.run):
        return [str(path) for path in hook.roles.files]
    own = Path(hook.run).parent
    if not any(place.resolve().is_relative_to(own) for place in (directory, Path.cwd())):
        return [str(own), *(str(path) for path in hook.roles.files if not path.is_relative_to(own))]
    # There is much more than hooks there.
    beside = [path for path in (own / name for name in _BESIDE) if path.is_dir()]
    named = [path for file in hook.roles.files for path in _content.sources_of_tasks(file)]
    apart = [path for path in named if not any(path.is_relative_to(one) for one in beside)]
    return [str(path) for path in dict.fromkeys((*hook.roles.files, *beside, *apart))]
