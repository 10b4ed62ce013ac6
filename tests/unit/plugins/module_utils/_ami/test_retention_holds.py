# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each thing that keeps an AMI, with the words in which it does."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.accounts import Place
from ansible_collections.golden.ami.plugins.module_utils._ami.references import Reference, Unread
from ansible_collections.golden.ami.plugins.module_utils._ami.retention_holds import (
    held_by_channels,
    held_by_itself,
    held_by_others,
    held_by_retention,
    with_copies,
)
from ansible_collections.golden.ami.plugins.module_utils._ami.retention_world import (
    DAY,
    LOCK_TAG,
    Channel,
    Named,
    Policy,
    Rule,
    World,
)
from harness.retention_worlds import HOME, NOW, ami

FAR = Place(HOME.account, "us-east-1")
OTHER = Place("222222222222", "eu-west-1")


def held(holds: dict[str, list[str]]) -> dict[int, list[str]]:
    """By the number of the version, without those that nothing holds."""
    return {int(image_id[4:], 16): reasons for image_id, reasons in holds.items() if reasons}


def test_the_newest_of_each_image_are_kept() -> None:
    amis = tuple(ami(str(number), days=100 - number) for number in range(1, 6))
    others = (ami("11", image="db"), ami("12", image="db", architecture="arm64"))
    found = held(held_by_retention(World(amis + others, NOW), Policy(rule=Rule(2))))
    assert found == {
        5: ["one of the newest 2 of web"],
        4: ["one of the newest 2 of web"],
        11: ["one of the newest 2 of db"],
        12: ["one of the newest 2 of db"],
    }


def test_one_that_nobody_can_launch_is_not_counted() -> None:
    """One that is disabled or incomplete must not push a good one out."""
    amis = (ami("1", days=9), ami("2", days=8, state="disabled"), ami("3", days=7, tags={"golden:complete": "no"}))
    assert set(held(held_by_retention(World(amis, NOW), Policy(rule=Rule(1))))) == {1, 2}


REVOKED = {"golden:revoked": "2026-11-20T12:00:00+00:00 CVE-2026-0001"}


@pytest.mark.parametrize("state", ["available", "disabled"])
def test_a_revoked_one_is_not_counted_and_is_none_of_the_newest(state: str) -> None:
    """Also while it is not disabled yet. What is young stays all the same."""
    world = World((ami("1", days=9), ami("2", days=8), ami("3", days=7, state=state, tags=REVOKED)), NOW)
    assert held(held_by_retention(world, Policy(rule=Rule(1)))) == {2: ["one of the newest 1 of web"]}
    assert set(held(held_by_retention(world, Policy(rule=Rule(1, 8 * DAY))))) == {2, 3}


def test_a_version_that_is_revoked_in_one_place_only_counts_and_stays_with_its_copies() -> None:
    here, there = ami("2", tags=REVOKED), dataclasses.replace(ami("2"), place=FAR, image_id="ami-0000000000000000f")
    amis, policy = (ami("1", days=200), here, there), Policy(rule=Rule(1), copies=True)
    found = with_copies(held_by_retention(World(amis, NOW), policy), amis, policy)
    assert not found[amis[0].image_id]
    assert found[here.image_id] == [f"its copy {there.image_id} in {FAR} stays: one of the newest 1 of web"]


def test_each_place_has_its_newest_unless_copies_count_as_one() -> None:
    amis = (ami("1", days=9), ami("2", days=8), dataclasses.replace(ami("3", days=7), place=FAR))
    assert set(held(held_by_retention(World(amis, NOW), Policy(rule=Rule(1))))) == {2, 3}
    assert set(held(held_by_retention(World(amis, NOW), Policy(rule=Rule(1), copies=True)))) == {3}


def test_what_is_young_is_kept() -> None:
    world = World((ami("1", days=9.5), ami("2", days=30.5)), NOW)
    found = held(held_by_retention(world, Policy(rule=Rule(0, 30 * DAY))))
    assert found == {1: ["made on 2026-11-12, younger than 30 days"]}


def test_a_build_that_may_still_run_is_kept() -> None:
    incomplete: dict[str, t.Any] = {"tags": {"golden:complete": "no"}}
    world = World((ami("1", days=0.5, **incomplete), ami("2", days=1.5, **incomplete)), NOW)
    assert held(held_by_retention(world, Policy(rule=Rule(9)))) == {1: ["its build is not complete and may still run"]}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"protected": True}, "deregistration protection is on"),
        ({"tags": {LOCK_TAG: ""}}, "locked by the tag golden:keep"),
        ({"tags": {LOCK_TAG: "audit"}}, "locked by the tag golden:keep (audit)"),
        ({"state": "pending"}, "it is pending: no stage is for such an AMI"),
        ({"state": "failed"}, "it is failed: no stage is for such an AMI"),
        ({"last_launched": NOW - 3 * DAY}, "last launched on 2026-11-18, within 30 days"),
    ],
)
def test_what_an_ami_says_of_itself(given: dict[str, t.Any], reason: str) -> None:
    world = World((ami("1", **given), ami("2", last_launched=NOW - 31 * DAY)), NOW)
    assert held(held_by_itself(world, Policy())) == {1: [reason]}


def channel(*numbers: int) -> Channel:
    """One that named these, the newest first, each for ten days."""
    named = (Named(f"ami-{number:017x}", NOW - 10 * place * DAY) for place, number in enumerate(numbers, 1))
    return Channel(HOME, "web", "prod", tuple(named))


def test_a_channel_keeps_what_it_names_and_the_last_good_one() -> None:
    world = World(tuple(ami(str(number)) for number in (1, 2, 3)), NOW, (channel(3, 2, 1),))
    assert held(held_by_channels(world, Policy())) == {
        3: ["channel prod of web names it"],
        2: ["one of the last good 1 of channel prod of web"],
    }


