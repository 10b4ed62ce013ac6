# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that an image is made from: its playbook and each role, followed through plays, tasks and dependencies.

Note that this is **PRIVATE** to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import yaml

_PREFIXES = ("", "ansible.builtin.", "ansible.legacy.")
_ROLE_TASKS = {f"{prefix}{verb}_role" for prefix in _PREFIXES for verb in ("include", "import")}
_FILE_TASKS = {f"{prefix}{verb}_tasks" for prefix in _PREFIXES for verb in ("include", "import")}
_SRC = re.compile(r"(?:^|\s)src=([^\s'\"]+)")
_BLOCKS = ("block", "rescue", "always")
_PLAY_TASKS = ("pre_tasks", "tasks", "post_tasks", "handlers")

WHERE_ROLES_ARE = (
    "not in roles/ beside the definition, in ./roles, in Ansible's roles path, in an installed collection"
    " or in the image's requirements"
)

FindRole = t.Callable[[str], "Path | None"]


class _LenientLoader(yaml.SafeLoader):
    """Ansible's YAML has tags of its own (!vault, !unsafe): what they hold is no role's name."""


_LenientLoader.add_multi_constructor("!", lambda loader, suffix, node: None)


@dataclass
class Roles:
    """The roles that were found: C(paths) by name; C(missing) and C(templated) names that can't be followed.

    C(files) are the playbooks, task files and variable files that the playbook itself reads.
    """

    paths: dict[str, Path] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    templated: list[str] = field(default_factory=list)


def roles_of_playbook(playbook: Path, find_role: FindRole) -> Roles:
    """All roles and files that a playbook uses, and those that they use."""
    roles = Roles()
    _follow_playbook(playbook, roles, find_role)
    return roles


def roles_of_names(names: list[str], find_role: FindRole) -> Roles:
    """These roles, and those that they use."""
    roles = Roles()
    for name in names:
        _follow_role(name, roles, find_role)
    return roles


def roles_of_tasks(file: Path, find_role: FindRole) -> Roles:
    """All roles and files that a task file uses, and those that they use."""
    roles = Roles()
    _follow_task_file(file.name, file.parent, roles, find_role)
    return roles


def sources_of_tasks(file: Path) -> list[Path]:
    """What is beside a task file and named as C(src) by a task of it.

    Names that are known at run time only are left out, as are absolute ones, which may be meant for the builder.
    """
    here = file.parent.resolve()
    named = (name for name in _sources(_read(file)) if "{{" not in name and not Path(name).is_absolute())
    found = ((here / name).resolve() for name in named)
    return [path for path in found if path.exists() and not here.is_relative_to(path)]


def _sources(value: t.Any) -> t.Iterator[str]:
    """The values of C(src), wherever they are: also in C(copy: src=motd dest=/etc/motd)."""
    if isinstance(value, str):
        yield from _SRC.findall(value)
    elif isinstance(value, dict):
        if isinstance(value.get("src"), str):
            yield value["src"]
        value = list(value.values())
    for item in value if isinstance(value, list) else ():
        yield from _sources(item)


def _follow_playbook(playbook: Path, roles: Roles, find_role: FindRole) -> None:
    if playbook in roles.files:
        return
    roles.files.append(playbook)
    plays = _read(playbook)
    for play in plays if isinstance(plays, list) else []:
        if isinstance(play, dict):
            _follow_play(play, playbook.parent, roles, find_role)


def _follow_play(play: dict[str, t.Any], directory: Path, roles: Roles, find_role: FindRole) -> None:
    for entry in play.get("roles") or []:
        _follow_role(_role_name(entry), roles, find_role)
    for section in _PLAY_TASKS:
        _follow_tasks(play.get(section), directory, roles, find_role)
    for name in play.get("vars_files") or []:
        file = _file_beside(directory, name, roles)
        if file and file not in roles.files:
            roles.files.append(file)
    imported = _file_beside(directory, play.get("ansible.builtin.import_playbook", play.get("import_playbook")), roles)
    if imported:
        _follow_playbook(imported, roles, find_role)


def _follow_tasks(tasks: t.Any, directory: Path | None, roles: Roles, find_role: FindRole) -> None:
    """C(directory) is where a play's task files are. A role's own are all read: for them it is None."""
    for task in tasks if isinstance(tasks, list) else []:
        if not isinstance(task, dict):
            continue
        for block in _BLOCKS:
            _follow_tasks(task.get(block), directory, roles, find_role)
        for key in _ROLE_TASKS & set(task):
            _follow_role(_role_name(task[key]), roles, find_role)
        if directory:
            for key in _FILE_TASKS & set(task):
                _follow_task_file(_file_name(task[key]), directory, roles, find_role)


def _follow_task_file(name: t.Any, directory: Path, roles: Roles, find_role: FindRole) -> None:
    file = _file_beside(directory, name, roles)
    if file and file not in roles.files:
        roles.files.append(file)
        _follow_tasks(_read(file), file.parent, roles, find_role)


def _file_beside(directory: Path, name: t.Any, roles: Roles) -> Path | None:
    """A file that is named relative to a directory; None where none is named or it is known at run time only."""
    if not isinstance(name, str):
        return None
    if "{{" in name:
        roles.templated.append(name)
        return None
    path = (directory / name).resolve()
    return path if path.is_file() else None


def _file_name(entry: t.Any) -> t.Any:
    return entry.get("file") if isinstance(entry, dict) else entry


def _follow_role(name: str, roles: Roles, find_role: FindRole) -> None:
    if not name or name in roles.paths or name in roles.missing:
        return
    if "{{" in name:
        roles.templated.append(name)
        return
    path = find_role(name)
    if path is None:
        roles.missing.append(name)
        return
    roles.paths[name] = path
    meta = _read(next(iter(_yaml_files(path / "meta", "main")), path / "meta" / "main.yml"))
    for dependency in (meta.get("dependencies") if isinstance(meta, dict) else None) or []:
        _follow_role(_role_name(dependency), roles, find_role)
    for tasks in [*_yaml_files(path / "tasks"), *_yaml_files(path / "handlers")]:
        _follow_tasks(_read(tasks), None, roles, find_role)


def _yaml_files(directory: Path, name: str = "*") -> list[Path]:
    """Ansible takes .yml and .yaml, and main without either."""
    found = (path for path in directory.glob(f"**/{name}*") if path.suffix in (".yml", ".yaml", ""))
    return sorted(path for path in found if path.is_file())


def _role_name(entry: t.Any) -> str:
    if isinstance(entry, dict):
        entry = entry.get("role") or entry.get("name") or ""
    return str(entry)


def _read(path: Path) -> t.Any:
    """A YAML file's data, or None where it isn't there or is none: Ansible itself says so better when it gets there."""
    try:
        # A subclass of the safe loader.
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_LenientLoader)  # noqa: S506
    except (OSError, yaml.YAMLError):
        return None
