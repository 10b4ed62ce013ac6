# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Versions have one order, and what a constraint lets in follows from it."""

from __future__ import annotations

from ansible_collections.golden.ami.plugins.module_utils._packer.constraints import numbers, satisfies
from hypothesis import example, given
from hypothesis import strategies as st

VERSIONS = st.lists(st.integers(0, 12), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
FULL = st.lists(st.integers(0, 3), min_size=3, max_size=3).map(lambda parts: ".".join(map(str, parts)))
OPERATORS = ["=", "!=", ">=", "<=", ">", "<", "~>"]


@given(VERSIONS, VERSIONS)
def test_just_one_of_less_equal_and_more(one: str, other: str) -> None:
    held = [operator for operator in "<=>" if satisfies(one, f"{operator} {other}")]
    assert len(held) == 1
    assert satisfies(one, f"<= {other}") == (held[0] in "<=")
    assert satisfies(one, f">= {other}") == (held[0] in ">=")
    assert satisfies(one, f"!= {other}") == (held[0] != "=")


@given(VERSIONS, VERSIONS)
def test_the_other_way_round(one: str, other: str) -> None:
    assert satisfies(one, f"< {other}") == satisfies(other, f"> {one}")
    assert satisfies(one, f"= {other}") == satisfies(other, f"= {one}")


@given(FULL, FULL, FULL)
def test_in_between(low: str, middle: str, high: str) -> None:
    if satisfies(low, f"<= {middle}") and satisfies(middle, f"<= {high}"):
        assert satisfies(low, f"<= {high}")
        assert satisfies(middle, f">= {low}, <= {high}")


@given(VERSIONS, st.sampled_from(OPERATORS), VERSIONS)
@example("1", "~>", "1.0.0")
@example("1.2", "~>", "1.2.0.1")
def test_zeros_at_the_end_do_not_matter_to_what_is_compared(version: str, operator: str, wanted: str) -> None:
    assert satisfies(f"{version}.0", f"{operator} {wanted}") == satisfies(version, f"{operator} {wanted}")


@given(FULL, FULL)
def test_pessimistic_is_at_least_that_and_below_the_next(version: str, wanted: str) -> None:
    major, minor, _patch = numbers(wanted)
    assert satisfies(version, f"~> {wanted}") == satisfies(version, f">= {wanted}, < {major}.{minor + 1}")
    assert satisfies(version, f"~> {major}.{minor}") == satisfies(version, f">= {major}.{minor}, < {major + 1}")


@given(st.text(max_size=12), st.text(max_size=12))
def test_what_nobody_can_read_stops_nothing(version: str, constraint: str) -> None:
    assert satisfies(version, constraint) in (True, False)
