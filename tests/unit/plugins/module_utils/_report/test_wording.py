# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words that all forms of a report share."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._report import wording


def user(number: int, kind: str = "instance") -> dict[str, str]:
    return {"kind": kind, "id": f"i-{number}"}


@pytest.mark.parametrize(
    ("users", "unread", "said"),
    [
        ([], [], "nobody"),
        ([], ["fleets"], "not read: fleets"),
        ([user(1)], [], "instance i-1"),
        ([user(1), user(2)], ["fleets"], "instances i-1, i-2; not read: fleets"),
        ([*map(user, range(4)), user(9, "spot-fleet")], [], "4 instances; spot fleet i-9"),
    ],
)
def test_nobody_is_said_only_where_all_was_read(users: list[t.Any], unread: list[str], said: str) -> None:
    assert wording.users({"users": users, "users_not_read": unread}) == said


NOBODY: dict[str, t.Any] = {"accounts": [], "organizations": [], "organizational_units": [], "public": False}


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (None, "not known"),
        (NOBODY, "its owner only"),
        ({**NOBODY, "accounts": ["1", "2"], "organizations": ["o-1"]}, "1, 2, o-1"),
        ({**NOBODY, "accounts": ["1"], "public": True}, "everybody"),
    ],
)
def test_who_may_use_an_ami(told: t.Any, said: str) -> None:
    assert wording.permissions({"permissions": told}) == said


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (None, "not known"),
        ({"counts": {"keep": 3, "delete": 0}}, "nothing"),
        ({"counts": {"keep": 3, "disable": 1, "delete": 2}}, "disable 1, delete 2"),
    ],
)
def test_what_pruning_would_take(told: t.Any, said: str) -> None:
    assert wording.pruning({"pruning": told}) == said