def test_the_last_good_one_is_one_that_can_be_launched() -> None:
    world = World((ami("1"), ami("2", state="disabled"), ami("4")), NOW, (channel(4, 3, 2, 1),))
    assert 1 in held(held_by_channels(world, Policy()))


@pytest.mark.parametrize("state", ["available", "disabled"])
def test_a_revoked_one_is_not_the_last_good_one(state: str) -> None:
    world = World((ami("1"), ami("2", state=state, tags=REVOKED), ami("3")), NOW, (channel(3, 2, 1),))
    assert held(held_by_channels(world, Policy())) == {
        3: ["channel prod of web names it"],
        1: ["one of the last good 1 of channel prod of web"],
    }


def test_a_revoked_one_stays_while_a_channel_names_it() -> None:
    world = World((ami("1"), ami("2", state="disabled", tags=REVOKED)), NOW, (channel(2, 1),))
    assert set(held(held_by_channels(world, Policy()))) == {1, 2}


def test_a_channel_keeps_those_that_left_it_a_short_while_ago() -> None:
    world = World(tuple(ami(str(number)) for number in (1, 2, 3)), NOW, (channel(3, 2, 1),))
    found = held(held_by_channels(world, Policy(per_channel={"prod": Rule(0, 15 * DAY)})))
    assert found[2] == ["in channel prod of web until 2026-11-11, within 15 days"]
    assert 1 not in found


REFERENCES = [
    (
        Reference("instance", "i-1", "running", "222222222222", "eu-west-1"),
        "instance i-1 (running) of 222222222222 uses it",
    ),
    (
        Reference("auto-scaling-group", "asg", "", "111111111111", "eu-west-1"),
        "auto-scaling-group asg of 111111111111 uses it",
    ),
]


@pytest.mark.parametrize(("reference", "reason"), REFERENCES)
def test_who_refers_to_it_keeps_it(reference: Reference, reason: str) -> None:
    world = World((ami("1"), ami("2")), NOW, references={ami("1").image_id: (reference,)})
    assert held(held_by_others(world, Policy())) == {1: [reason]}


def test_a_stale_version_of_a_launch_template_keeps_it_unless_it_is_to_go_as_well() -> None:
    stale = Reference("launch-template-version", "lt-1:2", "web version 2, stale", HOME.account, HOME.region)
    world = World((ami("1"),), NOW, references={ami("1").image_id: (stale,)})
    assert held(held_by_others(world, Policy())) == {
        1: [f"launch-template-version lt-1:2 (web version 2, stale) of {HOME.account} uses it"]
    }
    assert held(held_by_others(world, Policy(launch_template_versions=True))) == {}


def test_its_own_record_keeps_no_ami() -> None:
    own = [
        "/golden/web/versions/1",
        "/golden/web/versions/1/amazon-ebs.base",
        "/golden/web/revoked/ami-00000000000000abc",
    ]
    others = ["/golden/web/prod", "/apps/versions/1"]
    records = tuple(Reference("ssm-parameter", name, "", HOME.account, HOME.region) for name in own + others)
    found = held(held_by_others(World((ami("1"),), NOW, references={ami("1").image_id: records}), Policy()))
    assert [reason.split()[1] for reason in found[1]] == others


@pytest.mark.parametrize(
    ("unread", "kept"),
    [
        (Unread("instances", HOME.account, HOME.region, "denied"), {1, 3}),
        # What another account could not be asked may be about the AMIs of this one.
        (Unread("instances", OTHER.account, OTHER.region, "denied"), {1, 3}),
        (Unread("instances", HOME.account, FAR.region, "denied"), {2}),
        (Unread("image-builder", HOME.account, HOME.region, "denied"), set()),
    ],
)
def test_what_could_not_be_read_keeps_all_that_it_may_be_about(unread: Unread, kept: set[int]) -> None:
    amis = (ami("1"), ami("2", place=FAR), ami("3", place=OTHER))
    policy = Policy(accept_unread=frozenset({"image-builder"}))
    found = held(held_by_others(World(amis, NOW, unread=(unread,)), policy))
    assert set(found) == kept
    for reasons in found.values():
        assert reasons == [
            f"instances of {unread.account} in {unread.region} could not be read (denied), and may use it"
        ]


def test_with_copies_what_keeps_one_keeps_all() -> None:
    one, copy, other = ami("1"), dataclasses.replace(ami("1"), image_id="ami-0000000000000000f", place=FAR), ami("2")
    holds = {one.image_id: [], copy.image_id: ["deregistration protection is on"], other.image_id: []}
    assert with_copies(holds, (one, copy, other), Policy()) == holds
    found = with_copies(holds, (one, copy, other), Policy(copies=True))
    assert found[one.image_id] == [f"its copy {copy.image_id} in {FAR} stays: deregistration protection is on"]
    assert found[other.image_id] == []


def test_nothing_is_kept_for_a_moment_that_has_passed() -> None:
    exactly = datetime.timedelta(days=30)
    world = World((ami("1", days=30, last_launched=NOW - exactly),), NOW)
    policy = Policy(rule=Rule(0, exactly), launched_within=exactly)
    assert held(held_by_retention(world, policy)) == held(held_by_itself(world, policy)) == {}


def test_without_days_a_launch_is_no_reason_whatever_the_clocks_say() -> None:
    later = NOW + datetime.timedelta(seconds=1)
    world = World((ami("1", days=30, last_launched=later),), NOW)
    assert held(held_by_itself(world, Policy(launched_within=datetime.timedelta(0)))) == {}
    assert held(held_by_itself(world, Policy(launched_within=datetime.timedelta(days=1)))) != {}
