# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.constraints import satisfies


@pytest.mark.parametrize(
    ("constraint", "good", "bad"),
    [
        ("1.8.2", "1.8.2", "1.8.3"),
        ("= 1.8", "1.8.0", "1.8.1"),
        ("!= 1.8.2", "1.8.3", "1.8.2"),
        ("> 1.8", "1.10.0", "1.8.0"),
        (">= 1.9", "1.9.0", "1.8.2"),
        ("< 2", "1.99.0", "2.0.0"),
        ("<= 1.8.2", "1.8.2", "1.8.3"),
        ("~> 1.8.1", "1.8.9", "1.9.0"),
        ("~> 1.8", "1.9.0", "2.0.0"),
        ("~> 1.8", "1.8.0", "1.7.9"),
        ("~> 1", "2.0.0", "0.9.0"),
        (">= 1.2, < 1.4, != 1.3.1", "1.3.2", "1.3.1"),
        (">=1.2.0,<1.4.0", "1.2.0-dev", "1.4.0"),
    ],
)
def test_constraints(constraint: str, good: str, bad: str) -> None:
    assert satisfies(good, constraint)
    assert not satisfies(bad, constraint)


@pytest.mark.parametrize("constraint", ["", "newest", ">= x"])
def test_what_nobody_can_read_is_left_to_packer(constraint: str) -> None:
    assert satisfies("1.0.0", constraint)
