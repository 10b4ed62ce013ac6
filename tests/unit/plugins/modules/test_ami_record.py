# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ami_record by its own main(): a version is recorded once in each place that has it, and never over something else."""

from __future__ import annotations

import json
import typing as t

import botocore.client
import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.golden.ami.plugins.module_utils._ami import recording
from ansible_collections.golden.ami.plugins.modules import ami_record
from harness.channel_world import ACCESS, HOME, OTHER, REGION, SECOND, World, ami_id, error

Record = t.Callable[..., dict[str, t.Any]]
HERE, THERE, ELSEWHERE = (HOME, REGION), (HOME, SECOND), (OTHER, REGION)
NAME = "/golden/web/versions/1.0"
TAGS = {"golden:image": "web", "golden:version": "1.0", "golden:complete": "yes"}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    # A function, so that it is bound to the client.
    # pylint: disable-next=unnecessary-lambda
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", lambda *given: made(*given))
    made.image(HERE, ami_id(1), tags=TAGS)
    made.put(HERE, NAME, ami_id(1))
    made.image(THERE, ami_id(2), tags=TAGS)
    made.image(ELSEWHERE, ami_id(3), tags=TAGS)
    return made


@pytest.fixture
def record(world: World, capsys: pytest.CaptureFixture[str]) -> Record:
    def call(**given: t.Any) -> dict[str, t.Any]:
        places = {"accounts": [HOME, OTHER], "regions": [REGION]}
        options = {**ACCESS, "image": "web", "version": "1.0", **places, **given, "_ansible_diff": True}
        with patch_module_args(options), pytest.raises(SystemExit):
            ami_record.main()
        result: dict[str, t.Any] = json.loads(capsys.readouterr().out)
        return result

    return call


def test_check_apply_check_apply(world: World, record: Record) -> None:
    check = record(_ansible_check_mode=True)
    assert world.writes() == []
    apply = record()
    assert world.writes() == ["PutParameter"]
    again = [record(_ansible_check_mode=True), record()]
    assert world.writes() == ["PutParameter"]
    assert [one["changed"] for one in (check, apply, *again)] == [True, True, False, False]
    assert check == apply
    assert [line["action"] for line in apply["records"]] == ["keep", "record"]
    assert world.value(ELSEWHERE, NAME) == ami_id(3)
    assert again[1]["diff"]["before"] == again[1]["diff"]["after"] == apply["diff"]["after"]
    assert apply["table"][1].split()[:3] == [f"{OTHER}/{REGION}", ami_id(3), "record"]


def test_a_place_without_it_is_told(world: World, record: Record) -> None:
    del world.images[ELSEWHERE][ami_id(3)]
    result = record()
    assert not result["changed"]
    assert result["records"][1]["image_id"] is None
    assert "copy it there" in result["records"][1]["reason"]
    assert f"web 1.0 is not recorded in {OTHER}/{REGION}" in str(result["warnings"])


def test_one_that_is_pending_waits(world: World, record: Record) -> None:
    world.images[ELSEWHERE][ami_id(3)]["State"] = "pending"
    result = record()
    assert (result["changed"], world.writes()) == (False, [])
    assert f"{ami_id(3)} is pending: run again" in result["records"][1]["reason"]


def test_half_a_build_is_not_recorded(world: World, record: Record) -> None:
    world.images[ELSEWHERE][ami_id(3)]["Tags"] = [
        {"Key": k, "Value": v} for k, v in TAGS.items() if "complete" not in k
    ]
    assert not record()["changed"]


def test_another_ami_is_never_overwritten(world: World, record: Record) -> None:
    world.put(ELSEWHERE, NAME, ami_id(9))
    world.parameters[HERE].clear()
    result = record()
    assert result["failed"]
    assert f"in {OTHER}/{REGION} it names {ami_id(9)}" in result["msg"]
    assert world.writes() == []


def test_several_are_not_chosen_from(world: World, record: Record) -> None:
    world.image(ELSEWHERE, ami_id(4), tags=TAGS)
    result = record()
    assert f"several AMIs of it, {ami_id(3)}, {ami_id(4)}" in result["msg"]
    assert world.writes() == []


@pytest.fixture
def several(world: World) -> World:
    """A version of which the template's two sources made an AMI each, with copies elsewhere."""
    world.parameters[HERE].clear()
    for where, first in ((HERE, 1), (ELSEWHERE, 3)):
        world.images[where].clear()
        for number, builder in enumerate(("arm", "intel")):
            world.image(where, ami_id(first + number), tags=TAGS, Name=f"web-{builder}-1.0")
    world.put(HERE, f"{NAME}/arm", ami_id(1))
    world.put(HERE, f"{NAME}/intel", ami_id(2))
    return world


def test_of_several_each_is_recorded_by_its_builder(several: World, record: Record) -> None:
    check = record(_ansible_check_mode=True)
    apply = record()
    assert check == apply
    assert several.value(ELSEWHERE, f"{NAME}/arm") == ami_id(3)
    assert several.value(ELSEWHERE, f"{NAME}/intel") == ami_id(4)
    assert [(line["action"], line["parameter"]) for line in apply["records"]] == [
        ("keep", f"{NAME}/arm"),
        ("record", f"{NAME}/arm"),
        ("keep", f"{NAME}/intel"),
        ("record", f"{NAME}/intel"),
    ]
    assert (record()["changed"], several.writes()) == (False, ["PutParameter"] * 2)


def test_one_of_several_is_recorded_alone(several: World, record: Record) -> None:
    assert record(version="1.0/intel")["changed"]
    assert several.value(ELSEWHERE, f"{NAME}/intel") == ami_id(4)
    assert several.value(ELSEWHERE, f"{NAME}/arm") is None


def test_which_is_which_is_known_where_they_were_built(several: World, record: Record) -> None:
    result = record(accounts=[OTHER])
    assert "no record tells which is which: name the Region it was built in" in result["msg"]
    assert several.writes() == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"version": "9.9"}, "there is no complete AMI of it in"),
        ({"version": "a b"}, "is no version"),
        ({"image": "We b"}, "image"),
        ({"timeout": 0}, "say 1 or more seconds"),
        ({"accounts": ["12345678901"]}, "twelve digits"),
    ],
)
def test_refused(world: World, record: Record, given: dict[str, t.Any], said: str) -> None:
    result = record(**given)
    assert result["failed"]
    assert said in result["msg"]
    assert world.writes() == []


def test_what_ssm_does_not_like_never_reads_back(world: World, record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "_PAUSE", 0.01)

    def forget(operation: str, where: tuple[str, str], _request: t.Any) -> None:
        if operation == "GetParameters":
            world.parameters.get(where, {}).pop(NAME, None)

    world.hook = forget
    result = record(accounts=[OTHER], timeout=1)
    assert result["failed"]
    assert "After 1 s what was written does not read back" in result["msg"]
    assert f"{NAME} ({ami_id(3)}) in {OTHER}/{REGION}" in result["msg"]


def test_one_place_is_denied(world: World, record: Record) -> None:
    def deny(operation: str, where: tuple[str, str], _request: t.Any) -> None:
        if operation == "PutParameter" and where == ELSEWHERE:
            raise error("AccessDeniedException", operation)

    world.parameters[HERE].clear()
    world.hook = deny
    result = record()
    assert [line["image_id"] for line in result["done"]] == [ami_id(1)]
    assert "AccessDenied" in result["not_done"][0]["error"]
    world.hook = None
    assert record()["changed"]
    assert world.value(ELSEWHERE, NAME) == ami_id(3)
