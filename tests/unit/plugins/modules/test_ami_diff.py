# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ami_diff by its own main(): two versions, or what channels name, compared by what is kept of them."""

from __future__ import annotations

import dataclasses
import json
import typing as t

import botocore.client
import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.golden.ami.plugins.module_utils._inside.contents import Contents
from ansible_collections.golden.ami.plugins.module_utils._inside.store import packed
from ansible_collections.golden.ami.plugins.modules import ami_diff
from harness.channel_world import ACCESS, HOME, OTHER, REGION, SECOND, Where, World, ami_id
from harness.insides import AFTER, BEFORE, kept

Diff = t.Callable[..., dict[str, t.Any]]
HERE, THERE = (HOME, REGION), (HOME, SECOND)


def keep(world: World, version: str, contents: Contents, where: Where = HERE) -> None:
    for number, value in enumerate(packed(kept(contents)), start=1):
        world.put(where, f"/golden/web/contents/{version}/{number}", value)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    # A function, so that it is bound to the client.
    # pylint: disable-next=unnecessary-lambda
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", lambda *given: made(*given))
    made.answers["DescribeParameters"] = lambda where, _request: {
        "Parameters": [{"Name": name} for name in made.parameters.get(where, {})]
    }
    made.version("web", "1.0", 1, HERE, THERE)
    made.version("web", "1.1", 3, HERE, THERE)
    keep(made, "1.0", BEFORE)
    keep(made, "1.1", AFTER)
    return made


@pytest.fixture
def diff(world: World, capsys: pytest.CaptureFixture[str]) -> Diff:
    def call(from_: str, **given: t.Any) -> dict[str, t.Any]:
        with patch_module_args({**ACCESS, "image": "web", "from": from_, **given}), pytest.raises(SystemExit):
            ami_diff.main()
        assert world.writes() == []
        result: dict[str, t.Any] = json.loads(capsys.readouterr().out)
        return result

    return call


def channel(world: World, name: str, number: int, version: str | None = None, where: Where = HERE) -> None:
    """A channel names an AMI; who moved it wrote down which version that is, if one is given."""
    told = f"promoted: {version} after nothing by me; golden.ami" if version else "by hand"
    world.put(where, f"/golden/web/{name}", ami_id(number), told)


def test_two_versions(world: World, diff: Diff) -> None:
    result = diff("1.0", to="1.1")
    assert result["changed"] is False
    assert result["differs"] is True
    assert result["changes"] == [
        {"part": "packages", "action": "added", "name": "htop", "before": None, "after": "3.2.2-2"},
        {"part": "services", "action": "removed", "name": "cron.service", "before": "enabled/active", "after": None},
    ]
    assert result["measures"]["boot_seconds"] == {"before": 8.1, "after": 8.4}
    assert result["unknown"] == []
    assert result["summary"].startswith("web 1.0 → 1.1: 1 package added (htop); 1 service removed (cron.service); boot")
    assert result["markdown"].startswith("## `web`: `1.0` → `1.1`\n")
    assert [line.split()[0] for line in result["table"]] == ["added", "removed"]
    assert result["to"] == {
        "asked": "1.1",
        "version": "1.1",
        "image_id": "ami-0123456789abcdef0",
        "when": "2026-11-21T09:41:07+00:00",
        "account": HOME,
        "region": REGION,
    }
    # Whose account it is; the names and what is kept of each.
    assert len(world.calls) == 5


def test_the_same_version_differs_in_nothing(diff: Diff) -> None:
    result = diff("1.0", to="1.0")
    assert (result["differs"], result["changes"], result["table"]) == (False, [], [])
    assert "no difference" in result["summary"]


@pytest.mark.parametrize("written", ["1.0", None])
def test_a_channel_with_the_newest_version(world: World, diff: Diff, written: str | None) -> None:
    """Who wrote the channel may have left the version to the AMI's tags."""
    channel(world, "prod", 1, written)
    world.put(HERE, "/golden/web/versions/1.2", ami_id(9))
    result = diff("prod")
    assert (result["from"]["asked"], result["from"]["version"]) == ("prod", "1.0")
    # Of 1.2, which is newer, nothing is kept.
    assert result["to"]["version"] == "1.1"


def test_a_channel_is_where_it_was_moved_last(world: World, diff: Diff) -> None:
    channel(world, "dev", 1, "1.0")
    channel(world, "dev", 3, "1.1")
    assert diff("1.0", to="dev")["to"]["version"] == "1.1"


def test_the_first_place_that_has_it_counts(world: World, diff: Diff) -> None:
    """A copy has the same inside: it was tested in one place."""
    keep(world, "2.0", BEFORE, THERE)
    places = {"regions": [REGION, SECOND]}
    result = diff("1.0", to="2.0", **places)
    assert (result["from"]["region"], result["to"]["region"]) == (REGION, SECOND)
    assert result["differs"] is False
    assert diff("1.0", **places)["to"]["version"] == "2.0"


