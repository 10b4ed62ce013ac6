# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stages of an AMI that nothing keeps, the caps of a run, and the words for both."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.accounts import Place
from ansible_collections.golden.ami.plugins.module_utils._ami.images import Ami
from ansible_collections.golden.ami.plugins.module_utils._ami.references import Reference
from ansible_collections.golden.ami.plugins.module_utils._ami.retention import candidates, make_plan, standing, told
from ansible_collections.golden.ami.plugins.module_utils._ami.retention_world import (
    DAY,
    DISABLED_TAG,
    Channel,
    Named,
    Policy,
    Rule,
    World,
)
from harness.retention_worlds import HOME, NOW, ami

NONE = Rule(0)
PAST = "beyond the newest 0 of web"


def disabled(version: str, since: float | None, **given: t.Any) -> Ami:
    tags = {} if since is None else {DISABLED_TAG: (NOW - since * DAY).isoformat()}
    return ami(version, state="disabled", tags=tags | given.pop("tags", {}), **given)


@pytest.mark.parametrize(
    ("one", "steps", "reason"),
    [
        (ami("1"), ("deprecate",), "not deprecated yet"),
        (ami("1", deprecated_at=NOW + 90 * DAY), ("deprecate",), "not deprecated yet"),
        (ami("1", deprecated_at=NOW - 3 * DAY), (), "deprecated since 2026-11-18, is disabled from 2026-11-25 on"),
        (ami("1", deprecated_at=NOW - 7 * DAY), ("disable",), "deprecated since 2026-11-14"),
        (disabled("1", None), ("disable",), "disabled, and nobody noted since when: it counts from now on"),
        (disabled("1", 29), (), "disabled since 2026-10-23, is deleted from 2026-11-22 on"),
        (disabled("1", 30), ("delete",), "disabled since 2026-10-22"),
        (ami("1", tags={"golden:complete": "no"}), ("deprecate",), "not deprecated yet"),
    ],
)
def test_one_stage_at_a_time_with_days_between(one: Ami, steps: tuple[str, ...], reason: str) -> None:
    policy = Policy(rule=NONE, disable_after=7 * DAY, delete_after=30 * DAY)
    (line,) = make_plan(World((one,), NOW), policy).lines
    assert (line.steps, line.action) == (steps, steps[-1] if steps else "keep")
    past = "its build never completed" if one.tags.get("golden:complete") else PAST
    assert line.reason == f"{past}; {reason}"


@pytest.mark.parametrize(
    ("disable_after", "delete_after", "steps"),
    [
        (0, 7, ("deprecate", "disable")),
        (7, 0, ("deprecate",)),
        (0, 0, ("deprecate", "disable", "delete")),
    ],
)
def test_with_no_days_between_stages_follow_at_once(
    disable_after: int, delete_after: int, steps: tuple[str, ...]
) -> None:
    policy = Policy(rule=NONE, disable_after=disable_after * DAY, delete_after=delete_after * DAY)
    assert make_plan(World((ami("1"),), NOW), policy).lines[0].steps == steps


def test_the_reason_names_the_rule() -> None:
    policy = Policy(per_image={"web": Rule(1, 30 * DAY)})
    lines = make_plan(World((ami("1"), ami("2", days=90)), NOW), policy).lines
    assert lines[0].reason == "beyond the newest 1 of web, older than 30 days; not deprecated yet"
    assert lines[1].reason == "one of the newest 1 of web"


@pytest.mark.parametrize(
    ("caps", "taken", "option"),
    [
        ({"max_count": 2}, {1, 2}, "this run takes 2 (max_count: 2)"),
        ({"max_percent": 50}, {1, 2}, "this run takes 2 (max_percent: 50 of 4)"),
        ({"max_count": 3, "max_percent": 49}, {2}, "this run takes 1 (max_percent: 49 of 4)"),
        ({"max_count": 0}, set(), "this run takes 0 (max_count: 0)"),
        ({"max_count": 4, "max_percent": 100}, {1, 2, 3, 4}, ""),
    ],
)
def test_a_run_takes_no_more_than_its_caps(caps: dict[str, int], taken: set[int], option: str) -> None:
    """Those that are furthest first, then the oldest."""
    amis = (ami("1", days=99), disabled("2", 50, days=90), ami("3", days=98), ami("4", days=97))
    plan = make_plan(World(amis, NOW), Policy(rule=NONE, **caps))
    assert {int(line.ami.image_id[4:], 16) for line in plan.taken} == taken
    waiting = [line.reason for line in plan.lines if line.action == "keep"]
    assert all(reason.endswith(f"; waits, for {option}") for reason in waiting)
    assert len(waiting) + len(taken) == 4


