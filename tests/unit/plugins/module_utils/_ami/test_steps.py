# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steps are taken beside each other, and what was done and what was not is told."""

from __future__ import annotations

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.accounts import Place
from ansible_collections.golden.ami.plugins.module_utils._ami.calls import AmiError
from ansible_collections.golden.ami.plugins.module_utils._ami.steps import (
    PartlyDoneError,
    ResultError,
    Step,
    lines_of,
    take,
    why,
)
from hypothesis import given
from hypothesis import strategies as st

HERE = Place("111111111111", "eu-west-1")


def step(name: str) -> Step:
    return Step(HERE, ("ami-1",), "tag", (name,), "set: team", {})


@given(st.lists(st.lists(st.booleans(), max_size=4), max_size=6))
def test_each_step_is_done_or_told_as_not_done(outcomes: list[list[bool]]) -> None:
    """A step that fails ends its own sequence, and no other."""
    sequences = [[step(f"{n}.{m}") for m in range(len(some))] for n, some in enumerate(outcomes)]
    fails = {f"{n}.{m}" for n, some in enumerate(outcomes) for m, good in enumerate(some) if not good}
    taken: list[str] = []

    def perform(one: Step) -> None:
        if one.resources[0] in fails:
            raise AmiError(f"no {one.resources[0]}")
        taken.append(one.resources[0])

    expected = [f"{n}.{m}" for n, some in enumerate(outcomes) for m in range((some + [False]).index(False))]
    if not fails:
        take(sequences, perform)
    else:
        with pytest.raises(PartlyDoneError) as raised:
            take(sequences, perform)
        done = [line["resources"][0] for line in raised.value.result["done"]]
        left = [line["resources"][0] for line in raised.value.result["not_done"]]
        assert done == expected
        assert sorted(done + left) == sorted(one.resources[0] for some in sequences for one in some)
        tried = {line["resources"][0]: line["error"] for line in raised.value.result["not_done"] if line["error"]}
        assert tried.keys() <= fails
        assert f"{len(tried)} of the calls failed, {len(done)} were done and stay" in str(raised.value)
    assert sorted(taken) == sorted(expected)


def test_a_line_for_each_image() -> None:
    one = Step(HERE, ("ami-1", "ami-2"), "tag", ("ami-1", "ami-2"), "set: team", {})
    assert [(line["account"], line["image_id"]) for line in lines_of([one])] == [
        (HERE.account, "ami-1"),
        (HERE.account, "ami-2"),
    ]
    assert one.lines()[0]["resources"] == ["ami-1", "ami-2"]


def test_why_is_in_awss_words_where_there_are_any() -> None:
    assert why(AmiError("no such thing")) == "no such thing"
    assert why(AmiError("Failed to tag", exception=ValueError("denied"))) == "Failed to tag: denied"


def test_a_failure_with_results() -> None:
    assert ResultError("no", a=1).result == {"a": 1}
