# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Columns by what groups are made from, rows without two nodes on one spot."""

from __future__ import annotations

from ansible_collections.golden.ami.plugins.module_utils._report.layout import Spot, columns, place
from hypothesis import given
from hypothesis import strategies as st


def test_a_group_is_behind_all_that_it_is_made_from() -> None:
    """Also where there is a shorter way to it."""
    edges = [("debian", "base"), ("base", "web"), ("web", "shop"), ("base", "shop"), ("debian", "shop")]
    assert columns(["shop", "debian", "web", "base"], edges) == {"shop": 3, "debian": 0, "web": 2, "base": 1}


def test_a_circle_ends() -> None:
    circle = [("a", "b"), ("b", "a"), ("b", "c"), ("c", "c")]
    assert columns(["a", "b", "c"], circle) == {"a": 1, "b": 2, "c": 3}


def test_groups_of_one_column_are_below_each_other_with_their_names() -> None:
    nodes = [("b2", "base"), ("b1", "base"), ("w1", "web"), ("s1", "shop")]
    edges = [("b1", "w1"), ("b2", "s1")]
    assert place(nodes, edges) == {
        "b2": Spot(0, 1, "base"),
        "b1": Spot(0, 2),
        "w1": Spot(1, 1, "web"),
        # One row between, for the name.
        "s1": Spot(1, 3, "shop"),
    }


NAMES = st.integers(0, 9)


@given(st.dictionaries(NAMES, st.integers(0, 4)), st.lists(st.tuples(NAMES, NAMES)))
def test_each_node_has_a_spot_of_its_own(groups: dict[int, int], edges: list[tuple[int, int]]) -> None:
    nodes = [(str(node), f"g{group}") for node, group in groups.items()]
    spots = place(nodes, [(str(start), str(end)) for start, end in edges])
    assert spots.keys() == {node for node, _group in nodes}
    assert len({(spot.column, spot.row) for spot in spots.values()}) == len(nodes)
    assert sorted(spot.begins for spot in spots.values() if spot.begins) == sorted({group for _node, group in nodes})
