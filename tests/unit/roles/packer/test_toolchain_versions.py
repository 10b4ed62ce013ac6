# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Versions and constraints."""

from __future__ import annotations

import pytest
from golden_toolchain.versions import parse, satisfies


@pytest.mark.parametrize(
    ("version", "constraint", "wanted"),
    [
        ("1.16.0", ">=1.16.0,<2.0.0", True),
        ("v1.16.3", ">=1.16.0, <2.0.0", True),
        ("1.15.9", ">=1.16.0,<2.0.0", False),
        ("2.0.0", ">=1.16.0,<2.0.0", False),
        ("1.16.0-dev", ">=1.16.0", False),
        ("1.17.0-rc1", ">=1.16.0", True),
        ("1.26", ">=1.26.0", True),
        ("1.9.0", ">=1.10.0", False),
        ("nonsense", ">=1.0.0", False),
        ("1.0.3", "==1.0.3", True),
    ],
)
def test_satisfies(version: str, constraint: str, wanted: bool) -> None:
    assert satisfies(version, constraint) is wanted


def test_a_wrong_constraint_is_an_error() -> None:
    with pytest.raises(ValueError, match="not a version constraint"):
        satisfies("1.0.0", "~> 1.0")


def test_parse() -> None:
    assert parse("1.16.0+ent") == (1, 16, 0, 1)
    assert parse("") is None
