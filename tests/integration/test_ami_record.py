# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A version is recorded wherever an AMI of it is, in two accounts and three Regions, once and for that AMI only."""

from __future__ import annotations

import threading
import time
import typing as t

import pytest
from harness.cloud import Cloud
from harness.faults import Faults, faults
from harness.four import Four
from harness.outcome import Step
from harness.planted_amis import HOME_REGION, OTHER, OTHER_REGION, Amis
from harness.recorder import Recorder

MODULE = "golden.ami.ami_record"
IMAGE_TYPE = "aws:ec2:image"
THIRD_REGION = "ap-southeast-2"
REGIONS = [HOME_REGION, OTHER_REGION, THIRD_REGION]
Place = tuple[str, str]


def places_of(amis: Amis) -> list[Place]:
    return [(account, region) for account in (amis.account, OTHER) for region in REGIONS]


def everywhere(amis: Amis, **more: t.Any) -> dict[str, t.Any]:
    return {
        "image": amis.image,
        "version": amis.version,
        "accounts": [amis.account, OTHER],
        "regions": REGIONS,
        **more,
    }


def name_of(amis: Amis) -> str:
    return f"/golden/{amis.image}/versions/{amis.version}"


def recorded(amis: Amis, *places: Place) -> dict[Place, str]:
    """What is recorded in each place, where something is; as an AMI that SSM has looked at."""
    found = {}
    for account, region in places:
        answer = amis.client("ssm", region, account).get_parameters(Names=[name_of(amis)])
        for parameter in answer["Parameters"]:
            assert parameter["DataType"] == IMAGE_TYPE
            found[account, region] = parameter["Value"]
    return found


def put(amis: Amis, place: Place, value: str) -> None:
    account, region = place
    ssm = amis.client("ssm", region, account)
    ssm.put_parameter(Name=name_of(amis), Value=value, Type="String", DataType=IMAGE_TYPE)


def run(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory, options: dict[str, t.Any]) -> Step:
    """Once, after a check."""
    _run, (_check, applied) = Recorder(cloud, tmp_path_factory.mktemp("record")).tasks(MODULE, options, 2, {})
    return applied


def test_a_version_is_recorded_wherever_it_is(four: Four, cloud: Cloud) -> None:
    amis = Amis(cloud)
    places = places_of(amis)
    planted = {place: amis.plant(place[1], place[0]) for place in places}
    outcome = four.module(MODULE, everywhere(amis))
    # Whose account it is, its Regions, the other account's session; AMIs and the parameter of each place.
    outcome.expect(changed=True, writes={"PutParameter": 6}, idle_reads=3 + 2 * 6)
    assert recorded(amis, *places) == planted
    assert outcome.apply.result["parameter"] == name_of(amis)
    for step, action in ((outcome.check, "record"), (outcome.apply, "record"), (outcome.apply_again, "keep")):
        told = {(one["account"], one["region"]): (one["image_id"], one["action"]) for one in step.result["records"]}
        assert told == {place: (image_id, action) for place, image_id in planted.items()}, step.name
        reasons = [one["reason"] for one in step.result["records"]]
        lines = step.result["table"]
        assert [line.endswith(f"  {reason}") for line, reason in zip(lines, reasons, strict=True)] == [True] * 6


def test_only_where_it_lacks_and_there_is_one_to_name(four: Four, cloud: Cloud) -> None:
    """One place has it recorded, one has an AMI of a build that never ended, and one has none."""
    amis = Amis(cloud)
    here, there, bare = ((amis.account, region) for region in REGIONS)
    known, new = amis.plant(HOME_REGION), amis.plant(OTHER_REGION)
    amis.plant(OTHER_REGION, **{"golden:complete": "no"})
    put(amis, here, known)
    outcome = four.module(MODULE, {"image": amis.image, "version": amis.version, "regions": REGIONS})
    outcome.expect(changed=True, writes={"PutParameter": 1}, idle_reads=2 + 2 * 3)
    assert recorded(amis, here, there, bare) == {here: known, there: new}
    assert [one["action"] for one in outcome.apply.result["records"]] == ["keep", "record", "none"]
    assert outcome.apply.result["records"][2]["image_id"] is None
    (said,) = outcome.apply.result["warnings"]
    assert f"is not recorded in {amis.account}/{THIRD_REGION}" in said
    assert "copy it there (golden.ami.ami_copy)" in said
    assert outcome.check.result["warnings"] == outcome.apply.result["warnings"]


def test_a_build_with_several_amis_has_a_record_for_each_builder(four: Four, cloud: Cloud) -> None:
    amis = Amis(cloud)
    one, other = amis.plant(), amis.plant()
    told = {"image": amis.image, "version": amis.version}
    said = four.refused(MODULE, told)
    assert f"{amis.account}/{HOME_REGION} has several AMIs of it" in said
    assert one in said
    assert other in said
    amis.client("ssm").put_parameter(Name=f"{name_of(amis)}/arm", Value=other, Type="String", DataType=IMAGE_TYPE)
    outcome = four.module(MODULE, {**told, "version": f"{amis.version}/arm"})
    outcome.expect(changed=False, writes={}, idle_reads=3)
    assert outcome.apply.result["records"][0]["image_id"] == other


