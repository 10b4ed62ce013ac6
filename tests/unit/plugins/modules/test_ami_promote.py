# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ami_promote by its own main(): all places or none, one winner, and each refusal before the first write."""

from __future__ import annotations

import json
import random
import threading
import time
import types
import typing as t

import botocore.client
import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.golden.ami.plugins.module_utils._ami import moving, promotion
from ansible_collections.golden.ami.plugins.module_utils._ami.owner import this_process
from ansible_collections.golden.ami.plugins.modules import ami_promote
from harness.channel_world import ACCESS, HOME, OTHER, REGION, SECOND, START, World, ami_id, error

Promote = t.Callable[..., dict[str, t.Any]]
PLACES = [(HOME, REGION), (HOME, SECOND), (OTHER, REGION), (OTHER, SECOND)]
EVERYWHERE = {"accounts": [HOME, OTHER], "regions": [REGION, SECOND]}
PROD = "/golden/web/prod"
LOCK = "/golden/web/locks/promote"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    # A function, so that it is bound to the client.
    # pylint: disable-next=unnecessary-lambda
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", lambda *given: made(*given))
    monkeypatch.setattr(moving, "_SOON", 0.01)
    for number, version in enumerate(["1.0", "1.1", "1.2"]):
        made.version("web", version, 16 * (number + 1), *PLACES)
    return made


@pytest.fixture
def promote(world: World, capsys: pytest.CaptureFixture[str]) -> Promote:
    """Runs ami_promote's own main(); the result of the module."""

    def call(**given: t.Any) -> dict[str, t.Any]:
        options = {**ACCESS, "image": "web", "channel": "prod", **given}
        with (
            patch_module_args({name: value for name, value in options.items() if value is not None}),
            pytest.raises(SystemExit),
        ):
            ami_promote.main()
        result: dict[str, t.Any] = json.loads(capsys.readouterr().out)
        return result

    return call


def named(world: World, name: str = PROD) -> list[str | None]:
    return [world.value(where, name) for where in PLACES]


def amis(number: int) -> list[str]:
    return [ami_id(16 * number + offset) for offset in range(len(PLACES))]


def test_everywhere_and_the_second_time_nothing(world: World, promote: Promote) -> None:
    checked = promote(version="1.0", **EVERYWHERE, _ansible_check_mode=True, _ansible_diff=True)
    assert world.writes() == []
    applied = promote(version="1.0", **EVERYWHERE, _ansible_diff=True)
    assert named(world) == amis(1)
    for key in ("changed", "diff", "moves", "version", "former_version"):
        assert checked[key] == applied[key], key
    assert [move["action"] for move in applied["moves"]] == ["create"] * 4
    assert applied["moves"][0]["account"] == HOME
    assert applied["diff"]["before"] == dict.fromkeys(applied["diff"]["after"], None)
    world.calls.clear()
    again = promote(version="1.0", **EVERYWHERE)
    assert (again["changed"], world.writes()) == (False, [])
    assert [move["reason"] for move in again["moves"]] == ["it names 1.0 already"] * 4


def test_who_when_from_and_to_are_kept(world: World, promote: Promote) -> None:
    promote(version="1.0")
    promote(version="1.1")
    result = promote(version="1.1")
    latest, first = result["history"]
    assert latest["by"] == first["by"] == f"arn:aws:iam::{HOME}:user/me"
    assert (latest["what"], latest["version"], latest["former_version"]) == ("promoted", "1.1", "1.0")
    assert (first["version"], first["former_version"], first["image_id"]) == ("1.0", None, ami_id(16))
    assert latest["when"].startswith("2026-11-0")
    assert world.parameters[HOME, REGION][PROD][-1]["Description"].startswith(
        "promoted: 1.1 after 1.0 by arn:aws:iam::"
    )


def test_no_lock_is_left(world: World, promote: Promote) -> None:
    promote(version="1.0", **EVERYWHERE)
    assert [name for where in PLACES for name in world.parameters[where] if "/locks/" in name] == []


def test_from_another_channel_and_by_an_ami(world: World, promote: Promote) -> None:
    promote(version="1.1", channel="test")
    result = promote(from_channel="test", **EVERYWHERE)
    assert result["version"] == "1.1"
    assert named(world) == amis(2)
    assert promote(image_id=ami_id(48), **EVERYWHERE)["version"] == "1.2"
    assert named(world) == amis(3)


