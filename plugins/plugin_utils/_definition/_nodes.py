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

from ansible_collections.golden.ami.plugins.plugin_utils._definition import _find, _schema
from ansible_collections.golden.ami.plugins.plugin_utils._definition._graph import Node
from ansible_collections.golden.ami.plugins.plugin_utils._definition._load import shown
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import DefinitionError, read_source

# Only a definition in which this stands can have a parent; the others need not be parsed.
_MENTION = re.compile(r"^(?:.*[\s{,])?[\"']?image[\"']?\s*:\s*[\"']?(?P<parent>[a-z0-9][a-z0-9-]*)", re.MULTILINE)


def read_nodes(directories: list[Path], schema: _schema.Schema) -> dict[str, Node]:
    """Every image of the directories by name. A definition with mistakes stops nothing here: they are in its node."""
    names = _find.list_images(directories)
    return {name: _read_node(name, _path(name, directories), schema) for name in names}


def _path(name: str, directories: list[Path]) -> Path:
    paths = (directory / name / "image.yml" for directory in directories)
    return next(path for path in paths if path.is_file())


def _read_node(name: str, path: Path, schema: _schema.Schema) -> Node:
    text = path.read_text(encoding="utf-8", errors="replace")
    mention = _MENTION.search(text)
    if not mention:
        return Node(name, file=shown(path))
    try:
        source = read_source(text, shown(path))
    except DefinitionError as error:
        line = text.count("\n", 0, mention.start("parent")) + 1
        return Node(name, mention["parent"], None, shown(path), line, str(error.problems[0]))
    base = source.data.get("base") if isinstance(source.data, dict) else None
    parent = base.get("image") if isinstance(base, dict) else None
    if not isinstance(base, dict) or not isinstance(parent, str):
        return Node(name, file=source.file)
    problems = _schema.find_problems(source, schema)
    channel: t.Any = base.get("channel")
    return Node(
        name,
        parent,
        channel if isinstance(channel, str) else None,
        source.file,
        source.line_of(("base", "image")),
        str(problems[0]) if problems else None,
    )
