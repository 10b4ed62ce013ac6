# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that an image is made from: its playbook and each role, followed through plays, tasks and dependencies.

Note that this is **PRIVATE** to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import yaml

_ROLE_TASKS = {
    f"{prefix}{verb}_role" for prefix in ("", "ansible.builtin.", "ansible.legacy.") for verb in ("include", "import")
}
_BLOCKS = ("block", "rescue", "always")
_PLAY_TASKS = ("pre_tasks", "tasks", "post_tasks", "handlers")

FindRole = t.Callable[[str], "Path | None"]


class _LenientLoader(yaml.SafeLoader):
    """Ansible's YAML has tags of its own (!vault, !unsafe): what they hold is no role's name."""


_LenientLoader.add_multi_constructor("!", lambda loader, suffix, node: None)


@dataclass
class Roles:
    """The roles that were found: C(paths) by name; C(missing) and C(templated) names that can't be followed."""

    paths: dict[str, Path] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    templated: list[str] = field(default_factory=list)


def roles_of_playbook(playbook: Path, find_role: FindRole) -> Roles:
    """All roles that a playbook uses, and those that they use."""
    roles = Roles()
    plays = _read(playbook)
    for play in plays if isinstance(plays, list) else []:
        if isinstance(play, dict):
            _follow_play(play, playbook, roles, find_role)
    return roles


def roles_of_names(names: list[str], find_role: FindRole) -> Roles:
    """These roles, and those that they use."""
    roles = Roles()
    for name in names:
        _follow_role(name, roles, find_role)
    return roles


def _follow_play(play: dict[str, t.Any], playbook: Path, roles: Roles, find_role: FindRole) -> None:
    for entry in play.get("roles") or []:
        _follow_role(_role_name(entry), roles, find_role)
    for section in _PLAY_TASKS:
        _follow_tasks(play.get(section), roles, find_role)
    imported = play.get("ansible.builtin.import_playbook", play.get("import_playbook"))
    if isinstance(imported, str) and (playbook.parent / imported).is_file():
        below = roles_of_playbook(playbook.parent / imported, find_role)
        roles.paths |= below.paths
        roles.missing += below.missing
        roles.templated += below.templated


def _follow_tasks(tasks: t.Any, roles: Roles, find_role: FindRole) -> None:
    for task in tasks if isinstance(tasks, list) else []:
        if not isinstance(task, dict):
            continue
        for block in _BLOCKS:
            _follow_tasks(task.get(block), roles, find_role)
        for key in _ROLE_TASKS & set(task):
            _follow_role(_role_name(task[key]), roles, find_role)


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
    meta = _read(path / "meta" / "main.yml")
    for dependency in (meta.get("dependencies") if isinstance(meta, dict) else None) or []:
        _follow_role(_role_name(dependency), roles, find_role)
    for tasks in sorted([*path.glob("tasks/**/*.yml"), *path.glob("handlers/**/*.yml")]):
        _follow_tasks(_read(tasks), roles, find_role)


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
