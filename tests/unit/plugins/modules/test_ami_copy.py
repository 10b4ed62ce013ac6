# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ami_copy by its own main(), on an EC2 in memory: what is copied, and that it is copied once."""

from __future__ import annotations

import json
import typing as t

import botocore.client
import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.golden.ami.plugins.module_utils._ami import calls_copy, copy_run, copy_world
from ansible_collections.golden.ami.plugins.modules import ami_copy
from harness.ec2_world import AWS_KEY, HOME, KEY, OTHER, THIRD, Fault, World, refusal

HERE = (HOME, "us-east-1")
WEST = (HOME, "eu-west-1")
SOUTH = (HOME, "ap-southeast-2")
BUILT = {"golden:image": "web", "golden:version": "20261121.1", "golden:fingerprint": "f1", "golden:complete": "yes"}
WEST_KEY = f"arn:aws:kms:eu-west-1:{HOME}:key/west"

Copy = t.Callable[..., dict[str, t.Any]]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    # A function, so that it is bound to the client.
    # pylint: disable-next=unnecessary-lambda
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", lambda *given: made(*given))
    monkeypatch.setattr(copy_run, "time", made.clock)
    monkeypatch.setattr("ansible_collections.amazon.aws.plugins.module_utils.cloud.time", made.clock)
    return made


@pytest.fixture
def copy(capsys: pytest.CaptureFixture[str]) -> Copy:
    """Runs the module with options that a test gives; its result."""

    def call(**given: t.Any) -> dict[str, t.Any]:
        options = {"region": "us-east-1", "access_key": HOME, "secret_key": "local-secret-key", **given}
        with patch_module_args(options), pytest.raises(SystemExit):
            ami_copy.main()
        result: dict[str, t.Any] = json.loads(capsys.readouterr().out)
        return result

    return call


def source(world: World, **given: t.Any) -> str:
    return str(world.image(HERE, **{"tags": BUILT, **given})["ImageId"])


def only(world: World, place: tuple[str, str]) -> dict[str, t.Any]:
    (image,) = world.images[place].values()
    return image


def test_check_apply_check_apply(world: World, copy: Copy) -> None:
    one, two = source(world), source(world, tags={})
    options = {"image_ids": [one, two], "regions": ["eu-west-1", "ap-southeast-2"], "_ansible_diff": True}
    check = copy(**options, _ansible_check_mode=True)
    assert world.writes == []
    apply = copy(**options)
    assert world.writes == ["CopyImage"] * 4
    again = [copy(**options, _ansible_check_mode=True), copy(**options)]
    assert world.writes == ["CopyImage"] * 4
    assert [check["changed"], apply["changed"], again[0]["changed"], again[1]["changed"]] == [True, True, False, False]
    assert [line["action"] for line in check["copies"]] == [line["action"] for line in apply["copies"]] == ["copy"] * 4
    assert {line["action"] for line in again[1]["copies"]} == {"none"}
    assert [line["image_id"] for line in again[0]["copies"]] == [line["image_id"] for line in apply["copies"]]
    assert {line["state"] for line in apply["copies"]} == {"available"}
    for result in (check, apply):
        for line in result["diff"]["after"]["copies"]:
            line.pop("image_id")
    assert check["diff"] == apply["diff"]
    assert again[1]["diff"]["before"] == again[1]["diff"]["after"]


def test_a_copy_has_description_and_tags_from_its_first_moment(world: World, copy: Copy) -> None:
    disks = {"/dev/xvda": {"Name": "root", "team": "web"}, "/dev/xvdb": {"Name": "data", "team": "web"}}
    one = source(world, disks=disks, Tags=[], tags={})
    world.images[HERE][one]["Tags"] = [{"Key": k, "Value": v} for k, v in {**BUILT, "aws:made-by": "AWS"}.items()]
    result = copy(image_ids=[one], regions=["eu-west-1"], tags={"owner": "us", "team": "all"})
    made, mark = only(world, WEST), {"golden:source-copy": f"us-east-1/{one}"}
    assert (made["Name"], made["Description"]) == (world.images[HERE][one]["Name"], "as it was built")
    assert world.tags(WEST, made["ImageId"]) == {**BUILT, "owner": "us", "team": "all", **mark}
    root, data = result["copies"][0]["snapshot_ids"]
    assert world.tags(WEST, root) == {"Name": "root", "owner": "us", "team": "all", **mark}
    assert world.tags(WEST, data) == {"Name": "data", "owner": "us", "team": "all", **mark}
    # All that is alike comes with the call that makes it; a name for each disk can only be written later.
    assert world.writes == ["CopyImage", "CreateTags", "CreateTags"]
    assert not copy(image_ids=[one], regions=["eu-west-1"], tags={"owner": "us", "team": "all"})["changed"]