def test_of_another_account_it_is_read_there(world: World, diff: Diff) -> None:
    for version, contents in (("1.0", BEFORE), ("1.1", AFTER)):
        keep(world, version, contents, (OTHER, REGION))
    assert diff("1.0", to="1.1", accounts=[OTHER])["to"]["account"] == OTHER


def test_one_of_several_builders(world: World, diff: Diff) -> None:
    keep(world, "2.0/arm", BEFORE)
    assert diff("1.0", to="2.0/arm")["to"]["version"] == "2.0/arm"
    assert diff("1.0")["to"]["version"] == "2.0/arm"
    keep(world, "2.0/intel", BEFORE)
    assert "to: the newest version has several AMIs in a Region. Say which: 2.0/intel, 2.0/arm" in diff("1.0")["msg"]
    world.put(HERE, "/golden/web/versions/2.0/arm", ami_id(7))
    assert "It is kept of 2.0/intel, 2.0/arm, 1.1, 1.0." in diff("2.0", to="1.1")["msg"]


def test_what_is_not_known_of_one_is_told(world: World, diff: Diff) -> None:
    keep(world, "1.2", dataclasses.replace(AFTER, services={}, unread={"services": "it has no systemd"}))
    result = diff("1.0", to="1.2")
    assert result["unknown"] == [{"part": "services", "version": "1.2", "reason": "it has no systemd"}]
    assert [one["part"] for one in result["changes"]] == ["packages"]
    assert "not compared: services" in result["summary"]


def test_an_untested_version(world: World, diff: Diff) -> None:
    world.put(HERE, "/golden/web/versions/1.2", ami_id(9))
    told = diff("1.0", to="1.2")["msg"]
    assert told.startswith(
        f"to: nothing is kept in {HOME}/{REGION} of what is inside web 1.2 until it was tested there"
    )
    assert told.endswith("It is kept of 1.1, 1.0.")
    channel(world, "dev", 9, "1.2")
    assert "inside web 1.2, which the channel dev names, until" in diff("dev")["msg"]


def test_what_there_is_not(world: World, diff: Diff) -> None:
    told = diff("prdo", to="1.1")["msg"]
    assert told.startswith(f"from: web has neither a version nor a channel prdo in {HOME}/{REGION}.")
    for name in [name for name in world.parameters[HERE] if "/contents/" in name]:
        del world.parameters[HERE][name]
    assert diff("1.0", to="1.1")["msg"].endswith("Of other versions nothing is kept there either.")
    assert diff("1.0")["msg"].startswith(
        f"to: nothing is kept of what is inside any version of web in {HOME}/{REGION}."
    )


def test_many_versions_are_not_all_named(world: World, diff: Diff) -> None:
    for number in range(20, 31):
        world.put(HERE, f"/golden/web/contents/1.{number}/1", "x")
    assert diff("nothing", to="1.1")["msg"].endswith("1.21 and 3 older ones.")


def test_a_channel_that_names_several(world: World, diff: Diff) -> None:
    channel(world, "prod", 1, "1.0")
    channel(world, "prod", 4, "1.1", THERE)
    told = diff("prod", regions=[REGION, SECOND])["msg"]
    assert (
        told == f"from: the channel prod of web names 1.0 in {HOME}/{REGION}, 1.1 in {HOME}/{SECOND}. Say one of these."
    )


def test_a_channel_whose_version_nobody_knows(world: World, diff: Diff) -> None:
    channel(world, "prod", 99)
    assert f"The channel prod of web names {ami_id(99)} in {HOME}/{REGION}, and no tag tells" in diff("prod")["msg"]


def test_a_name_with_two_meanings(world: World, diff: Diff) -> None:
    channel(world, "1.0", 3, "1.1")
    assert "from: 1.0 is both a version and a channel of web" in diff("1.0")["msg"]


@pytest.mark.parametrize("name", ["versions", "contents", "versions/1.0"])
def test_what_the_collection_keeps_itself_is_no_channel(diff: Diff, name: str) -> None:
    assert f"web has neither a version nor a channel {name}" in diff(name, to="1.1")["msg"]


def test_what_cannot_be_read_is_told(world: World, diff: Diff) -> None:
    world.put(HERE, "/golden/web/contents/1.0/1", "golden.ami contents 1/2 0123456789abcdef\nAAAA")
    told = diff("1.0", to="1.1")["msg"]
    assert "What is inside web 1.0 can't be read from /golden/web/contents/1.0: parameter 2 of 2 is not there" in told
    assert "Test the version again (golden.ami.ami_test)" in told


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"from_": "1 0"}, "from: '1 0' is no version and no channel"),
        ({"from_": "1.0", "to": ""}, "to: '' is no version and no channel"),
        ({"from_": "1.0", "image": "Web 1"}, "is no image's name"),
        ({"from_": "1.0", "accounts": ["1"]}, "accounts: 1 has 1 characters"),
    ],
)
def test_refused_before_a_call(world: World, diff: Diff, options: dict[str, t.Any], told: str) -> None:
    assert told in diff(**options)["msg"]
    assert [operation for operation, _where, _request in world.calls if operation != "GetCallerIdentity"] == []
