# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever was done to a channel before, a rollback leads to what stood before, and only there."""

from __future__ import annotations

import datetime

from ansible_collections.golden.ami.plugins.module_utils._ami.channels import (
    PROMOTED,
    ROLLED_BACK,
    Entry,
    former,
    is_rolled_back,
    standing,
)
from hypothesis import given
from hypothesis import strategies as st

NAMES = ["a", "b", "c", "d"]
# A version that is promoted, or None for a rollback.
STEPS = st.lists(st.sampled_from([*NAMES, None]), max_size=12)
NOW = datetime.datetime(2026, 11, 21, tzinfo=datetime.UTC)


def play(steps: list[str | None]) -> list[Entry]:
    """What the module would write."""
    entries: list[Entry] = []
    for step in steps:
        if step is not None and (not entries or entries[-1].image_id != step):
            entries.append(Entry(step, NOW, PROMOTED, step))
        elif step is None and former(entries) and not is_rolled_back(entries):
            target = former(entries)[0].image_id
            entries.append(Entry(target, NOW, ROLLED_BACK, target))
    return entries


@given(STEPS)
def test_a_rollback_never_leads_to_where_the_channel_is(steps: list[str | None]) -> None:
    entries = play(steps)
    if entries:
        assert standing(entries)[-1].image_id == entries[-1].image_id
        assert entries[-1].image_id not in [entry.image_id for entry in former(entries)]


@given(STEPS)
def test_every_former_one_was_promoted_and_each_is_told_once(steps: list[str | None]) -> None:
    entries = play(steps)
    promoted = {entry.image_id for entry in entries if entry.kind == PROMOTED}
    told = [entry.image_id for entry in former(entries)]
    assert set(told) <= promoted
    assert len(told) == len(set(told))


@given(STEPS, st.sampled_from(NAMES))
def test_to_promote_and_roll_back_leads_to_where_it_was(steps: list[str | None], name: str) -> None:
    entries = play(steps)
    if not entries or entries[-1].image_id == name:
        return
    here = entries[-1].image_id
    assert former([*entries, Entry(name, NOW, PROMOTED, name)])[0].image_id == here