def test_another_account_copies_by_itself_what_was_shared_with_it(world: World, copy: Copy) -> None:
    one = source(world)
    options = {"image_ids": [one], "regions": ["us-east-1", "eu-west-1"], "accounts": [OTHER, THIRD]}
    check = copy(**options, _ansible_check_mode=True)
    result = copy(**options)
    assert world.writes[:2] == ["ModifyImageAttribute", "ModifySnapshotAttribute"]
    assert result["shared"] == check["shared"]
    assert [line["accounts"] for line in result["shared"]] == [[OTHER, THIRD]] * 2
    assert [(line["account"], line["region"]) for line in result["copies"]] == [
        (OTHER, "us-east-1"),
        (OTHER, "eu-west-1"),
        (THIRD, "us-east-1"),
        (THIRD, "eu-west-1"),
    ]
    for place in ((OTHER, "us-east-1"), (THIRD, "eu-west-1")):
        made = only(world, place)
        assert made["OwnerId"] == place[0]
        assert world.tags(place, made["ImageId"])["golden:version"] == "20261121.1"
    assert not copy(**options)["changed"]


def test_a_permission_that_is_not_known_everywhere_yet(world: World, copy: Copy) -> None:
    one = source(world)
    world.faults.append(
        Fault("CopyImage", refusal("CopyImage", "InvalidRequest", "no permission for the storage"), times=2)
    )
    assert copy(image_ids=[one], accounts=[OTHER])["copies"][0]["state"] == "available"


