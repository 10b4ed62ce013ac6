# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ami_tag by its own main(), on accounts in memory."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.golden.ami.plugins.modules import ami_tag
from harness.aws_world import HOME, OTHER, STRANGER, World, install, result_of

Tag = t.Callable[..., dict[str, t.Any]]
READS = ("Describe", "Get", "List", "AssumeRole")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return install(monkeypatch)


@pytest.fixture
def tag(capsys: pytest.CaptureFixture[str]) -> Tag:
    return lambda **given: result_of(ami_tag.main, capsys, **given)


def four(run: Tag, world: World, **given: t.Any) -> list[dict[str, t.Any]]:
    """Check, apply, check, apply: what the first one says is what the second does, and then there is nothing to do."""
    check = run(_ansible_check_mode=True, _ansible_diff=True, **given)
    assert world.writes() == []
    apply = run(_ansible_diff=True, **given)
    written = len(world.writes())
    again = [run(_ansible_check_mode=check_mode, _ansible_diff=True, **given) for check_mode in (True, False)]
    assert {key: check[key] for key in ("changed", "images", "actions", "diff")} == {
        key: apply[key] for key in ("changed", "images", "actions", "diff")
    }
    assert [one["changed"] for one in again] == [False, False]
    assert [one["actions"] for one in again] == [[], []]
    assert len(world.writes()) == written
    return [check, apply, *again]


def test_images_and_snapshots_in_one_call(world: World, tag: Tag) -> None:
    ids = [world.ami(tags={"golden:image": "web"}), world.ami(tags={"team": "web"})]
    _check, apply, *_again = four(tag, world, image_ids=ids, tags={"team": "web", "count": 2, "on": True})
    assert world.writes() == ["CreateTags"]
    (line, _other) = apply["actions"]
    assert set(line["resources"]) == {*ids, *map(world.snapshot_of, ids)}
    assert line["reason"] == "set: count, on, team"
    assert world.tags(ids[0]) == {"golden:image": "web", "team": "web", "count": "2", "on": "True"}
    assert world.tags(world.snapshot_of(ids[1])) == {"team": "web", "count": "2", "on": "True"}
    assert apply["diff"]["before"][f"{HOME}/eu-west-1/{ids[1]}"] == {"team": "web"}


def test_without_snapshots(world: World, tag: Tag) -> None:
    image_id = world.ami()
    result = tag(image_ids=[image_id], tags={"team": "web"}, snapshots=False)
    assert result["images"][0]["snapshots"] == []
    assert world.tags(world.snapshot_of(image_id)) == {}
    assert "DescribeSnapshots" not in world.operations()


def test_exact_tags_take_others_away_but_those_of_aws_and_of_the_collection(world: World, tag: Tag) -> None:
    image_id = world.ami(tags={"team": "old", "stray": "yes", "aws:backup": "x", "golden:image": "web"})
    four(tag, world, image_ids=[image_id], tags={"team": "web"}, purge_tags=True)
    assert world.writes() == ["CreateTags", "DeleteTags"]
    assert world.tags(image_id) == {"team": "web", "aws:backup": "x", "golden:image": "web"}


def test_a_version_in_every_account_and_region(world: World, tag: Tag) -> None:
    tags = {"golden:image": "web", "golden:version": "1"}
    planted = [
        world.ami(account, region, tags=tags) for account in (HOME, OTHER) for region in ("eu-west-1", "us-east-1")
    ]
    world.ami(tags={**tags, "golden:version": "2"})
    result = tag(
        image="web", version="1", accounts=[HOME, OTHER], regions=["eu-west-1", "us-east-1"], tags={"team": "web"}
    )
    assert [one["image_id"] for one in result["images"]] == planted
    assert world.writes() == ["CreateTags"] * 4
    assert {where for operation, where, _request in world.calls if operation == "CreateTags"} == {
        (account, region) for account in (HOME, OTHER) for region in ("eu-west-1", "us-east-1")
    }
    assert world.operations().count("AssumeRole") == 1


def test_a_place_without_the_version_is_a_warning(world: World, tag: Tag) -> None:
    world.ami(tags={"golden:image": "web", "golden:version": "1"})
    result = tag(image="web", version="1", regions=["eu-west-1", "us-east-1"], tags={"team": "web"})
    assert result["changed"]
    assert f"Version 1 of web is not in {HOME}/us-east-1" in str(result["warnings"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"tags": {"aws:team": "web"}}, "begins with aws:"),
        ({"tags": {"AWS:team": "web"}}, "begins with aws:"),
        ({"tags": {"": "web"}}, "1 to 128"),
        ({"tags": {"x" * 129: "web"}}, "1 to 128"),
        ({"tags": {"team": "x" * 257}}, "at most 256"),
        ({"tags": {"team": ["web"]}}, "the value of team is to be a text"),
        ({"tags": {"team": None}}, "the value of team is to be a text"),
        ({"tags": {f"t{n}": "x" for n in range(51)}}, "these are 51"),
        ({"tags": {}, "image_ids": ["i-0123456789abcdef0"]}, "is no id of an AMI"),
        ({"tags": {}, "image_ids": []}, "Say either image_ids, or image and version"),
        ({"tags": {}, "image": "web", "version": "1"}, "Say either image_ids, or image and version"),
        ({"tags": {}, "image_ids": [], "image": "web"}, "Say either image_ids, or image and version"),
    ],
)
def test_refused_before_any_call(world: World, tag: Tag, given: dict[str, t.Any], said: str) -> None:
    result = tag(**{"image_ids": [world.ami()], **given})
    assert result["failed"]
    assert said in result["msg"]
    assert world.calls == []