def test_back_and_back_again_is_once(world: World, promote: Promote) -> None:
    for version in ("1.0", "1.1", "1.2"):
        promote(version=version, **EVERYWHERE)
    result = promote(state="rolled_back", **EVERYWHERE)
    assert (result["changed"], result["version"], result["former_version"]) == (True, "1.1", "1.2")
    assert named(world) == amis(2)
    world.calls.clear()
    assert promote(state="rolled_back", **EVERYWHERE)["changed"] is False
    assert world.writes() == []
    assert promote(state="rolled_back", version="1.0", **EVERYWHERE)["changed"]
    assert named(world) == amis(1)
    promote(version="1.2", **EVERYWHERE)
    assert promote(state="rolled_back", **EVERYWHERE)["version"] == "1.0", "1.1 was taken back long ago"


def test_back_leaves_out_what_cannot_be_used(world: World, promote: Promote) -> None:
    world.version("web", "1.3", 64, *PLACES)
    for version in ("1.0", "1.1", "1.2", "1.3"):
        promote(version=version, **EVERYWHERE)
    world.images[OTHER, SECOND][ami_id(51)]["Tags"].append({"Key": "golden:revoked", "Value": "leaks"})
    del world.parameters[HOME, SECOND]["/golden/web/versions/1.1"]
    result = promote(state="rolled_back", **EVERYWHERE)
    assert result["version"] == "1.0"
    assert [one.split(": ")[0] for one in result["passed_over"]] == ["1.2", "1.1"]
    assert f"{ami_id(51)} in {OTHER}/{SECOND} is revoked (leaks)" in result["passed_over"][0]


def test_what_somebody_else_wrote_is_known_by_its_tags(world: World, promote: Promote) -> None:
    world.put((HOME, REGION), PROD, ami_id(16))
    world.put((HOME, REGION), PROD, ami_id(32))
    result = promote(state="rolled_back")
    assert (result["version"], result["former_version"]) == ("1.0", "1.1")
    assert result["history"][0]["what"] is None


REFUSED = [
    ({"channel": "versions", "version": "1.0"}, "channel: versions can be no channel"),
    ({"channel": "locks", "version": "1.0"}, "channel: locks can be no channel"),
    ({"channel": "Prod", "version": "1.0"}, "'Prod' is no channel's name"),
    ({"image": "web/x", "version": "1.0"}, "'web/x' is no image's name"),
    ({"version": "../1"}, "'../1' is no version"),
    ({"version": "9"}, f"There is no version 9 of web in {HOME}/{REGION}. There are 1.2, 1.1, 1.0."),
    ({}, "Promote what? Say version, from_channel or image_id."),
    ({"from_channel": "prod"}, "from_channel and channel are the same"),
    ({"from_channel": "dev"}, f"from_channel: web has no channel dev in {HOME}/{REGION}. There is test."),
    ({"image_id": "ami-1"}, "ami-1 is no id of an AMI"),
    ({"image_id": ami_id(999)}, f"There is no AMI {ami_id(999)} in {HOME}/{REGION}"),
    (
        {"state": "rolled_back"},
        f"web has no channel prod in {HOME}/{REGION}, so there is nothing to roll back. There is test.",
    ),
    ({"state": "rolled_back", "from_channel": "test"}, "take the other option out"),
    ({"state": "rolled_back", "gates": [{"tested": True}]}, "take gates out"),
    ({"version": "1.0", "accounts": ["12345678901"]}, "twelve digits"),
    ({"version": "1.0", "regions": ["eu-wst-1"]}, "eu-wst-1 is not a Region"),
    ({"version": "1.0", "timeout": 0}, "timeout: 0 is no time to wait"),
    ({"version": "1.0", "gates": [{"base_not_eol": {"date": "soon"}}]}, "'soon' is no date"),
    ({"version": "1.0", "gates": [{"soaked": {"channel": "versions", "days": 1}}]}, "gates: soaked.channel: versions"),
]


@pytest.mark.parametrize(("options", "said"), REFUSED)
def test_refused_before_the_first_write(world: World, promote: Promote, options: dict[str, t.Any], said: str) -> None:
    world.put((HOME, REGION), "/golden/web/test", ami_id(16))
    result = promote(**options)
    assert result["failed"]
    assert said in result["msg"]
    assert world.writes() == []


