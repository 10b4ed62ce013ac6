# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ami_revoke by its own main(): all that used the version is told, moved off it, and can be given back."""

from __future__ import annotations

import json
import typing as t

import botocore.client
import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.golden.ami.plugins.module_utils._ami import moving
from ansible_collections.golden.ami.plugins.modules import ami_promote, ami_revoke
from harness.channel_world import ACCESS, HOME, OTHER, REGION, World, ami_id, error

Run = t.Callable[..., dict[str, t.Any]]
PLACES = [(HOME, REGION), (OTHER, REGION)]
EVERYWHERE = {"accounts": [HOME, OTHER]}
PROD = "/golden/base/prod"
BAD, GOOD = [ami_id(32), ami_id(33)], [ami_id(16), ami_id(17)]
SHARED = [{"UserId": "333333333333"}]
CHILD = ami_id(64)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Two versions of base in two places, the second one in prod and shared, and an image that is made from it."""
    made = World()
    # A function, so that it is bound to the client.
    # pylint: disable-next=unnecessary-lambda
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", lambda *given: made(*given))
    monkeypatch.setattr(moving, "_SOON", 0.01)
    made.version("base", "1.0", 16, *PLACES)
    made.version("base", "1.1", 32, *PLACES)
    made.version("web", "7", 64, PLACES[0], **{"golden:source-ami": BAD[0]})
    for number in (16, 32):
        for offset, where in enumerate(PLACES):
            made.put(where, PROD, ami_id(number + offset))
    made.launch_permissions[BAD[0]] = list(SHARED)
    made.volume_permissions[BAD[0].replace("ami", "snap")] = list(SHARED)
    return made


def caller(module: t.Any, defaults: dict[str, t.Any], capsys: pytest.CaptureFixture[str]) -> Run:
    def call(**given: t.Any) -> dict[str, t.Any]:
        with patch_module_args({**ACCESS, **defaults, **given}), pytest.raises(SystemExit):
            module.main()
        result: dict[str, t.Any] = json.loads(capsys.readouterr().out)
        return result

    return call


@pytest.fixture
def revoke(world: World, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs ami_revoke's own main(); the result of the module."""
    return caller(ami_revoke, {"image": "base", "version": "1.1", **EVERYWHERE}, capsys)


@pytest.fixture
def promote(world: World, capsys: pytest.CaptureFixture[str]) -> Run:
    return caller(ami_promote, {"image": "base", "channel": "prod", **EVERYWHERE}, capsys)


def state(world: World) -> dict[str, t.Any]:
    """All that a revocation may change."""
    return {
        "images": {
            name: (one["State"], _revoked(one)) for there in world.images.values() for name, one in there.items()
        },
        "prod": [world.value(where, PROD) for where in PLACES],
        "launch": {name: list(given) for name, given in world.launch_permissions.items() if given},
        "volumes": {name: list(given) for name, given in world.volume_permissions.items() if given},
        "other": sorted(
            name for there in world.parameters.values() for name in there if "/revoked/" in name or "/locks/" in name
        ),
    }


def _revoked(image: dict[str, t.Any]) -> bool:
    return any(tag["Key"] == "golden:revoked" for tag in image["Tags"])


def test_revoked_everywhere_and_restored(world: World, revoke: Run) -> None:
    before = state(world)
    checked = revoke(reason="leaks", _ansible_check_mode=True, _ansible_diff=True)
    assert (world.writes(), state(world)) == ([], before)
    applied = revoke(reason="leaks", _ansible_diff=True)
    for key in ("changed", "diff", "images", "channels"):
        assert checked[key] == applied[key], key
    now = state(world)
    assert (now["launch"], now["volumes"], now["prod"]) == ({}, {}, GOOD)
    assert {now["images"][name] for name in BAD} == {("disabled", True)}
    assert {now["images"][name] for name in (*GOOD, CHILD)} == {("available", False)}
    assert now["other"] == sorted(f"/golden/base/revoked/{name}" for name in BAD)
    assert world.tags(PLACES[0], BAD[0])["golden:revoked"].endswith(" leaks")
    world.calls.clear()
    again = revoke(reason="leaks")
    assert (again["changed"], world.writes()) == (False, [])
    restored = revoke(state="restored")
    assert restored["changed"]
    assert state(world) == before
    world.calls.clear()
    assert (revoke(state="restored")["changed"], world.writes()) == (False, [])


