# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Retention in thousands of random worlds: what is in use is never taken, whatever the policy."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t
from random import Random

from ansible_collections.golden.ami.plugins.module_utils._ami import retention
from ansible_collections.golden.ami.plugins.module_utils._ami.accounts import Place
from ansible_collections.golden.ami.plugins.module_utils._ami.images import Ami
from ansible_collections.golden.ami.plugins.module_utils._ami.references import Reference, Unread
from ansible_collections.golden.ami.plugins.module_utils._ami.retention_world import (
    DAY,
    DISABLED_TAG,
    LOCK_TAG,
    Channel,
    Named,
    Policy,
    Rule,
    World,
)
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime.datetime(2026, 11, 21, 12, 0, tzinfo=datetime.UTC)
PLACES = [Place("111111111111", "eu-west-1"), Place("111111111111", "us-east-1"), Place("222222222222", "eu-west-1")]
IMAGES = ["web", "db"]
CHANNELS = ["dev", "prod"]
SOURCES = ["instances", "ssm-parameters", "channels"]
# As many worlds for each property, besides those that hypothesis looks for.
WORLDS = 1000


def _ago(random: Random) -> datetime.datetime:
    return NOW - random.randint(0, 400) * DAY


def _days(random: Random) -> datetime.timedelta:
    return random.choice([0, 0, 1, 7, 14, 30, 40]) * DAY


def make_ami(random: Random, number: int) -> Ami:
    tags: dict[str, str] = {}
    if random.randint(0, 9):
        tags["golden:image"] = random.choice(IMAGES)
        tags["golden:version"] = str(random.randint(1, 6))
    tags |= random.choice([{}] * 8 + [{LOCK_TAG: ""}, {LOCK_TAG: "audit"}, {"golden:complete": "no"}])
    tags |= random.choice([{}] * 7 + [{"golden:revoked": "2026-11-20 CVE"}])
    state = random.choice(["available"] * 5 + ["disabled"] * 3 + ["pending", "failed"])
    if state == "disabled" and random.randint(0, 4):
        tags[DISABLED_TAG] = random.choice([_ago(random).isoformat()] * 4 + ["some day"])
    return Ami(
        place=random.choice(PLACES),
        image_id=f"ami-{number:017x}",
        name=f"ami {number}",
        description="",
        state=state,
        owner="111111111111",
        created=_ago(random),
        deprecated_at=random.choice([None, _ago(random), _ago(random), NOW + 90 * DAY]),
        protected=random.randint(0, 9) == 9,
        public=False,
        architecture=random.choice(["x86_64"] * 4 + ["arm64"]),
        snapshots=(),
        tags=tags,
        source_image_id=None,
        source_region=None,
        last_launched=random.choice([None, None, _ago(random)]),
    )


KINDS = ["instance", "launch-template", "launch-template-version", "ssm-parameter", "auto-scaling-group"]


def make_reference(random: Random) -> Reference:
    account = random.choice(["111111111111", "222222222222", "333333333333"])
    return Reference(random.choice(KINDS), "id-1", random.choice(["", "running"]), account, "eu-west-1")


def make_world(random: Random) -> World:
    amis = tuple(make_ami(random, number) for number in range(random.randint(0, 14)))
    ids = [ami.image_id for ami in amis]
    referred = random.sample(ids, random.randint(0, min(4, len(ids))))
    references = {one: tuple(make_reference(random) for _number in range(random.randint(1, 2))) for one in referred}
    channels = []
    for image in IMAGES:
        for name in CHANNELS:
            named = random.sample(ids, random.randint(0, min(4, len(ids))))
            values = tuple(Named(one, NOW - 20 * number * DAY) for number, one in enumerate(named, 1))
            channels.append(Channel(random.choice(PLACES), image, name, values))
    failed = random.choice([()] * 4 + [(1,), (1, 2)])
    unread = tuple(Unread(SOURCES[number], "111111111111", PLACES[number].region, "denied") for number in failed)
    return World(amis, NOW, tuple(channels), references, unread)


def make_rule(random: Random) -> Rule:
    return Rule(random.randint(0, 3), random.choice([None, _days(random)]))


