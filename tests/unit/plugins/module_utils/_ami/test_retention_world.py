# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an AMI says of its stage, and which rule is for it."""

from __future__ import annotations

import dataclasses
import datetime

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.retention_world import (
    DAY,
    DEPRECATED_TAG,
    DISABLED_TAG,
    Policy,
    Rule,
    deprecated_since,
    disabled_since,
    is_usable,
)
from harness.retention_worlds import NOW, ami


@pytest.mark.parametrize(
    ("deprecated_at", "tags", "since"),
    [
        (None, {}, None),
        (NOW - DAY, {}, NOW - DAY),
        (NOW + DAY, {}, None),
        # EC2 takes times to come only: one that was deprecated a moment ago is so in a minute or two.
        (NOW + datetime.timedelta(minutes=2), {}, NOW + datetime.timedelta(minutes=2)),
        # A tag that says later wins: the days between stages are not to be shorter than somebody was told.
        (NOW - 9 * DAY, {DEPRECATED_TAG: (NOW - DAY).isoformat()}, NOW - DAY),
        (NOW - DAY, {DEPRECATED_TAG: (NOW - 9 * DAY).isoformat()}, NOW - DAY),
        (NOW - DAY, {DEPRECATED_TAG: "yesterday"}, NOW - DAY),
        (None, {DEPRECATED_TAG: (NOW - DAY).isoformat()}, None),
    ],
)
def test_since_when_an_ami_is_deprecated(
    deprecated_at: datetime.datetime | None, tags: dict[str, str], since: datetime.datetime | None
) -> None:
    assert deprecated_since(ami("1", deprecated_at=deprecated_at, tags=tags), NOW) == since


@pytest.mark.parametrize(
    ("state", "tag", "since"),
    [
        ("disabled", (NOW - DAY).isoformat(), NOW - DAY),
        ("disabled", "2026-11-20T12:00:00Z", NOW - DAY),
        ("available", (NOW - DAY).isoformat(), None),
        ("disabled", "yesterday", None),
        # Without a zone nobody knows when that was.
        ("disabled", "2026-11-20T12:00:00", None),
        ("disabled", "", None),
    ],
)
def test_since_when_an_ami_is_disabled(state: str, tag: str, since: datetime.datetime | None) -> None:
    assert disabled_since(ami("1", state=state, tags={DISABLED_TAG: tag})) == since


def test_only_what_was_completed_and_can_and_may_be_launched_is_usable() -> None:
    assert is_usable(ami("1"))
    assert not is_usable(ami("1", state="disabled"))
    assert not is_usable(ami("1", tags={"golden:complete": "no"}))
    assert not is_usable(ami("1", tags={"golden:revoked": ""}))


def test_a_rule_of_an_image_or_a_channel_comes_before_that_for_all() -> None:
    policy = Policy(rule=Rule(3), per_image={"web": Rule(9)}, channel=Rule(1), per_channel={"prod": Rule(4)})
    assert policy.rule_of(ami("1")) == Rule(9)
    assert policy.rule_of(dataclasses.replace(ami("1"), tags={})) == Rule(3)
    assert (policy.rule_of_channel("prod"), policy.rule_of_channel("dev")) == (Rule(4), Rule(1))
