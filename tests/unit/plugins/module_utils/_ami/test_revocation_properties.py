# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever an AMI was shared with, and however often a revocation ran and broke off, restoring gives back just that."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.golden.ami.plugins.module_utils._ami.accounts import Place
from ansible_collections.golden.ami.plugins.module_utils._ami.images import Ami, Disk
from ansible_collections.golden.ami.plugins.module_utils._ami.permissions import Permissions
from ansible_collections.golden.ami.plugins.module_utils._ami.revocation import (
    VERSION,
    Change,
    Facts,
    Kin,
    Record,
    read_record,
    restore,
    revoke,
)
from hypothesis import given
from hypothesis import strategies as st

PEOPLE = st.frozensets(st.tuples(st.just("UserId"), st.sampled_from(["1" * 12, "2" * 12, "3" * 12])))
# How many of the three things that a revocation does were done before it broke off.
BREAKS = st.lists(st.integers(0, 3), max_size=4)


def start(launch: Permissions, volume: Permissions, state: str) -> Facts:
    empty = {field.name: None for field in dataclasses.fields(Ami)}
    disks = (Disk("snap-1", "/dev/xvda", 8, False),)
    told = {"place": Place("1" * 12, "eu-west-1"), "image_id": "ami-1", "state": state, "tags": {}, "snapshots": disks}
    made = Ami(**t.cast(dict[str, t.Any], {**empty, **told}))
    # A disabled AMI is shared with nobody.
    return Facts(Kin(made, VERSION, ""), launch if state == "available" else frozenset(), {"snap-1": volume}, None)


def carry_out(facts: Facts, change: Change, steps: int) -> Facts:
    """The AMI after so many of: record and tag, disable, unshare."""
    record: Record | None = facts.record
    made, launch, volumes = facts.ami, facts.launch, facts.volumes
    if steps >= 1 and change.record:
        record = read_record(change.record.text())
        made = dataclasses.replace(made, tags={"golden:revoked": "x"})
    if steps >= 2:
        made, launch = dataclasses.replace(made, state=change.state), change.launch
    if steps >= 3:
        volumes = change.volumes
    return Facts(Kin(made, VERSION, ""), launch, volumes, record)


@given(PEOPLE, PEOPLE, st.sampled_from(["available", "disabled"]), BREAKS)
def test_it_comes_back(launch: Permissions, volume: Permissions, state: str, breaks: list[int]) -> None:
    before = now = start(launch, volume, state)
    for steps in [*breaks, 3]:
        now = carry_out(now, revoke(now, {}, "me", "now", ""), steps)
    assert now.shown()["state"] == "disabled"
    assert not revoke(now, {}, "me", "later", "").changes
    assert restore(now).after() == before.shown()
