# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What an AMI's tags say of its tests, which promotion, copies and permissions go by. Nothing here calls anything."""

from __future__ import annotations

import collections.abc as c
import datetime
import typing as t

from .._ami.images import Ami
from .._ami.quarantine import TESTED_TAG, first_word
from .._ami.tagging import Tagged

TESTS_TAG = "golden:tests"
Verdict = t.Literal["passed", "failed"]
PASSED: Verdict = "passed"
FAILED: Verdict = "failed"


def tags_of(verdict: Verdict, digest: str, run_id: str, now: datetime.datetime) -> dict[str, str]:
    """The first word is the verdict; when it was and by which run are for people."""
    when = now.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {TESTED_TAG: f"{verdict} {when} by {run_id}", TESTS_TAG: digest}


def verdict_of(ami: Ami) -> str:
    """The first word of what the AMI says; empty when it says nothing."""
    return first_word(ami.tags.get(TESTED_TAG, ""))


def passed_same(ami: Ami, digest: str) -> bool:
    """Whether these tests have passed on it, on this matrix."""
    return verdict_of(ami) == PASSED and ami.tags.get(TESTS_TAG) == digest


def told(ami: Ami) -> dict[str, str]:
    """Its tags about tests."""
    return {name: ami.tags[name] for name in (TESTED_TAG, TESTS_TAG) if name in ami.tags}


def to_tag(amis: c.Sequence[Ami], tags: c.Mapping[str, str]) -> list[Tagged]:
    return [Tagged(ami.place, ami.image_id, ami.image_id, ami.tags, {**ami.tags, **tags}) for ami in amis]
