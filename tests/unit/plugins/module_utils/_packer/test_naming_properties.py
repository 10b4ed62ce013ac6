# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Versions sort by time and come once."""

from __future__ import annotations

import datetime

from ansible_collections.golden.ami.plugins.module_utils._ami.artifacts import OwnImage
from ansible_collections.golden.ami.plugins.module_utils._packer.naming import new_version
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime.datetime(2026, 12, 31, 23, 59, 57, tzinfo=datetime.UTC)


def image(version: str) -> OwnImage:
    return OwnImage("ami-1", NOW, {"golden:version": version}, (), {}, "available")


@given(st.lists(st.integers(-5, 9), max_size=12))
def test_a_version_comes_once_and_after_those_of_before(seconds: list[int]) -> None:
    taken = [f"{NOW + datetime.timedelta(seconds=later):%Y%m%d%H%M%S}" for later in seconds]
    version = new_version([image(one) for one in taken], NOW)
    assert version not in taken
    assert all(version > one for one, later in zip(taken, seconds, strict=True) if later <= 0)
    assert len(version) == 14


@given(st.integers(1, 9))
def test_one_after_the_other_they_sort_as_they_were_made(count: int) -> None:
    made: list[str] = []
    for _build in range(count):
        made.append(new_version([image(one) for one in made], NOW))
    assert made == sorted(set(made))
