# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls beside each other keep their order, and none keeps another from being made."""

from __future__ import annotations

import threading

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.at_once import all_at_once, at_once, together
from ansible_collections.golden.ami.plugins.module_utils._ami.calls import AmiError


def half(number: int) -> int:
    if number % 2:
        raise AmiError(f"{number} is odd")
    return number // 2


def test_answers_are_in_the_order_of_the_items() -> None:
    assert at_once(half, list(range(0, 40, 2))) == list(range(20))
    assert at_once(half, []) == []


def test_an_error_is_an_answer() -> None:
    answers = at_once(half, [2, 3, 4])
    assert (answers[0], answers[2]) == (1, 2)
    assert isinstance(answers[1], AmiError)
    (alone,) = at_once(half, [3])
    assert isinstance(alone, AmiError)


def test_where_all_are_needed_the_first_error_is_raised_after_the_last_call() -> None:
    made = []

    def call(number: int) -> int:
        made.append(number)
        return half(number)

    assert all_at_once(call, [2, 4]) == [1, 2]
    with pytest.raises(AmiError, match="3 is odd"):
        all_at_once(call, [3, 5, 6])
    assert sorted(made) == [2, 3, 4, 5, 6]


def test_they_are_beside_each_other() -> None:
    both = threading.Barrier(2, timeout=30)
    assert len(at_once(lambda _item: both.wait(), [1, 2])) == 2


def test_what_is_no_error_of_aws_is_not_kept() -> None:
    with pytest.raises(ZeroDivisionError):
        at_once(lambda number: 1 // number, [1, 0])


def test_works_of_different_kinds_are_beside_each_other_too() -> None:
    """Each has its own answer, and what one of them fails with is told."""
    both = threading.Barrier(2, timeout=30)
    assert together(lambda: (both.wait(), "a")[1], lambda: (both.wait(), 1)[1]) == ["a", 1]
    with pytest.raises(AmiError, match="3 is odd"):
        together(lambda: half(3), lambda: half(4))