def test_who_is_hit_is_told_first(world: World, revoke: Run) -> None:
    instance = {"InstanceId": "i-1", "ImageId": BAD[0], "State": {"Name": "running"}, "LaunchTime": world.now}
    answer = {"Reservations": [{"Instances": [instance]}]}
    world.answers["DescribeInstances"] = lambda where, _request: answer if where == PLACES[0] else {"Reservations": []}

    def deny(operation: str, where: t.Any, _request: dict[str, t.Any]) -> None:
        if operation == "DescribeAutoScalingGroups" and where == PLACES[1]:
            raise error("AccessDenied", operation)

    world.hook = deny
    result = revoke(_ansible_check_mode=True)
    first, second, child = result["images"]
    assert [(one["account"], one["region"]) for one in (first, second)] == PLACES
    assert ("instance", "i-1") in [(one["kind"], one["id"]) for one in first["references"]]
    assert first["shared_with"] == ["333333333333"]
    assert (child["image_id"], child["kind"], child["action"]) == (CHILD, "descendant", "keep")
    assert child["reason"] == f"version 7 of web is made from {BAD[0]}"
    assert CHILD in str(result["warnings"])
    assert [(one["source"], one["account"]) for one in result["unread"]] == [("auto-scaling-groups", OTHER)]


def test_with_all_that_is_made_from_it(world: World, revoke: Run) -> None:
    world.put(PLACES[0], "/golden/web/prod", CHILD)
    result = revoke(descendants=True)
    assert state(world)["images"][CHILD] == ("disabled", True)
    assert "The channel prod of web" in str(result["warnings"])
    assert "until a version is promoted" in str(result["warnings"])
    assert world.value(PLACES[0], "/golden/web/prod") == CHILD
    assert revoke(descendants=True)["changed"] is False
    assert revoke(state="restored", descendants=True)["changed"]
    assert state(world)["images"][CHILD] == ("available", False)


def test_a_channel_goes_to_the_last_version_that_is_good(world: World, revoke: Run) -> None:
    world.version("base", "1.2", 48, *PLACES)
    for offset, where in enumerate(PLACES):
        world.put(where, PROD, ami_id(48 + offset))
    world.images[PLACES[1]][BAD[1]]["State"] = "disabled"
    result = revoke(version="1.2")
    assert [one["version"] for one in result["channels"]] == ["1.0", "1.0"], "1.1 is not to be had everywhere"
    assert state(world)["prod"] == GOOD


def test_what_is_revoked_is_not_promoted(world: World, revoke: Run, promote: Run) -> None:
    revoke()
    assert "failed  not_revoked" in promote(version="1.1")["msg"]
    assert promote(state="rolled_back")["changed"] is False, "the revocation has rolled it back"
    revoke(state="restored")
    assert promote(version="1.0")["changed"]


def test_a_channel_that_was_moved_since_stays(world: World, revoke: Run, promote: Run) -> None:
    revoke()
    world.version("base", "1.2", 48, *PLACES)
    promote(version="1.2")
    result = revoke(state="restored")
    assert result["channels"] == []
    assert state(world)["prod"] == [ami_id(48), ami_id(49)]


def test_nobody_promotes_what_is_being_taken_away(world: World, revoke: Run, promote: Run) -> None:
    """No channel names it when the revocation looks; the promotion comes before its lock, or waits behind it."""
    for where in PLACES:
        world.put(where, PROD, world.value(where, PROD.replace("prod", "versions/1.0")) or "")
    promoted: list[dict[str, t.Any]] = []

    def meanwhile(operation: str, _where: t.Any, request: dict[str, t.Any]) -> None:
        if operation == "PutParameter" and "/locks/" in request["Name"] and not promoted:
            world.hook = None
            promoted.append(promote(version="1.1"))

    world.hook = meanwhile
    result = revoke()
    assert promoted[0]["changed"]
    assert "was moved by somebody else meanwhile. Nothing was changed" in result["msg"]
    assert not any(_revoked(image) for there in world.images.values() for image in there.values())
    assert not any("/locks/" in name for name in state(world)["other"])


