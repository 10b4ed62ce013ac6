# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Definitions as the lookups read them: where images, roles and the schema are on the control side.

Note that this is **PRIVATE** to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import importlib
import typing as t
from pathlib import Path

from ansible import constants
from ansible_collections.golden.ami.plugins.plugin_utils._definition import _hooks, _lone, _nodes
from ansible_collections.golden.ami.plugins.plugin_utils._definition._load import (
    Around,
    Loaded,
    load_definition,
    load_template,
    read_schema,
)

COLLECTION = Path(__file__).parents[3]
SHARED_TEMPLATE = COLLECTION / "roles" / "image" / "files" / "packer"


def find_role(name: str, roles_path: list[Path]) -> Path | None:
    """The directory of a role: in its collection for a full name, otherwise where Ansible would look."""
    if name.count(".") >= 2:  # noqa: PLR2004 - namespace.collection.role
        namespace, collection, role = name.split(".", 2)
        try:
            package = importlib.import_module(f"ansible_collections.{namespace}.{collection}")
        except ImportError:
            return None
        candidates = [Path(root) / "roles" / role for root in package.__path__]
    else:
        candidates = [root / name for root in roles_path]
    return next((path for path in candidates if path.is_dir()), None)


class Reader:
    """Reads definitions from these directories, or from where they usually are.

    C(hooks) are those of all images. Raises DefinitionError for hooks of another form.
    """

    def __init__(self, directories: list[str] | None, hooks: t.Any = None) -> None:
        given = [Path(path).absolute() for path in directories or []]
        self.directories = given or [Path.cwd() / "images", COLLECTION / "playbooks" / "images"]
        self.schema = read_schema(COLLECTION / "roles" / "image" / "files" / "image.schema.json")
        self._hooks = _hooks.read_all_images_hooks(hooks, self.schema) if hooks else None

    def load(self, name: str) -> Loaded:
        """One definition, checked and completed, of an image's name or of a template's path. Raises DefinitionError."""
        beside = [directory / name / "roles" for directory in self.directories] + [Path.cwd() / "roles"]
        roles_path = [*beside, *map(Path, constants.DEFAULT_ROLES_PATH)]
        around = Around(self.directories, self.schema, lambda role: find_role(role, roles_path), self._hooks)
        loaded = (
            load_template(_lone.find_template(name, Path.cwd()), around)
            if _lone.is_path(name)
            else load_definition(name, around)
        )
        if loaded.definition["parent"] is None and not _lone.is_path(name):
            loaded.definition["parent"] = _nodes.parent_by_search(
                name, loaded.definition["base"], self.directories, self.schema
            )
        loaded.definition["roles_path"] = [str(path) for path in roles_path]
        return loaded