def make_policy(random: Random) -> Policy:
    return Policy(
        rule=make_rule(random),
        per_image={image: make_rule(random) for image in IMAGES if random.randint(0, 1)},
        channel=make_rule(random),
        per_channel={name: make_rule(random) for name in CHANNELS if random.randint(0, 1)},
        launched_within=_days(random),
        disable_after=_days(random),
        delete_after=_days(random),
        max_count=random.choice([None, None, 0, 1, 3]),
        max_percent=random.choice([None, None, 0, 10, 50, 100]),
        copies=random.choice([False, True]),
        launch_template_versions=random.choice([False, True]),
        accept_unread=frozenset(random.sample(SOURCES, random.randint(0, 2))),
    )


Property = t.Callable[[World, Policy], None]


def holds_in_all_worlds(check: Property) -> t.Callable[[], None]:
    """In thousands of worlds from seeds, the same each time, and in those that hypothesis finds and makes small."""

    @given(st.randoms(use_true_random=False))
    def search(random: Random) -> None:
        check(make_world(random), make_policy(random))

    def test() -> None:
        for seed in range(WORLDS):
            random = Random(seed)
            check(make_world(random), make_policy(random))
        search()

    test.__doc__ = check.__doc__
    return test


def after(world: World, plan: retention.Plan) -> World:
    """The world as it is when a plan was carried out, by a second implementation of the stages."""
    left = []
    for ami in world.amis:
        line = next((one for one in plan.lines if one.ami.image_id == ami.image_id), None)
        for step in line.steps if line else ():
            if step == "deprecate":
                ami = dataclasses.replace(ami, deprecated_at=NOW)
            elif step == "disable":
                ami = dataclasses.replace(ami, state="disabled", tags={**ami.tags, DISABLED_TAG: NOW.isoformat()})
        if not line or line.action != "delete":
            left.append(ami)
    return dataclasses.replace(world, amis=tuple(left))


def is_usable(ami: Ami) -> bool:
    complete = ami.tags.get("golden:complete", "yes") == "yes"
    return complete and ami.state == "available" and "golden:revoked" not in ami.tags


def uncapped(policy: Policy) -> Policy:
    return dataclasses.replace(policy, max_count=None, max_percent=None)


@holds_in_all_worlds
def test_nothing_that_is_referred_to_is_ever_taken(world: World, policy: Policy) -> None:
    for line in retention.make_plan(world, policy).taken:
        kinds = {one.kind for one in world.references.get(line.ami.image_id, ())}
        assert kinds <= ({"launch-template-version"} if policy.launch_template_versions else set())
        assert line.ami.image_id not in {channel.values[0].image_id for channel in world.channels if channel.values}
        assert not line.ami.protected
        assert LOCK_TAG not in line.ami.tags
        assert line.ami.state in ("available", "disabled")
        launched = line.ami.last_launched
        assert not (launched and policy.launched_within) or NOW - launched >= policy.launched_within


@holds_in_all_worlds
def test_the_last_good_of_a_channel_is_never_taken(world: World, policy: Policy) -> None:
    usable = {ami.image_id for ami in world.amis if is_usable(ami)}
    taken = {line.ami.image_id for line in retention.make_plan(world, policy).taken}
    for channel in world.channels:
        keep = policy.per_channel.get(channel.name, policy.channel).keep
        good = [named.image_id for named in channel.values[1:] if named.image_id in usable]
        assert not taken & set(good[:keep])


@holds_in_all_worlds
def test_the_newest_of_each_image_stay(world: World, policy: Policy) -> None:
    taken = {line.ami.image_id for line in retention.make_plan(world, dataclasses.replace(policy, copies=False)).taken}
    for ami in world.amis:
        newer = [
            other
            for other in world.amis
            if (other.image, other.architecture, other.place) == (ami.image, ami.architecture, ami.place)
            and (other.created, other.image_id) > (ami.created, ami.image_id)
            and is_usable(other)
        ]
        good = ami.tags.get("golden:complete", "yes") == "yes" and "golden:revoked" not in ami.tags
        if good and len(newer) < policy.per_image.get(ami.image or "", policy.rule).keep:
            assert ami.image_id not in taken


@holds_in_all_worlds
def test_what_could_not_be_read_keeps_its_whole_region(world: World, policy: Policy) -> None:
    closed = {one.region for one in world.unread if one.source not in policy.accept_unread}
    assert not [line for line in retention.make_plan(world, policy).taken if line.ami.place.region in closed]