def test_a_version_names_one_ami_for_good(four: Four, cloud: Cloud) -> None:
    """What is wrong in one place of six leaves the other five as they are."""
    amis = Amis(cloud)
    places = places_of(amis)
    for account, region in places:
        amis.plant(region, account)
    wrong = (OTHER, THIRD_REGION)
    another = amis.plant(wrong[1], wrong[0], **{"golden:version": "another"})
    put(amis, wrong, another)
    said = four.refused(MODULE, everywhere(amis))
    assert f"in {OTHER}/{THIRD_REGION} it names {another}, which is no complete AMI of that version there" in said
    assert f"remove the parameter {name_of(amis)} there" in said
    assert said.endswith("Nothing was written.")
    # The AMI that it names is gone: what was built is not to be had any more, and nothing takes its place.
    amis.client("ec2", wrong[1], wrong[0]).deregister_image(ImageId=another)
    assert f"it names {another}" in four.refused(MODULE, everywhere(amis))
    assert recorded(amis, *places) == {wrong: another}


def test_what_is_refused_before_a_write(four: Four, cloud: Cloud) -> None:
    amis = Amis(cloud)
    amis.plant(**{"golden:complete": "no"})
    told = {"image": amis.image, "version": amis.version}
    said = four.refused(MODULE, {**told, "regions": [HOME_REGION, OTHER_REGION]})
    assert f"there is no complete AMI of it in {amis.account}/{HOME_REGION}, {amis.account}/{OTHER_REGION}" in said
    assert "build it, or name the Regions it is in" in said
    four.refuses(
        MODULE,
        {
            "accounts: 22222222222 has 11 characters": {**told, "accounts": ["22222222222"]},
            "is not a Region": {**told, "regions": ["mars-north-1"]},
            "is no image's name": {**told, "image": "Web_1"},
            "is no version": {**told, "version": "1 0"},
            "say 1 or more seconds": {**told, "timeout": 0},
        },
    )


def test_half_way_denied_it_says_so_and_the_next_run_completes_it(
    four: Four, cloud: Cloud, tmp_path_factory: pytest.TempPathFactory
) -> None:
    amis = Amis(cloud)
    places = places_of(amis)
    planted = {place: amis.plant(place[1], place[0]) for place in places}
    closed = (OTHER, OTHER_REGION)
    code = "AccessDeniedException"
    with faults(cloud, "PutParameter", "error", code=code, account=OTHER, region=OTHER_REGION):
        denied = run(cloud, tmp_path_factory, everywhere(amis))
    assert denied.failed
    done = {(one["account"], one["region"]): one["image_id"] for one in denied.result["done"]}
    assert done == {place: planted[place] for place in places if place != closed}
    assert recorded(amis, *places) == done
    (left,) = denied.result["not_done"]
    assert (left["account"], left["region"], left["image_id"]) == (*closed, planted[closed])
    assert code in left["error"]
    assert "5 were done and stay" in denied.result["msg"]
    assert "run the task again" in denied.result["msg"]
    four.module(MODULE, everywhere(amis)).expect(changed=True, writes={"PutParameter": 1}, idle_reads=3 + 2 * 6)
    assert recorded(amis, *places) == planted


def test_an_answer_that_gets_lost_is_no_failure(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> None:
    amis = Amis(cloud)
    image_id = amis.plant()
    with faults(cloud, "PutParameter", "drop_answer"):
        step = run(cloud, tmp_path_factory, {"image": amis.image, "version": amis.version})
    assert not step.failed, step.result["msg"]
    # The first one had done it, the second one is told that it is there.
    assert step.writes == {"PutParameter": 2}
    assert recorded(amis, (amis.account, HOME_REGION)) == {(amis.account, HOME_REGION): image_id}


def test_an_ami_that_ssm_does_not_like_is_told(
    four: Four, cloud: Cloud, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SSM takes each call, looks at the AMI, and writes nothing when it is gone by then."""
    amis = Amis(cloud)
    here, there = (amis.account, HOME_REGION), (amis.account, OTHER_REGION)
    stays, goes = amis.plant(HOME_REGION), amis.plant(OTHER_REGION)
    options = {"image": amis.image, "version": amis.version, "regions": [HOME_REGION, OTHER_REGION]}
    with faults(cloud, "PutParameter", "delay", seconds=3600, region=OTHER_REGION) as delayed:
        gone = threading.Thread(target=_deregister, args=(cloud, delayed, amis, goes))
        gone.start()
        step = run(cloud, tmp_path_factory, {**options, "timeout": 2})
        gone.join()
    assert step.failed
    assert "After 2 s what was written does not read back" in step.result["msg"]
    assert f"({goes}) in {amis.account}/{OTHER_REGION}" in step.result["msg"]
    assert "run again" in step.result["msg"]
    assert recorded(amis, here, there) == {here: stays}
    again = amis.plant(OTHER_REGION)
    four.module(MODULE, options).expect(changed=True, writes={"PutParameter": 1}, idle_reads=2 + 2 * 2)
    assert recorded(amis, here, there) == {here: stays, there: again}


def _deregister(cloud: Cloud, delayed: str, amis: Amis, image_id: str) -> None:
    """While the call that names the AMI waits in the cloud; then that goes on."""
    until = time.monotonic() + 600
    while not Faults(cloud).hits(delayed) and time.monotonic() < until:
        time.sleep(0.1)
    amis.client("ec2", OTHER_REGION).deregister_image(ImageId=image_id)
    Faults(cloud).remove(delayed)