def test_many_reasons_are_cut() -> None:
    assert told(["a", "b", "c"]) == "a; b; c"
    assert told(["a", "b", "c", "d", "e"]) == "a; b; c; and 2 more"


def test_candidates_are_those_that_only_a_reference_can_keep() -> None:
    amis = (ami("1"), ami("2", days=99, protected=True), ami("3", days=98), ami("4", days=97))
    channels = (Channel(HOME, "web", "prod", (Named(amis[2].image_id, NOW - DAY),)),)
    world = World(amis, NOW, channels)
    assert [one.image_id for one in candidates(world, Policy(rule=Rule(1)))] == [amis[0].image_id]


def test_a_second_look_sees_what_changed() -> None:
    amis = (disabled("1", 40), disabled("2", 40), ami("3"), disabled("4", 40, protected=True), ami("5", protected=True))
    user = Reference("instance", "i-1", "pending", HOME.account, HOME.region)
    world = World(amis, NOW, references={amis[1].image_id: (user,)})
    going = [one.image_id for one in amis[:4]]
    assert standing(world, Policy(rule=NONE), going, "disabled", {}) == {
        amis[1].image_id: [f"instance i-1 (pending) of {HOME.account} uses it"],
        amis[2].image_id: ["it is available by now"],
        amis[3].image_id: ["deregistration protection is on"],
    }


def test_a_second_look_sees_that_newer_ones_are_gone() -> None:
    """Somebody deleted or revoked them since the plan was made."""
    old, new = disabled("1", 40), ami("2", days=9)
    revoked = ami("2", days=9, tags={"golden:revoked": ""})
    policy, going = Policy(rule=Rule(1)), [old.image_id]
    assert standing(World((old, new), NOW), policy, going, "disabled", {}) == {}
    for left in ((old,), (old, revoked)):
        found = standing(World(left, NOW), policy, going, "disabled", {})
        assert found == {old.image_id: ["one of the newest 1 of web"]}


def test_with_copies_a_second_look_keeps_all_of_a_version() -> None:
    far = Place(HOME.account, "us-east-1")
    one = disabled("1", 40)
    copy = dataclasses.replace(disabled("1", 5), image_id="ami-0000000000000000f", place=far)
    user = Reference("instance", "i-1", "running", HOME.account, far.region)
    world = World((one, copy), NOW, references={copy.image_id: (user,)})
    policy = Policy(rule=NONE, copies=True)
    said = f"its copy {copy.image_id} in {far} stays:"
    # The copy waits; it is not among those that go now, and is in use all the same.
    found = standing(world, policy, [one.image_id], "disabled", {})
    assert found == {one.image_id: [f"{said} instance i-1 (running) of {HOME.account} uses it"]}
    unused = dataclasses.replace(world, references={})
    assert standing(unused, policy, [one.image_id], "disabled", {}) == {}
    found = standing(unused, policy, [one.image_id], "disabled", {copy.image_id: ["it was in use"]})
    assert found == {one.image_id: [f"{said} it was in use"]}


def test_a_revoked_one_goes_its_way_and_says_why() -> None:
    """Its days count from its revocation, which disabled it."""
    tags = {"golden:revoked": "2026-11-01 CVE"}
    amis = (disabled("3", 15, days=20, tags=tags), disabled("2", 3, days=30, tags=tags), ami("1", days=40))
    lines = make_plan(World(amis, NOW), Policy(rule=Rule(1))).lines
    assert [line.action for line in lines] == ["delete", "keep", "keep"]
    assert lines[0].reason.startswith("it is revoked; disabled since")
    assert "is deleted from" in lines[1].reason
    assert lines[2].reason == "one of the newest 1 of web"
