# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever images are made from whichever: parents come first, and circles are told."""

from __future__ import annotations

import typing as t

from ansible_collections.golden.ami.plugins.plugin_utils._definition._graph import Node, descendants, in_order
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import DefinitionError
from hypothesis import given
from hypothesis import strategies as st

NAMES = list("abcdefgh")


def ancestors(name: str, nodes: dict[str, Node]) -> list[str]:
    """Those above, the nearest first. Ends where a circle closes, or where a parent has no definition."""
    found: list[str] = []
    parent = nodes[name].parent
    while parent and parent not in found:
        found.append(parent)
        parent = nodes[parent].parent if parent in nodes else None
    return found


@st.composite
def forests(draw: st.DrawFn) -> dict[str, Node]:
    """Each image is made from one before it, or from none."""
    names = draw(st.permutations(NAMES))
    parents = {name: draw(st.none() | st.sampled_from(names[:at])) if at else None for at, name in enumerate(names)}
    return {name: Node(name, parent, file=name, line=1) for name, parent in parents.items()}


ANY = st.fixed_dictionaries({name: st.none() | st.sampled_from([*NAMES, "gone"]) for name in NAMES}).map(
    lambda parents: {name: Node(name, parent, file=name, line=1) for name, parent in parents.items()}
)
CHOSEN = st.lists(st.sampled_from(NAMES), min_size=1, unique=True)


@given(forests(), CHOSEN)
def test_each_comes_behind_all_that_it_is_made_from(nodes: dict[str, Node], chosen: list[str]) -> None:
    order = in_order(chosen, nodes)
    assert sorted(order) == sorted(chosen)
    for at, name in enumerate(order):
        assert set(ancestors(name, nodes)).isdisjoint(order[at:])
    assert in_order(order, nodes) == order, "what is in order stays so"


@given(forests(), st.permutations(NAMES))
def test_what_is_made_from_an_image_is_found_and_nothing_else(nodes: dict[str, Node], names: t.Any) -> None:
    chosen = names[:2]
    below = {name for name in nodes if set(ancestors(name, nodes)) & set(chosen)}
    found = descendants(chosen, nodes)
    assert sorted(found) == sorted(below - set(chosen))


@given(ANY, CHOSEN)
def test_circles_and_missing_parents_are_told_and_nothing_else_is(nodes: dict[str, Node], chosen: list[str]) -> None:
    above = {name: ancestors(name, nodes) for name in nodes}
    in_a_circle = {name for name in nodes if name in above[name]}
    bad = {name for name in chosen if "gone" in above[name] or in_a_circle & {name, *above[name]}}
    try:
        order = in_order(chosen, nodes)
    except DefinitionError as error:
        assert bad
        for problem in error.problems:
            assert problem.key == "base.image"
            # Of a circle its first one, otherwise the one whose parent is missing.
            assert problem.file in in_a_circle or nodes[problem.file].parent == "gone"
    else:
        assert not bad
        assert sorted(order) == sorted(chosen)


@given(ANY, CHOSEN)
def test_what_is_below_ends_in_circles_too(nodes: dict[str, Node], chosen: list[str]) -> None:
    found = descendants(chosen, nodes)
    assert len(found) == len(set(found))
    assert set(found).isdisjoint(chosen)