def test_a_version_that_is_missing_somewhere(world: World, promote: Promote) -> None:
    del world.parameters[OTHER, SECOND]["/golden/web/versions/1.0"]
    result = promote(version="1.0", **EVERYWHERE)
    assert (
        f"Version 1.0 of web is not in {OTHER}/{SECOND}. Copy it there first with golden.ami.ami_copy" in result["msg"]
    )
    assert f"{ami_id(16)} in {HOME}/{REGION}" in result["msg"]
    assert world.writes() == []


@pytest.mark.parametrize(
    ("state", "said"), [(None, "is gone: it was deregistered"), ("pending", "is pending, not available")]
)
def test_a_version_whose_ami_cannot_be_used(world: World, promote: Promote, state: str | None, said: str) -> None:
    if state:
        world.images[HOME, SECOND][ami_id(17)]["State"] = state
    else:
        del world.images[HOME, SECOND][ami_id(17)]
    result = promote(version="1.0", **EVERYWHERE)
    assert f"{ami_id(17)} in {HOME}/{SECOND} {said}" in result["msg"]
    assert world.writes() == []


def test_a_version_with_several_amis_says_which(world: World, promote: Promote) -> None:
    world.put((HOME, REGION), "/golden/web/versions/2.0/arm", ami_id(16))
    assert "say which: 2.0/arm" in promote(version="2.0")["msg"]
    assert promote(version="2.0/arm")["changed"]


def test_a_gate_that_is_not_passed_changes_nothing(world: World, promote: Promote) -> None:
    gates = [{"tested": True}, {"base_not_eol": {"date": "2999-01-01"}}]
    result = promote(version="1.0", gates=gates, **EVERYWHERE)
    assert result["failed"]
    assert "must not be in prod: 1 of 3 gates failed. Nothing was changed." in result["msg"]
    assert "failed  tested: no AMI of it has the tag golden:tested" in result["msg"]
    assert "passed  base_not_eol" in result["msg"]
    assert [(one["gate"], one["passed"]) for one in result["gates"]] == [
        ("not_revoked", True),
        ("tested", False),
        ("base_not_eol", True),
    ]
    assert result["changed"] is False
    assert world.writes() == []
    world.images[OTHER, REGION][ami_id(18)]["Tags"].append({"Key": "golden:tested", "Value": "passed 2026-11-21"})
    assert promote(version="1.0", gates=gates, **EVERYWHERE)["changed"]


def test_soaked_where_the_time_is_counted(world: World, promote: Promote, monkeypatch: pytest.MonkeyPatch) -> None:
    promote(version="1.0", channel="test")
    clock = types.SimpleNamespace(
        UTC=START.tzinfo,
        datetime=types.SimpleNamespace(now=lambda _zone: world.now.replace(day=world.now.day + 2)),
    )
    monkeypatch.setattr(promotion, "datetime", clock)
    gate = {"soaked": {"channel": "test", "days": 3}}
    assert "2.0 of 3 days in test" in promote(version="1.0", gates=[gate])["msg"]
    gate["soaked"]["days"] = 1.5
    assert promote(version="1.0", gates=[gate])["changed"]


def test_a_revoked_version_is_refused_even_where_it_is(world: World, promote: Promote) -> None:
    promote(version="1.0")
    world.images[HOME, REGION][ami_id(16)]["Tags"].append({"Key": "golden:revoked", "Value": "leaks"})
    for options in ({"version": "1.0"}, {"state": "rolled_back", "version": "1.0"}):
        result = promote(**options)
        assert result["failed"]
        assert "failed  not_revoked" in result["msg"]


def test_a_version_whose_tests_failed_is_refused_without_a_gate_and_where_it_is(world: World, promote: Promote) -> None:
    promote(version="1.0")
    before = len(world.writes())
    tags = world.images[HOME, REGION][ami_id(16)]["Tags"]
    tags.append({"Key": "golden:tested", "Value": "failed 2026-11-21T09:30:00Z by golden-1"})
    for options in (
        {"version": "1.0"},
        {"version": "1.0", "channel": "new"},
        {"state": "rolled_back", "version": "1.0"},
    ):
        result = promote(**options)
        assert result["failed"], options
        assert "failed  not_quarantined" in result["msg"]
        assert "its tests failed (golden:tested is 'failed 2026-11-21T09:30:00Z by golden-1')" in result["msg"]
    assert len(world.writes()) == before
    tags[-1]["Value"] = "passed 2026-11-22T09:30:00Z by golden-2"
    assert promote(version="1.0", channel="new")["changed"]


