# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The next place is tried for one reason only: EC2 had no room."""

from __future__ import annotations

import typing as t

from ansible_collections.golden.ami.plugins.module_utils._packer.placement import (
    lacks_capacity,
    placement_names,
    placement_text,
)
from ansible_collections.golden.ami.plugins.plugin_utils._definition._load import _placements
from hypothesis import given
from hypothesis import strategies as st

OTHER = st.text(st.characters(exclude_categories=["Lu", "Cs"]), max_size=40)
CODES = st.sampled_from(
    ["InsufficientInstanceCapacity", "InsufficientHostCapacity", "Unsupported", "InsufficientCapacity"]
)
CALLS = st.sampled_from(["RunInstances", "CreateFleet", "Error launching source instance", "launching spot instance"])
NAMES = st.lists(st.text("abc.1", min_size=1, max_size=4), min_size=1, max_size=4, unique=True)
PLACEMENTS = st.lists(
    st.dictionaries(st.text("abc", min_size=1, max_size=2), st.none() | st.text(max_size=3) | st.integers())
)


@given(OTHER, CALLS, CODES, OTHER, st.integers(1, 255))
def test_no_room_is_heard_wherever_it_stands(before: str, call: str, reason: str, after: str, code: int) -> None:
    errors = [before, f"{before} {call}, api error {reason}: {after}", after]
    assert lacks_capacity(code, errors)
    assert not lacks_capacity(0, errors)


@given(st.lists(OTHER), st.integers(0, 255))
def test_no_other_error_is_taken_for_it(errors: list[str], code: int) -> None:
    assert not lacks_capacity(code, errors)


@given(NAMES, NAMES | st.just([]))
def test_each_place_once_the_preferred_type_in_each_subnet_first(types: list[str], subnets: list[str]) -> None:
    made = _placements({"instance_types": types, "subnet_ids": subnets})
    pairs = [(one["instance_type"], one["subnet_id"]) for one in made]
    assert len(set(pairs)) == len(pairs) == len(types) * max(len(subnets), 1)
    assert [types.index(kind) for kind, _subnet in pairs] == sorted(types.index(kind) for kind, _subnet in pairs)
    for kind in types:
        assert [subnet for one, subnet in pairs if one == kind] == (subnets or [""])


@given(PLACEMENTS)
def test_what_they_set_and_how_they_are_told(placements: list[dict[str, t.Any]]) -> None:
    names = placement_names(placements)
    assert sorted(names) == sorted({name for placement in placements for name in placement})
    for placement in placements:
        assert placement_text(placement)
