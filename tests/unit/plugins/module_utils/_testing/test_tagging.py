# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an AMI says of its tests, and what it is to say."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.accounts import Place
from ansible_collections.golden.ami.plugins.module_utils._ami.images import Ami
from ansible_collections.golden.ami.plugins.module_utils._testing.tagging import (
    passed_same,
    tags_of,
    to_tag,
    told,
    verdict_of,
)

NOW = datetime.datetime(2026, 11, 21, 10, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))


def ami(**tags: str) -> Ami:
    given = {field.name: None for field in dataclasses.fields(Ami)}
    known = {"place": Place("1" * 12, "eu-west-1"), "image_id": "ami-1"}
    named = {name.replace("_", ":", 1): value for name, value in tags.items()}
    return Ami(**t.cast(dict[str, t.Any], {**given, **known, "tags": named}))


def test_the_first_word_is_the_verdict_and_the_time_is_utc() -> None:
    tags = tags_of("failed", "abc", "golden-1", NOW)
    assert tags == {"golden:tested": "failed 2026-11-21T09:30:00Z by golden-1", "golden:tests": "abc"}
    assert max(map(len, tags.values())) <= 256


@pytest.mark.parametrize(
    ("tags", "verdict", "same"),
    [
        ({}, "", False),
        ({"golden_tested": "passed 2026 by x", "golden_tests": "abc"}, "passed", True),
        ({"golden_tested": "passed 2026 by x", "golden_tests": "other"}, "passed", False),
        ({"golden_tested": "failed 2026 by x", "golden_tests": "abc"}, "failed", False),
        ({"golden_tested": "passed"}, "passed", False),
    ],
)
def test_only_the_same_tests_that_passed_need_not_run_again(tags: dict[str, str], verdict: str, same: bool) -> None:
    assert verdict_of(ami(**tags)) == verdict
    assert passed_same(ami(**tags), "abc") is same


def test_other_tags_stay() -> None:
    one = ami(golden_tested="failed x", golden_image="web")
    assert told(one) == {"golden:tested": "failed x"}
    (tagged,) = to_tag([one], {"golden:tested": "passed y"})
    assert tagged.after == {"golden:tested": "passed y", "golden:image": "web"}
    assert tagged.lacks