@holds_in_all_worlds
def test_more_protection_never_takes_more(world: World, policy: Policy) -> None:
    """Whatever comes to refer to an AMI: it is not taken then, and without caps nothing else is that was not."""
    open_policy = uncapped(policy)
    before = {line.ami.image_id for line in retention.make_plan(world, open_policy).taken}
    for ami in world.amis:
        reference = Reference("instance", "i-1", "running", ami.place.account, ami.place.region)
        found = {**world.references, ami.image_id: (*world.references.get(ami.image_id, ()), reference)}
        closer = dataclasses.replace(world, references=found)
        taken = {line.ami.image_id for line in retention.make_plan(closer, open_policy).taken}
        assert taken <= before - {ami.image_id}


@holds_in_all_worlds
def test_caps_hold(world: World, policy: Policy) -> None:
    plan = retention.make_plan(world, policy)
    if policy.max_count is not None:
        assert len(plan.taken) <= policy.max_count
    if policy.max_percent is not None:
        assert len(plan.taken) * 100 <= policy.max_percent * len(world.amis)
    free = {line.ami.image_id for line in retention.make_plan(world, uncapped(policy)).taken}
    assert {line.ami.image_id for line in plan.taken} <= free


@holds_in_all_worlds
def test_stages_are_never_skipped(world: World, policy: Policy) -> None:
    for line in retention.make_plan(world, policy).taken:
        ami = line.ami
        began = "disabled" if ami.state == "disabled" else "deprecated" if _is_deprecated(ami) else "none"
        done = {"none": 0, "deprecated": 1, "disabled": 2}[began]
        # One that was disabled by somebody else is noted as disabled first.
        noted = began != "disabled" or _disabled_at(ami) is not None
        stages = ("deprecate", "disable", "delete")
        first = done if noted else 1
        assert line.steps == stages[first : first + len(line.steps)]
        assert line.action == line.steps[-1]
        if line.steps[0] == "disable" and began == "deprecated":
            assert ami.deprecated_at is not None
            assert NOW - ami.deprecated_at >= policy.disable_after
        if line.steps[0] == "delete":
            since = _disabled_at(ami)
            assert since is not None
            assert NOW - since >= policy.delete_after
        if len(line.steps) > 1:
            assert "disable" not in line.steps[1:] or not policy.disable_after
            assert "delete" not in line.steps or not policy.delete_after


def _is_deprecated(ami: Ami) -> bool:
    return ami.deprecated_at is not None and ami.deprecated_at <= NOW


def _disabled_at(ami: Ami) -> datetime.datetime | None:
    text = ami.tags.get(DISABLED_TAG, "some day")
    return None if text == "some day" else datetime.datetime.fromisoformat(text)


@holds_in_all_worlds
def test_a_second_time_nothing_is_left_to_do(world: World, policy: Policy) -> None:
    """Carrying out a plan twice is the same as once; and without caps there is nothing new to plan for."""
    plan = retention.make_plan(world, policy)
    once = after(world, plan)
    assert after(once, plan) == once
    free = uncapped(policy)
    done = after(world, retention.make_plan(world, free))
    again = retention.make_plan(done, free)
    # Of deletions others may come free: a copy that stays no longer. Nothing that was touched goes on.
    touched = {ami.image_id for ami, old in _pairs(done, world) if ami != old}
    assert not touched & {line.ami.image_id for line in again.taken}


def _pairs(done: World, world: World) -> list[tuple[Ami, Ami]]:
    old = {ami.image_id: ami for ami in world.amis}
    return [(ami, old[ami.image_id]) for ami in done.amis]


@holds_in_all_worlds
def test_each_ami_has_one_line_and_a_reason(world: World, policy: Policy) -> None:
    plan = retention.make_plan(world, policy)
    assert [line.ami.image_id for line in plan.lines] == [ami.image_id for ami in world.amis]
    for line in plan.lines:
        assert line.reason.strip()
        assert "\n" not in line.reason
        assert bool(line.steps) == (line.action != "keep")