def test_too_many_in_the_end_is_refused_before_a_write(world: World, tag: Tag) -> None:
    image_id = world.ami(tags={"aws:x": "1", **{f"old{n}": "x" for n in range(49)}})
    result = tag(image_ids=[image_id], tags={"a": "1", "b": "2"})
    assert f"{image_id} in {HOME}/eu-west-1 would have 51 tags" in result["msg"]
    assert world.writes() == []
    assert tag(image_ids=[image_id], tags={"a": "1"})["changed"]


def test_places_that_are_none(world: World, tag: Tag) -> None:
    image_id = world.ami()
    given = {"image_ids": [image_id], "tags": {"team": "web"}}
    assert "twelve digits" in tag(**given, accounts=["12345678901"])["msg"]
    assert "mars-north-1 is not a Region" in tag(**given, regions=["mars-north-1"])["msg"]
    assert world.writes() == []


def test_a_strangers_image_is_refused(world: World, tag: Tag) -> None:
    own = world.ami()
    theirs = world.ami(STRANGER)
    world.images[HOME, "eu-west-1"][theirs] = world.images[STRANGER, "eu-west-1"][theirs]
    result = tag(image_ids=[own, theirs], tags={"team": "web"})
    assert f"{theirs} is of account {STRANGER}. Only the owner can change an AMI" in result["msg"]
    assert world.writes() == []


def test_an_image_that_is_shared_between_our_accounts_is_tagged_by_its_owner(world: World, tag: Tag) -> None:
    image_id = world.ami(OTHER)
    world.images[HOME, "eu-west-1"] = {image_id: world.images[OTHER, "eu-west-1"][image_id]}
    result = tag(image_ids=[image_id], accounts=[HOME, OTHER], tags={"team": "web"})
    assert [one["account"] for one in result["images"]] == [OTHER]


def test_an_image_that_is_nowhere(world: World, tag: Tag) -> None:
    result = tag(image_ids=["ami-0123456789abcdef0"], tags={"team": "web"})
    assert f"There is no AMI ami-0123456789abcdef0 in {HOME}/eu-west-1" in result["msg"]
    assert "There is no AMI of version 1 of web in" in tag(image="web", version="1", tags={"team": "web"})["msg"]


def test_denied_half_way_it_tells_what_was_done_and_the_next_run_completes_it(world: World, tag: Tag) -> None:
    here, there = world.ami(), world.ami(region="us-east-1")
    given = {"image_ids": [here, there], "regions": ["eu-west-1", "us-east-1"], "tags": {"team": "web"}}
    world.deny["CreateTags", "us-east-1"] = "UnauthorizedOperation"
    result = tag(**given)
    assert result["failed"]
    assert [one["image_id"] for one in result["done"]] == [here]
    assert [(one["image_id"], "UnauthorizedOperation" in one["error"]) for one in result["not_done"]] == [(there, True)]
    assert "1 of the calls failed, 1 were done and stay" in result["msg"]
    assert f"tag {there}, {world.snapshot_of(there)} in {HOME}/us-east-1" in result["msg"]
    world.deny.clear()
    completed = tag(**given)
    assert [one["image_id"] for one in completed["actions"]] == [there]
    assert not tag(**given)["changed"]


def test_what_follows_a_failed_call_is_not_done_either(world: World, tag: Tag) -> None:
    image_id = world.ami(tags={"stray": "yes"})
    world.deny["DeleteTags"] = "UnauthorizedOperation"
    result = tag(image_ids=[image_id], tags={"team": "web"}, purge_tags=True)
    assert [(one["action"], bool(one["error"])) for one in result["not_done"]] == [("untag", True), ("tag", False)]
    assert result["done"] == []
    assert world.tags(image_id) == {"stray": "yes"}


def test_a_read_that_fails_is_told(world: World, tag: Tag) -> None:
    image_id = world.ami()
    world.deny["DescribeSnapshots"] = "UnauthorizedOperation"
    result = tag(image_ids=[image_id], tags={"team": "web"})
    assert "describe the snapshots" in result["msg"]
    assert world.writes() == []
