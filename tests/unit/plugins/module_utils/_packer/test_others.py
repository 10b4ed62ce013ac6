# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.artifacts import OwnImage
from ansible_collections.golden.ami.plugins.module_utils._packer.others import after_others
from ansible_collections.golden.ami.plugins.module_utils._packer.plan import Plan

NOW = datetime.datetime(2026, 11, 21, tzinfo=datetime.UTC)
PLAN = Plan(True, "to be built", {}, "same", None, {"before": {}, "after": {"fingerprint": "same"}})


def image(image_id: str, fingerprint: str = "same", complete: str = "yes") -> OwnImage:
    tags = {"golden:fingerprint": fingerprint, "golden:complete": complete, "golden:run": "golden-2"}
    return OwnImage(image_id, NOW, {**tags, "golden:version": "2"}, (), {}, "available")


def test_what_another_run_has_just_made_will_do() -> None:
    plan = after_others(PLAN, [image("ami-1", "old")], [image("ami-1", "old"), image("ami-2")])
    assert (plan.build, plan.current, plan.diff) == (False, image("ami-2"), {"before": {}, "after": {}})
    assert plan.reason == "ami-2 (version 2) is just what was asked for: golden-2 built it since this run began."


def test_what_was_not_complete_before_counts_as_new() -> None:
    assert not after_others(PLAN, [image("ami-1", complete="no")], [image("ami-1")]).build


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ([], []),
        ([image("ami-1")], [image("ami-1")]),
        ([], [image("ami-2", "another")]),
        ([], [image("ami-2", complete="no")]),
    ],
)
def test_all_else_changes_nothing(before: list[OwnImage], now: list[OwnImage]) -> None:
    assert after_others(PLAN, before, now) is PLAN