def test_one_place_refuses_and_all_is_as_before(world: World, promote: Promote) -> None:
    promote(version="1.0", **EVERYWHERE)

    def deny(operation: str, where: t.Any, request: dict[str, t.Any]) -> None:
        if operation == "PutParameter" and request["Name"] == PROD and where == (OTHER, SECOND):
            raise error("AccessDeniedException", operation)

    world.hook = deny
    result = promote(version="1.1", **EVERYWHERE)
    assert result["failed"]
    assert (
        f"No channel was moved: {OTHER}/{SECOND}: Failed to set the SSM parameter {PROD} to {ami_id(35)}"
        in result["msg"]
    )
    assert "What was written is undone" in result["msg"]
    assert named(world) == amis(1)
    assert len(result["restored"]) == 3
    world.hook = None
    assert promote(version="1.1", **EVERYWHERE)["changed"]
    assert promote(state="rolled_back", **EVERYWHERE)["version"] == "1.0"


def test_a_new_channel_that_fails_is_gone_again(world: World, promote: Promote) -> None:
    def deny(operation: str, where: t.Any, request: dict[str, t.Any]) -> None:
        if operation == "PutParameter" and request["Name"] == PROD and where == (OTHER, SECOND):
            raise error("AccessDeniedException", operation)

    world.hook = deny
    assert promote(version="1.1", **EVERYWHERE)["failed"]
    assert named(world) == [None] * 4


def test_what_cannot_be_undone_is_named(world: World, promote: Promote) -> None:
    promote(version="1.0", **EVERYWHERE)
    written: list[t.Any] = []

    def deny(operation: str, where: t.Any, request: dict[str, t.Any]) -> None:
        if operation == "PutParameter" and request["Name"] == PROD:
            if where == (OTHER, SECOND) or where in written:
                raise error("AccessDeniedException", operation)
            written.append(where)

    world.hook = deny
    result = promote(version="1.1", **EVERYWHERE)
    assert "could not be undone in" in result["msg"]
    assert "run again, which completes it" in result["msg"]
    assert len(result["not_restored"]) == 3
    world.hook = None
    assert promote(version="1.1", **EVERYWHERE)["changed"]
    assert named(world) == amis(2)


def test_what_does_not_read_back_is_undone(world: World, promote: Promote, monkeypatch: pytest.MonkeyPatch) -> None:
    """SSM answers before it looks at the AMI: here it goes meanwhile."""
    promote(version="1.0", **EVERYWHERE)

    def disable(operation: str, _where: t.Any, request: dict[str, t.Any]) -> None:
        if operation == "PutParameter" and request["Name"] == PROD:
            world.images[OTHER, SECOND][ami_id(35)]["State"] = "disabled"

    world.hook = disable
    result = promote(version="1.1", timeout=1, **EVERYWHERE)
    assert f"SSM did not take what was written within 1 s in {OTHER}/{SECOND} (the AMI {ami_id(35)})" in result["msg"]
    assert named(world) == amis(1)


def test_what_is_undone_is_read_back_too(world: World, promote: Promote) -> None:
    """The AMI that was named before is gone meanwhile: SSM takes it back without a word, and then does not."""
    promote(version="1.0", **EVERYWHERE)

    def deny(operation: str, where: t.Any, request: dict[str, t.Any]) -> None:
        if operation == "PutParameter" and request["Name"] == PROD and where == (OTHER, SECOND):
            world.images[HOME, REGION][ami_id(16)]["State"] = "disabled"
            raise error("AccessDeniedException", operation)

    world.hook = deny
    result = promote(version="1.1", timeout=1, **EVERYWHERE)
    assert f"could not be undone in {HOME}/{REGION}: {PROD} names" in result["msg"]
    assert "SSM did not take it back within 1 s" in result["msg"]
    assert (len(result["restored"]), len(result["not_restored"])) == (2, 1)