def test_without_sharing_the_task_that_is_lacking_is_named(world: World, copy: Copy) -> None:
    one = source(world)
    result = copy(image_ids=[one], accounts=[OTHER], share=False)
    assert (
        f"golden.ami.ami_share before this one have image_ids: [{one}] and targets: {{accounts: [{OTHER}]}}"
        in result["msg"]
    )
    assert world.writes == []
    disk = world.images[HERE][one]["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    world.shared |= {(one, OTHER), (disk, OTHER)}
    assert copy(image_ids=[one], accounts=[OTHER], share=False)["changed"]
    assert world.writes == ["CopyImage"]


def test_keys_of_regions(world: World, copy: Copy) -> None:
    one = source(world)
    world.keys[WEST] = {"alias/golden": {"Arn": WEST_KEY, "KeyState": "Enabled"}}
    options = {"image_ids": [one], "regions": ["eu-west-1"], "kms_keys": {"eu-west-1": "alias/golden"}}
    copy(**options)
    (request,) = (request for _place, operation, request in world.seen if operation == "CopyImage")
    assert (request["Encrypted"], request["KmsKeyId"]) == (True, WEST_KEY)
    assert not copy(**options)["changed"]
    world.keys[WEST]["alias/other"] = {"Arn": f"{WEST_KEY}2", "KeyState": "Enabled"}
    result = copy(**{**options, "kms_keys": {"eu-west-1": "alias/other"}})
    assert f"is encrypted with {WEST_KEY}, not with {WEST_KEY}2" in result["msg"]
    assert world.writes == ["CopyImage"]


def test_what_packer_copied_is_a_copy_and_gets_the_tags_that_it_lacks(world: World, copy: Copy) -> None:
    one = source(world)
    theirs = world.image(
        WEST, SourceImageId=one, SourceImageRegion="us-east-1", tags={"env": "eu", "golden:complete": "no"}
    )
    result = copy(image_ids=[one], regions=["eu-west-1"])
    assert [result["copies"][0][key] for key in ("action", "image_id")] == ["update", theirs["ImageId"]]
    assert world.writes == ["CreateTags", "CreateTags"]
    assert world.tags(WEST, theirs["ImageId"])["env"] == "eu"
    assert world.tags(WEST, theirs["ImageId"])["golden:complete"] == "yes"
    assert not copy(image_ids=[one], regions=["eu-west-1"])["changed"]


def test_an_ami_whose_tests_failed_is_not_copied(world: World, copy: Copy) -> None:
    one = source(world, tags={**BUILT, "golden:tested": "failed 2026-11-21 by golden-1"})
    result = copy(image_ids=[one], regions=["eu-west-1"])
    assert result["failed"]
    assert f"{one} in {HOME}/us-east-1 is quarantined, for its tests failed" in result["msg"]
    assert world.writes == []


def test_what_is_of_the_same_build_is_not_copied_back(world: World, copy: Copy) -> None:
    """The AMI was copied from here to there; there it is the source, and here it is."""
    one = source(world, Name="web")
    there = world.image(WEST, Name="web", tags=BUILT)["ImageId"]
    result = copy(image_ids=[there], source_region="eu-west-1")
    assert [(line["action"], line["image_id"]) for line in result["copies"]] == [("update", one)]
    assert "CopyImage" not in world.writes


def test_an_image_of_an_instance_of_the_source_is_no_copy(world: World, copy: Copy) -> None:
    one = source(world)
    world.image(WEST, SourceImageId=one, SourceImageRegion="us-east-1", SourceInstanceId="i-1")
    copy(image_ids=[one], regions=["eu-west-1"])
    assert world.writes == ["CopyImage"]


def test_the_source_itself_is_no_place_to_copy_to(world: World, copy: Copy) -> None:
    one = source(world)
    result = copy(image_ids=[one], regions=["us-east-1"])
    assert (result["changed"], result["copies"][0]["reason"]) == (False, "it is the source itself")
    world.keys[HERE] = {"alias/golden": {"Arn": KEY}}
    asked = {"image_ids": [one], "regions": ["us-east-1"], "kms_keys": {"us-east-1": "alias/golden"}}
    assert "Give the copy another name (name)" in copy(**asked)["msg"]
    assert copy(**asked, name="web-encrypted")["changed"]
    assert not copy(**asked, name="web-encrypted")["changed"]


def test_a_copy_that_is_being_made_is_waited_for(world: World, copy: Copy) -> None:
    one = source(world)
    world.takes = {"eu-west-1": 100.0}
    started = copy(image_ids=[one], regions=["eu-west-1"], wait=False)
    assert (started["changed"], started["copies"][0]["state"]) == (True, "pending")
    result = copy(image_ids=[one], regions=["eu-west-1"])
    assert [result["copies"][0][key] for key in ("action", "state")] == ["wait", "available"]
    assert not result["changed"]
    assert world.writes == ["CopyImage"]


def test_a_copy_of_ours_that_failed_is_made_anew(world: World, copy: Copy) -> None:
    one = source(world)
    world.fails = {"eu-west-1": "the key is not accessible"}
    kept = copy(image_ids=[one], regions=["eu-west-1", "ap-southeast-2"], on_failure="keep")
    assert kept["failed"]
    assert "the key is not accessible" in kept["msg"]
    assert [line["state"] for line in kept["copies"]] == ["failed", "available"]
    world.fails = {}
    checked = copy(image_ids=[one], regions=["eu-west-1"], _ansible_check_mode=True)
    result = copy(image_ids=[one], regions=["eu-west-1"])
    assert checked["copies"][0]["action"] == result["copies"][0]["action"] == "replace"
    assert only(world, WEST)["ImageId"] == result["copies"][0]["image_id"] != kept["copies"][0]["image_id"]
    assert len(world.snapshots[WEST]) == 1


def test_a_copy_that_fails_is_rolled_back(world: World, copy: Copy) -> None:
    one = source(world)
    world.fails = {"eu-west-1": "the key is not accessible"}
    result = copy(image_ids=[one], regions=["eu-west-1", "ap-southeast-2"])
    assert [line["rolled_back"] for line in result["copies"]] == [True, False]
    assert (world.images[WEST], world.snapshots[WEST]) == ({}, {})
    assert only(world, SOUTH)["State"] == "available"
    assert f"These are: {only(world, SOUTH)['ImageId']} in {HOME}/ap-southeast-2" in result["msg"]
    world.fails = {}
    assert copy(image_ids=[one], regions=["eu-west-1", "ap-southeast-2"])["copies"][0]["state"] == "available"


def test_the_timeout_says_what_was_reached_and_the_next_run_goes_on(world: World, copy: Copy) -> None:
    one = source(world)
    world.takes = {"eu-west-1": 10_000.0}
    options = {"image_ids": [one], "regions": ["eu-west-1", "ap-southeast-2"]}
    result = copy(**options, timeout=60)
    assert result["failed"]
    assert "1 of 2 copies are not there after 60 seconds" in result["msg"]
    assert [line["state"] for line in result["copies"]] == ["pending", "available"]
    assert world.clock.now >= 60
    again = copy(**options, timeout=20_000)
    assert [line["action"] for line in again["copies"]] == ["wait", "none"]
    assert world.writes == ["CopyImage"] * 2


def reads_of(world: World) -> list[str]:
    """The calls after that which made the copy: those of the wait."""
    operations = world.operations
    return operations[operations.index("CopyImage") + 1 :]


def test_a_copy_of_which_nothing_is_known_is_noticed_by_the_progress_of_its_snapshots(world: World, copy: Copy) -> None:
    one = source(world)
    world.takes = {"eu-west-1": 607.0}
    (made,) = copy(image_ids=[one], regions=["eu-west-1"])["copies"]
    assert 607 <= made["seconds"] <= 609
    # botocore's waiter asks at 0, 15, 30 … 615 seconds.
    assert len(reads_of(world)) <= 42
    read = [one for _place, operation, one in world.seen if operation == "DescribeSnapshots"][-1]
    assert read["Filters"] == [{"Name": "description", "Values": [f"Copied for DestinationAmi {made['image_id']} *"]}]


@pytest.mark.parametrize(
    ("told", "percent"),
    [
        ([], 0),
        ([("ami-1", "pending", "")], 0),
        ([("ami-1", "pending", "37%")], 37),
        ([("ami-1", "pending", "?")], 0),
        ([("ami-1", "completed", "100%"), ("ami-1", "pending", "12%")], 12),
        ([("ami-1", "error", "")], 100),
        ([("ami-1", "pending", "37%"), ("ami-2", "completed", "100%")], 37),
        ([("ami-2", "pending", "1%"), ("ami-1", "pending", "37%")], 1),
    ],
)
def test_copies_are_as_far_as_the_slowest_of_their_disks(told: list[tuple[str, str, str]], percent: float) -> None:
    ids = sorted({"ami-1", *(image_id for image_id, _state, _progress in told)})
    snapshots = [
        {
            "Description": f"Copied for DestinationAmi {image_id} from SourceAmi ami-9.",
            "State": state,
            "Progress": progress,
        }
        for image_id, state, progress in told
    ]
    assert copy_world.slowest(ids, snapshots) == percent


def test_who_may_not_look_at_snapshots_waits_as_botocore_does(world: World, copy: Copy) -> None:
    one = source(world)
    world.takes = {"eu-west-1": 607.0}
    denied = refusal("DescribeSnapshots", "UnauthorizedOperation")
    # Before it copies the module looks at snapshots as well.
    world.faults.append(Fault("DescribeSnapshots", denied, lambda _p, _r: "CopyImage" in world.operations, times=99))
    result = copy(image_ids=[one], regions=["eu-west-1"])
    assert not result.get("failed")
    assert result["copies"][0]["seconds"] == 615
    # The history and the progress, each once, and botocore's calls but one.
    assert reads_of(world).count("DescribeSnapshots") == 2
    assert len(reads_of(world)) <= 42


def test_an_answer_that_is_lost_makes_no_second_copy(world: World, copy: Copy) -> None:
    """botocore and the module repeat the call, with the same token."""
    one = source(world)
    world.faults.append(Fault("CopyImage", refusal("CopyImage", "RequestLimitExceeded"), after=True))
    assert copy(image_ids=[one], regions=["eu-west-1"])["changed"]
    assert world.writes == ["CopyImage"] * 2
    assert len(world.images[WEST]) == 1


def test_a_token_of_a_copy_that_is_gone(world: World, copy: Copy) -> None:
    """EC2 remembers tokens longer than the AMIs that were made for them."""
    one = source(world)
    first = copy(image_ids=[one], regions=["eu-west-1"])["copies"][0]["image_id"]
    world.images[WEST].clear()
    second = copy(image_ids=[one], regions=["eu-west-1"])
    assert second["copies"][0]["image_id"] == only(world, WEST)["ImageId"] != first
    assert second["copies"][0]["state"] == "available"


def test_denied_in_one_region(world: World, copy: Copy) -> None:
    one, denied = source(world), refusal("CopyImage", "UnauthorizedOperation", "not you")
    world.faults.append(Fault("CopyImage", denied, lambda place, _request: place == WEST))
    options = {"image_ids": [one], "regions": ["eu-west-1", "ap-southeast-2"]}
    result = copy(**options)
    assert result["failed"]
    assert f"copy the image {one} to {HOME}/eu-west-1" in result["msg"]
    assert "not you" in result["msg"]
    assert [line["state"] for line in result["copies"]] == ["absent", "available"]
    assert "Running the task again goes on" in result["msg"]
    assert [line["action"] for line in copy(**options)["copies"]] == ["copy", "none"]


def test_denied_to_share_with_one(world: World, copy: Copy) -> None:
    one = source(world)
    world.faults.append(Fault("ModifySnapshotAttribute", refusal("ModifySnapshotAttribute", "UnauthorizedOperation")))
    result = copy(image_ids=[one], accounts=[HOME, OTHER], regions=["eu-west-1"])
    assert [line["state"] for line in result["copies"]] == ["available", "absent"]
    assert [line["snapshot_id"] for line in result["shared"]] == [None]
    assert not copy(image_ids=[one], accounts=[HOME, OTHER], regions=["eu-west-1"]).get("failed")


def test_a_place_that_can_not_be_asked_any_more(world: World, copy: Copy) -> None:
    one = source(world)
    world.takes = {"eu-west-1": 50.0}

    def late(place: tuple[str, str], _request: object) -> bool:
        return place == WEST and world.clock.now > 10

    world.faults.append(Fault("DescribeImages", refusal("DescribeImages", "UnauthorizedOperation"), late))
    result = copy(image_ids=[one], regions=["eu-west-1"])
    assert "was not waited for to the end" in result["msg"]
    assert world.writes == ["CopyImage"]


def test_a_copy_that_somebody_removes_meanwhile(world: World, copy: Copy) -> None:
    one = source(world)
    world.takes = {"eu-west-1": 5000.0}
    remove = Fault("DescribeImages", refusal("DescribeImages", "RequestLimitExceeded"), lambda _p, _r: vanish())

    def vanish() -> bool:
        if world.clock.now > 40:
            world.images[WEST].clear()
        return False

    world.faults.append(remove)
    assert "was deregistered by somebody" in copy(image_ids=[one], regions=["eu-west-1"])["msg"]


def test_a_description_that_is_given_is_corrected(world: World, copy: Copy) -> None:
    one = source(world)
    copy(image_ids=[one], regions=["eu-west-1"])
    assert not copy(image_ids=[one], regions=["eu-west-1"])["changed"]
    result = copy(image_ids=[one], regions=["eu-west-1"], description="for Europe")
    assert (result["changed"], only(world, WEST)["Description"]) == (True, "for Europe")
    assert not copy(image_ids=[one], regions=["eu-west-1"], description="for Europe")["changed"]


def test_copies_within_a_time(world: World, copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    one = source(world)
    copy(image_ids=[one], regions=["eu-west-1"], completion_minutes=30)
    assert world.seen[-2][2].get("SnapshotCopyCompletionDurationMinutes") == 30 or any(
        request.get("SnapshotCopyCompletionDurationMinutes") == 30 for _place, _operation, request in world.seen
    )
    monkeypatch.setattr(calls_copy, "can_set_completion", lambda _ec2: False)
    assert "this botocore is too old" in copy(image_ids=[one], regions=["ap-southeast-2"], completion_minutes=30)["msg"]


def test_an_old_botocore_does_not_tell_the_source(world: World, copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    one = source(world)
    monkeypatch.setattr(calls_copy, "tells_source", lambda _ec2: False)
    copy(image_ids=[one], regions=["eu-west-1"], name="another")
    for image in world.images[WEST].values():
        del image["SourceImageId"], image["SourceImageRegion"]
    assert not copy(image_ids=[one], regions=["eu-west-1"], name="another")["changed"]


def test_calls_of_a_run_that_has_nothing_to_do(world: World, copy: Copy) -> None:
    images = [source(world) for _number in range(3)]
    copy(image_ids=images, regions=["eu-west-1"])
    world.seen.clear()
    copy(image_ids=images, regions=["eu-west-1"])
    read = ["DescribeImages", "DescribeSnapshots"]
    assert world.operations == ["DescribeRegions", "GetCallerIdentity", *read, *read]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"image_ids": []}, "name at least one AMI"),
        ({"image_ids": ["web"]}, "web is no id of an AMI"),
        ({"image_ids": ["ami-00000000000000bad"]}, "there is no AMI ami-00000000000000bad in us-east-1 that account"),
        ({"accounts": ["22222222222"]}, "22222222222 has 11 characters; an account number has twelve digits"),
        ({"regions": ["eu-wst-1"]}, "eu-wst-1 is not a Region"),
        ({"source_region": "us-est-1"}, "source_region: us-est-1 is not a Region"),
        ({"name": "x"}, "is none for EC2"),
        ({"timeout": 0}, "one second at least"),
        ({"tags": {"aws:name": "x"}}, "aws:name is AWS's own"),
        ({"tags": {"name": "x" * 257}}, "256 for a value"),
        ({"tags": {f"t{number}": "x" for number in range(46)}}, "would have 51 tags, and EC2 takes 50"),
        ({"completion_minutes": 20}, "20 is not a multiple of 15"),
        ({"kms_keys": {"eu-west-1": KEY}}, "the key for eu-west-1 is in us-east-1"),
        ({"kms_keys": {"eu-west-1": "alias/none"}}, "has no key alias/none in eu-west-1"),
        ({"kms_keys": {"eu-west-1": "alias/off"}}, "is Disabled"),
        ({"kms_keys": {"eu-wst-1": "alias/none"}}, "there is no key for eu-west-1; there are eu-wst-1"),
        ({"kms_keys": {"eu-west-1": "alias/off"}, "encrypted": False}, "with a key a copy is encrypted"),
    ],
)
def test_refused_before_anything_is_written(world: World, copy: Copy, given: dict[str, t.Any], said: str) -> None:
    world.keys[WEST] = {"alias/off": {"Arn": WEST_KEY, "KeyState": "Disabled"}}
    result = copy(**{"image_ids": [source(world)], "regions": ["eu-west-1"], **given})
    assert result["failed"]
    assert said in result["msg"]
    assert world.writes == []


