# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All images of the directories as a graph: just enough of each definition is read to know its parent.

Note that this is **PRIVATE** to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

from ansible_collections.golden.ami.plugins.plugin_utils._definition import _find, _schema, _searches
from ansible_collections.golden.ami.plugins.plugin_utils._definition._graph import Node
from ansible_collections.golden.ami.plugins.plugin_utils._definition._load import shown
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import DefinitionError, read_source

# Only a definition in which this stands can have a parent; the others need not be parsed.
_MENTION = re.compile(r"^(?:.*[\s{,])?[\"']?image[\"']?\s*:\s*[\"']?(?P<parent>[a-z0-9][a-z0-9-]*)", re.MULTILINE)

# So has one that looks among the account's own AMIs.
_SEARCH = re.compile(rf"\b{_searches.OWN}\b")


def read_nodes(directories: list[Path], schema: _schema.Schema) -> dict[str, Node]:
    """Every image of the directories by name. A definition with mistakes stops nothing here: they are in its node."""
    names = _find.list_images(directories)
    nodes = {name: _read_node(name, _path(name, directories), schema) for name in names}
    return _searches.with_parents(nodes, lambda name: _named_by_build(_path(name, directories)))


def parent_by_search(name: str, base: t.Any, directories: list[Path], schema: _schema.Schema) -> str | None:
    """The image that a base by owner and name is of. Without such a base no other definition is read."""
    return read_nodes(directories, schema)[name].parent if _searches.read_search(base) else None


def _path(name: str, directories: list[Path]) -> Path:
    paths = (directory / name / "image.yml" for directory in directories)
    return next(path for path in paths if path.is_file())


def _read_node(name: str, path: Path, schema: _schema.Schema) -> Node:
    text = path.read_text(encoding="utf-8", errors="replace")
    mention = _MENTION.search(text)
    if not mention and not _SEARCH.search(text):
        return Node(name, file=shown(path))
    try:
        source = read_source(text, shown(path))
    except DefinitionError as error:
        if not mention:
            return Node(name, file=shown(path))
        line = text.count("\n", 0, mention.start("parent")) + 1
        return Node(name, mention["parent"], None, shown(path), line, str(error.problems[0]))
    base = source.data.get("base") if isinstance(source.data, dict) else None
    parent = base.get("image") if isinstance(base, dict) else None
    search = _searches.read_search(base)
    if not isinstance(base, dict) or not (isinstance(parent, str) or search):
        return Node(name, file=source.file)
    problems = _schema.find_problems(source, schema)
    channel: t.Any = base.get("channel")
    return Node(
        name,
        parent if isinstance(parent, str) else None,
        channel if isinstance(channel, str) else None,
        source.file,
        source.line_of(("base", "image" if isinstance(parent, str) else "name")),
        str(problems[0]) if problems else None,
        None if isinstance(parent, str) else search,
    )


def _named_by_build(path: Path) -> bool:
    """Whether the AMIs of a definition have the names that builds give. With a mistake in it: as if they had."""
    try:
        data = read_source(path.read_text(encoding="utf-8", errors="replace"), shown(path)).data
    except DefinitionError:
        return True
    template = data.get("template") if isinstance(data, dict) else None
    return not isinstance(template, str) or _searches.names_as_builds_do(path.parent / template)