@holds_in_all_worlds
def test_only_candidates_are_taken(world: World, policy: Policy) -> None:
    """Of others nobody has to be asked: they stay whoever refers to them."""
    wanted = {ami.image_id for ami in retention.candidates(world, policy)}
    assert {line.ami.image_id for line in retention.make_plan(world, policy).taken} <= wanted


def without_revoked(world: World) -> World:
    return dataclasses.replace(world, amis=tuple(ami for ami in world.amis if "golden:revoked" not in ami.tags))


@holds_in_all_worlds
def test_a_revoked_one_takes_nobodys_place(world: World, policy: Policy) -> None:
    """Of the others those stay that would stay if it were not there; each has copies in mind, and caps count all."""
    alone = dataclasses.replace(uncapped(policy), copies=False)
    free = without_revoked(world)
    ids = {ami.image_id for ami in free.amis}
    taken = {line.ami.image_id for line in retention.make_plan(world, alone).taken} & ids
    assert taken == {line.ami.image_id for line in retention.make_plan(free, alone).taken}


def half_way(world: World, plan: retention.Plan) -> World:
    """When all stages but the last are done, as at the second look before AMIs are deleted."""
    lines = [
        dataclasses.replace(line, action="disable", steps=tuple(step for step in line.steps if step != "delete"))
        for line in plan.lines
    ]
    return after(world, retention.Plan(tuple(lines)))


def going(plan: retention.Plan, step: str, *, disabled: bool = True) -> dict[str, Ami]:
    found = (line.ami for line in plan.having(step))
    return {ami.image_id: ami for ami in found if disabled or ami.state != "disabled"}


@holds_in_all_worlds
def test_a_second_look_at_an_unchanged_world_stops_nothing(world: World, policy: Policy) -> None:
    """Otherwise what is to go would never go."""
    plan = retention.make_plan(world, policy)
    assert not retention.standing(world, policy, going(plan, "disable", disabled=False), "available", {})
    assert not retention.standing(half_way(world, plan), policy, going(plan, "delete"), "disabled", {})


def used(world: World, ami: Ami) -> World:
    """Somebody launched it."""
    reference = Reference("instance", "i-1", "running", ami.place.account, ami.place.region)
    return dataclasses.replace(world, references={**world.references, ami.image_id: (reference,)})


@holds_in_all_worlds
def test_what_a_second_look_keeps_keeps_its_copies(world: World, policy: Policy) -> None:
    """Whichever AMI somebody came to use since the plan: of its version none goes, with copies in no other place either."""
    plan = retention.make_plan(world, policy)
    gone = going(plan, "delete")
    now = half_way(world, plan)
    for ami in now.amis:
        held = retention.standing(used(now, ami), policy, gone, "disabled", {})
        version = (ami.image, ami.version, ami.architecture)
        of_version = [
            one.image_id
            for one in gone.values()
            if one.image_id == ami.image_id
            or (policy.copies and all(version) and (one.image, one.version, one.architecture) == version)
        ]
        assert set(held) == set(of_version)
        # And so it is when the look that saw the use was the one before.
        assert set(retention.standing(now, policy, gone, "disabled", {ami.image_id: ["used"]})) == set(of_version)


@holds_in_all_worlds
def test_a_second_look_holds_what_the_plan_would_hold(world: World, policy: Policy) -> None:
    """What came to use a disabled AMI after the plan was made is seen just before it goes."""
    standing = retention.standing(world, policy, {ami.image_id for ami in world.amis}, "disabled", {})
    for ami in world.amis:
        kinds = {one.kind for one in world.references.get(ami.image_id, ())}
        if policy.launch_template_versions:
            kinds -= {"launch-template-version"}
        if kinds or ami.protected or LOCK_TAG in ami.tags or ami.state != "disabled":
            assert standing[ami.image_id]


@holds_in_all_worlds
def test_copies_of_a_version_stay_together(world: World, policy: Policy) -> None:
    plan = retention.make_plan(world, dataclasses.replace(uncapped(policy), copies=True))
    held: dict[tuple[str | None, ...], set[str]] = {}
    for line in plan.lines:
        if line.ami.image and line.ami.version and line.ami.protected:
            held.setdefault((line.ami.image, line.ami.version, line.ami.architecture), set()).add(line.ami.image_id)
    for line in plan.taken:
        assert (line.ami.image, line.ami.version, line.ami.architecture) not in held
