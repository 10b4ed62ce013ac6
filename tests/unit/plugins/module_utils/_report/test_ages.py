# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ages in words, and moments beside them."""

from __future__ import annotations

import datetime

import pytest
from ansible_collections.golden.ami.plugins.module_utils._report.ages import age, moment, read

NOW = datetime.datetime(2026, 11, 22, 17, 0, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("past", "said"),
    [
        ({"minutes": -3}, "less than an hour"),
        ({"minutes": 59, "seconds": 59}, "less than an hour"),
        ({"hours": 1}, "1 hour"),
        ({"hours": 47, "minutes": 59}, "47 hours"),
        ({"days": 2}, "2 days"),
        ({"days": 59}, "59 days"),
        ({"days": 62}, "2 months"),
        ({"days": 729}, "23 months"),
        ({"days": 800}, "2 years"),
    ],
)
def test_an_age_is_told_coarsely(past: dict[str, int], said: str) -> None:
    assert age(NOW - datetime.timedelta(**past), NOW) == said


def test_moments_are_in_utc() -> None:
    there = NOW.astimezone(datetime.timezone(datetime.timedelta(hours=5)))
    assert moment(there) == "2026-11-22T17:00:00Z"
    assert read(moment(there)) == "2026-11-22 17:00 UTC"
    assert read("2026-11-22T22:00:00+05:00") == "2026-11-22 17:00 UTC"


@pytest.mark.parametrize("text", ["yesterday", "", "2026-11-22T17:00:00"])
def test_what_is_no_moment_stays_as_it_is(text: str) -> None:
    assert read(text) == text
