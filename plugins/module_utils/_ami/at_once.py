# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Calls beside each other: each gives its answer or its error, and none keeps another from being made."""

from __future__ import annotations

import collections.abc as c
import concurrent.futures
import typing as t

from .calls import AmiError

_THREADS = 8

Item = t.TypeVar("Item")
Answer = t.TypeVar("Answer")


def at_once(function: c.Callable[[Item], Answer], items: c.Sequence[Item]) -> list[Answer | AmiError]:
    """What the function answers for each item, in their order. Make the clients that it uses before."""

    def call(item: Item) -> Answer | AmiError:
        try:
            return function(item)
        except AmiError as error:
            return error

    if len(items) < 2:
        return [call(item) for item in items]
    with concurrent.futures.ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(call, items))


def all_at_once(function: c.Callable[[Item], Answer], items: c.Sequence[Item]) -> list[Answer]:
    """The same where every answer is needed: the first error is raised when all have ended."""
    answers = at_once(function, items)
    for answer in answers:
        if isinstance(answer, AmiError):
            raise answer
    return t.cast(list[Answer], answers)


def together(*works: c.Callable[[], t.Any]) -> list[t.Any]:
    """What each of several works answers, which have nothing in common but that nobody has to wait for another."""
    return all_at_once(lambda work: work(), works)