@pytest.mark.parametrize(
    ("image", "given", "said"),
    [
        ({"State": "pending"}, {}, "is pending; only an AMI that is available can be copied"),
        ({"tags": {"golden:complete": "no"}}, {}, "of a build that did not end well"),
        ({"key": KEY}, {"encrypted": False}, "EC2 makes no copy of it that is not"),
        ({"key": AWS_KEY}, {"accounts": [OTHER]}, "encrypted with the AWS-managed key"),
        ({}, {"image_ids": ["ami-00000000000000001", "ami-00000000000000002"], "name": "web"}, "can't have one name"),
    ],
)
def test_sources_that_are_refused(
    world: World, copy: Copy, image: dict[str, t.Any], given: dict[str, t.Any], said: str
) -> None:
    world.keys[HERE] = {AWS_KEY: {"KeyManager": "AWS"}, KEY: {"KeyManager": "CUSTOMER"}}
    result = copy(**{"image_ids": [source(world, **image)], "regions": ["eu-west-1"], **given})
    assert said in result["msg"]
    assert world.writes == []


def test_an_encrypted_copy_within_the_account_needs_no_look_at_the_key(world: World, copy: Copy) -> None:
    one = source(world, key=AWS_KEY)
    world.keys[WEST] = {"alias/golden": {"Arn": WEST_KEY}}
    assert copy(image_ids=[one], regions=["eu-west-1"], kms_keys={"eu-west-1": "alias/golden"})["changed"]