def test_who_may_not_look_after_what_is_undone_says_so(world: World, promote: Promote) -> None:
    promote(version="1.0", **EVERYWHERE)
    denied: list[str] = []

    def deny(operation: str, where: t.Any, request: dict[str, t.Any]) -> None:
        if operation == "PutParameter" and request["Name"] == PROD and where == (OTHER, SECOND):
            denied.append(operation)
        if denied and request.get("Name") == PROD and (where == (OTHER, SECOND) or operation == "GetParameter"):
            raise error("AccessDeniedException", operation)

    world.hook = deny
    result = promote(version="1.1", **EVERYWHERE)
    assert "whether SSM took it back is not known" in result["msg"]
    assert len(result["not_restored"]) == 4


def test_who_comes_second_changes_nothing(world: World, promote: Promote) -> None:
    now = START.replace(year=2999)
    other = this_process("golden-promote-other", START, now)
    world.put((OTHER, SECOND), LOCK, other.text())
    result = promote(version="1.0", **EVERYWHERE)
    assert "The channels of web are being moved by golden-promote-other on" in result["msg"]
    assert f"{LOCK} in {OTHER}/{SECOND}" in result["msg"]
    assert named(world) == [None] * 4
    assert [world.value(where, LOCK) for where in PLACES[:3]] == [None] * 3


def test_the_lock_of_a_dead_one_is_taken_over(world: World, promote: Promote) -> None:
    late = this_process("golden-promote-late", START, START.replace(month=11, day=2))
    world.put((HOME, REGION), LOCK, late.text())
    assert promote(version="1.0")["changed"]
    assert world.value((HOME, REGION), LOCK) is None


def test_who_was_overtaken_before_the_lock_changes_nothing(world: World, promote: Promote) -> None:
    def overtake(operation: str, where: t.Any, request: dict[str, t.Any]) -> None:
        if operation == "PutParameter" and request["Name"] == LOCK:
            world.put(where, PROD, ami_id(32))

    world.hook = overtake
    result = promote(version="1.0")
    assert "The channel prod of web was moved by somebody else meanwhile, to 1.1. Nothing was changed." in result["msg"]
    assert world.value((HOME, REGION), PROD) == ami_id(32)
    assert world.value((HOME, REGION), LOCK) is None


class Module:
    """What run() needs of a module, for threads, which share the arguments of a process."""

    check_mode = False
    region = REGION

    def __init__(self, version: str) -> None:
        given: dict[str, t.Any] = {
            "image": "web",
            "channel": "prod",
            "version": version,
            "state": "promoted",
            "gates": [],
        }
        none = dict.fromkeys(["from_channel", "image_id"])
        self.params = {**given, **none, "accounts": [HOME, OTHER], "regions": [], "role_name": "R", "timeout": 5}
        with patch_module_args(dict(ACCESS)):
            self._module = AnsibleAWSModule(argument_spec={})

    def client(self, service: str, **options: t.Any) -> t.Any:
        return self._module.client(service, **options)


@pytest.mark.parametrize("seed", range(25))
def test_two_at_once_have_one_winner(world: World, seed: int) -> None:
    """Both have planned before either takes a lock; then their calls come in any order."""
    chance = random.Random(seed)
    planned = threading.Barrier(2)
    begun = threading.local()
    won: list[str] = []
    lost: list[str] = []

    def shuffle(operation: str, _where: t.Any, request: dict[str, t.Any]) -> None:
        if operation == "PutParameter" and not getattr(begun, "it", False) and request["Name"] == LOCK:
            begun.it = True
            planned.wait(30)
        time.sleep(chance.random() / 500)

    def contend(module: Module, version: str) -> None:
        try:
            promotion.run(module)
            won.append(version)
        except moving.ChannelError as told:
            lost.append(str(told))

    modules = {version: Module(version) for version in ("1.1", "1.2")}
    world.hook = shuffle
    threads = [threading.Thread(target=contend, args=(module, version)) for version, module in modules.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == len(lost) == 1
    assert "are being moved by golden-promote-" in lost[0] or "was moved by somebody else meanwhile" in lost[0]
    wanted = 2 if won == ["1.1"] else 3
    assert named(world)[::2] == amis(wanted)[::2]
    assert [name for where in PLACES for name in world.parameters[where] if "/locks/" in name] == []