def test_what_is_revoked_between_the_look_and_the_lock_is_not_promoted(world: World, promote: Run) -> None:
    def meanwhile(operation: str, _where: t.Any, request: dict[str, t.Any]) -> None:
        if operation == "PutParameter" and "/locks/" in request["Name"]:
            world.images[PLACES[0]][BAD[0]]["Tags"].append({"Key": "golden:revoked", "Value": "now"})

    for where in PLACES:
        world.put(where, PROD, world.value(where, PROD.replace("prod", "versions/1.0")) or "")
    before = state(world)["prod"]
    world.hook = meanwhile
    result = promote(version="1.1")
    assert "must not be in prod" in result["msg"]
    assert state(world)["prod"] == before
    assert state(world)["other"] == []


def test_since_when_it_is_disabled_is_noted_and_forgotten(world: World, revoke: Run) -> None:
    """For ami_prune, which would otherwise count from an earlier time."""
    where = PLACES[0]
    world.images[where][BAD[0]]["Tags"].append({"Key": "golden:disabled-at", "Value": "2020-01-01T00:00:00+00:00"})
    revoke()
    assert world.tags(where, BAD[0])["golden:disabled-at"] > "2026"
    revoke(state="restored")
    assert "golden:disabled-at" not in world.tags(where, BAD[0])


def test_denied_half_way_is_completed_by_the_next_run(world: World, revoke: Run) -> None:
    before = state(world)

    def deny(operation: str, where: t.Any, _request: dict[str, t.Any]) -> None:
        if operation == "DisableImage" and where == PLACES[1]:
            raise error("UnauthorizedOperation", operation)

    world.hook = deny
    result = revoke()
    assert f"disable {BAD[1]} in {OTHER}/{REGION}" in result["msg"]
    assert [one["image_id"] for one in result["not_done"]] == [BAD[1]]
    assert state(world)["prod"] == GOOD
    world.hook = None
    assert revoke()["changed"]
    assert {state(world)["images"][name] for name in BAD} == {("disabled", True)}
    revoke(state="restored")
    assert state(world) == before


def test_while_a_channel_is_being_moved_nothing_is_done(world: World, revoke: Run) -> None:
    before = state(world)
    world.put(PLACES[1], "/golden/base/locks/promote", "hands off")
    result = revoke()
    assert "The channels of base are being moved by someone who wrote 'hands off'" in result["msg"]
    del world.parameters[PLACES[1]]["/golden/base/locks/promote"]
    assert state(world) == before


REFUSED = [
    ({"version": "9"}, "There is no AMI of version 9 of base in 111111111111/eu-west-1, 222222222222/eu-west-1."),
    ({"version": "9"}, "In 111111111111/eu-west-1 there are 1.1, 1.0."),
    ({"version": "../9"}, "'../9' is no version"),
    ({"image": "Base"}, "'Base' is no image's name"),
    ({"accounts": ["1"]}, "twelve digits"),
    ({"timeout": 0}, "timeout: 0 is no time"),
    ({"reason": "x" * 201}, "201 characters do not fit"),
    ({"state": "restored", "reason": "x"}, "reason: it is for a revocation"),
]


@pytest.mark.parametrize(("options", "said"), REFUSED)
def test_refused_before_the_first_write(world: World, revoke: Run, options: dict[str, t.Any], said: str) -> None:
    result = revoke(**options)
    assert result["failed"]
    assert said in result["msg"]
    assert world.writes() == []


def test_what_is_not_ready_and_what_cannot_be_read(world: World, revoke: Run) -> None:
    world.images[PLACES[1]][BAD[1]]["State"] = "pending"
    assert f"{BAD[1]} in {OTHER}/{REGION} is pending" in revoke()["msg"]
    world.images[PLACES[1]][BAD[1]]["State"] = "available"
    world.put(PLACES[1], f"/golden/base/revoked/{BAD[1]}", "oops")
    assert "tells 'oops'. Remove it, or write back what it said" in revoke()["msg"]
    assert world.writes() == []
