# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bases that are searched for by owner and name, where they are what another definition makes.

Note that this is **PRIVATE** to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import dataclasses
import typing as t
from pathlib import Path

from ansible_collections.golden.ami.plugins.plugin_utils._definition._graph import Node, Search

# Of the account itself: what an account by number makes is known only where its definitions are.
OWN = "self"
# A version as builds give it: fourteen digits of a moment.
_DIGIT = None
_VERSION = [_DIGIT] * 14
# What a template of its own takes the name of its AMI from, when it does not make one up itself.
_NAME_VARIABLE = "golden_ami_name"

Makes = t.Callable[[str], bool]


def read_search(base: t.Any) -> Search | None:
    """The search of a base among the account's own AMIs, if it is one."""
    if not isinstance(base, dict):
        return None
    owners, name, architecture = base.get("owners"), base.get("name"), base.get("architecture")
    if not isinstance(owners, list) or not isinstance(name, str) or OWN not in owners:
        return None
    return Search(tuple(map(str, owners)), name, architecture if isinstance(architecture, str) else None)


def matches(pattern: str, image: str) -> bool:
    """Whether a name filter of EC2 finds an AMI that a build of the image makes: its name, a hyphen, a version."""
    made: list[str | None] = [*image, "-", *_VERSION]
    tokens = _tokens(pattern)
    places = _skip_any(tokens, {0})
    for symbol in made:
        after = set()
        for place in places:
            if place == len(tokens):
                continue
            kind, character = tokens[place]
            if kind == "*":
                after.add(place)
            elif kind == "?" or character == symbol or (symbol is _DIGIT and character.isdigit()):
                after.add(place + 1)
        places = _skip_any(tokens, after)
    return len(tokens) in places


def _tokens(pattern: str) -> list[tuple[str, str]]:
    """Wildcards are * and ?; behind a backslash they are themselves."""
    found = []
    rest = iter(pattern)
    for character in rest:
        if character == "\\":
            found.append(("", next(rest, "\\")))
        else:
            found.append((character if character in "*?" else "", character))
    return found


def _skip_any(tokens: list[tuple[str, str]], places: set[int]) -> set[int]:
    """With the places behind each * that may stand for nothing."""
    found = set(places)
    for place in sorted(places):
        here = place
        while here < len(tokens) and tokens[here][0] == "*":
            here += 1
            found.add(here)
    return found


def with_parents(nodes: dict[str, Node], makes: Makes) -> dict[str, Node]:
    """The nodes whose searches find what another of them makes have that as their parent.

    C(makes) says whether an image's AMIs are named as builds name them. Of several images the one with the shortest name is
    the parent: C(base-*) is about C(base), and finds C(base-docker) as well. That is told in a note.
    """
    return {name: _with_parent(node, nodes, makes) for name, node in nodes.items()}


def _with_parent(node: Node, nodes: dict[str, Node], makes: Makes) -> Node:
    if not node.search:
        return node
    found = sorted(
        (name for name in nodes if matches(node.search.name, name) and makes(name)), key=lambda name: (len(name), name)
    )
    others = [name for name in found if name != node.name]
    parent = others[0] if others else None
    return dataclasses.replace(
        node, parent=parent, note=_note(node, found) if node.name in found or others[1:] else None
    )


def _note(node: Node, found: list[str]) -> str:
    pattern = node.search.name if node.search else ""
    names = [name if name != node.name else f"{name} itself" for name in found]
    first = next((name for name in found if name != node.name), None)
    remedy = f"base: {{image: {first}}}" if first else "base: {image: NAME} of its parent"
    return (
        f"{node.file}:{node.line}: base.name: {pattern} finds what {' and '.join(names)} {'makes' if len(names) == 1 else 'make'},"
        f" and the newest of all is the base. Say {remedy}, or a name that finds only that"
    )


def names_as_builds_do(template: Path) -> bool:
    """Whether a template of one's own takes the AMI's name that builds give it."""
    files = [template] if template.is_file() else sorted([*template.glob("*.pkr.hcl"), *template.glob("*.pkr.json")])
    return any(_NAME_VARIABLE in file.read_text(encoding="utf-8", errors="replace") for file in files)