def test_an_image_of_a_stranger(world: World, copy: Copy) -> None:
    one = world.image((THIRD, "us-east-1"))
    image_id, disk = one["ImageId"], one["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    assert "has to be shared by its owner first" in copy(image_ids=[image_id], regions=["eu-west-1"])["msg"]
    world.shared.add((image_id, HOME))
    assert (
        f"shared by account {THIRD}, its snapshots are not" in copy(image_ids=[image_id], regions=["eu-west-1"])["msg"]
    )
    world.shared.add((disk, HOME))
    assert f"of account {THIRD}, which has not shared it" in copy(image_ids=[image_id], accounts=[OTHER])["msg"]
    assert world.writes == []
    assert copy(image_ids=[image_id], regions=["eu-west-1"])["changed"]
    assert world.writes == ["CopyImage"]


def test_what_is_in_the_way(world: World, copy: Copy) -> None:
    one, two = source(world), source(world, tags={})
    stranger = world.image(WEST, Name=world.images[HERE][one]["Name"])["ImageId"]
    off = world.image(WEST, SourceImageId=two, SourceImageRegion="us-east-1", State="disabled", tags={})["ImageId"]
    told = copy(image_ids=[one, two], regions=["eu-west-1"])["msg"]
    assert f"is that of {stranger}, which is no copy of {one}" in told
    assert f"{off} is a copy of {two} already, and it is disabled" in told
    assert world.writes == []
