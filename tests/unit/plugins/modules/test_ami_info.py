# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ami_info by its own main(), on accounts in memory: what it tells, and what it says that it could not read."""

from __future__ import annotations

import datetime
import types
import typing as t

import pytest
from ansible_collections.golden.ami.plugins.modules import ami_info
from harness.aws_world import HOME, OTHER, STRANGER, World, install, result_of

Info = t.Callable[..., dict[str, t.Any]]
EMPTY = {
    "DescribeInstances": {"Reservations": []},
    "DescribeLaunchTemplateVersions": {"LaunchTemplateVersions": []},
    "DescribeAutoScalingGroups": {"AutoScalingGroups": []},
    "DescribeLaunchConfigurations": {"LaunchConfigurations": []},
    "DescribeSpotFleetRequests": {"SpotFleetRequestConfigs": []},
    "DescribeSpotInstanceRequests": {"SpotInstanceRequests": []},
    "DescribeFleets": {"Fleets": []},
    "DescribeImageReferences": {"ImageReferences": []},
    "DescribeImageUsageReportEntries": {"ImageUsageReportEntries": []},
}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return install(monkeypatch)


@pytest.fixture
def info(capsys: pytest.CaptureFixture[str]) -> Info:
    return lambda **given: result_of(ami_info.main, capsys, **given)


def ids(result: dict[str, t.Any]) -> list[str]:
    assert not result.get("failed"), result
    return [one["image_id"] for one in result["images"]]


def test_all_that_is_known_of_one(world: World, info: Info) -> None:
    created = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=3, hours=1)
    key = world.key()
    image_id = world.ami(
        key=key,
        tags={"golden:image": "web", "golden:version": "1", "golden:source-ami": "ami-base", "team": "web"},
        CreationDate=created.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        Description="a web server",
        DeprecationTime="2026-01-02T00:00:00.000Z",
        DeregistrationProtection="enabled-with-cooldown",
        LastLaunchedTime="2026-01-03T00:00:00Z",
        SourceImageId="ami-source",
        SourceImageRegion="us-east-1",
    )
    snapshot_id = world.snapshot_of(image_id)
    world.permissions = {
        image_id: [{"UserId": OTHER}, {"OrganizationArn": "o"}],
        snapshot_id: [{"UserId": OTHER}, {"Group": "all"}],
    }
    world.snapshots[HOME, "eu-west-1"][snapshot_id]["Tags"] = [{"Key": "team", "Value": "web"}]
    result = info(image_ids=[image_id])
    (one,) = result["images"]
    assert (one["account"], one["region"], one["owner"]) == (HOME, "eu-west-1", HOME)
    assert (one["image"], one["version"], one["source_ami"], one["tags"]["team"]) == ("web", "1", "ami-base", "web")
    assert (one["age_days"], one["created"]) == (3, created.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert (one["deprecated"], one["deprecated_at"]) == (True, "2026-01-02T00:00:00Z")
    assert (one["protected"], one["public"], one["last_launched"]) == (True, False, "2026-01-03T00:00:00Z")
    assert (one["source_image_id"], one["source_region"]) == ("ami-source", "us-east-1")
    assert (one["encrypted"], one["size"]) == (True, 8)
    assert (one["launch_permissions"]["accounts"], one["launch_permissions"]["organizations"]) == ([OTHER], ["o"])
    (disk,) = one["snapshots"]
    assert (disk["snapshot_id"], disk["kms_key_id"], disk["tags"]) == (snapshot_id, key, {"team": "web"})
    assert disk["volume_permissions"]["public"] is True
    assert (one["ancestry"], one["references"]) == (None, None)
    assert (result["changed"], result["missing"], result["not_read"]) == (False, [], [])


def test_permissions_are_read_on_demand(world: World, info: Info) -> None:
    (one,) = info(image_ids=[world.ami()], permissions=False)["images"]
    assert (one["launch_permissions"], one["snapshots"][0]["volume_permissions"]) == (None, None)
    assert world.operations() == ["DescribeImages", "DescribeSnapshots", "GetCallerIdentity"]


def test_a_thousand_images_cost_no_call_each(world: World, info: Info) -> None:
    made = [world.ami() for _number in range(400)]
    assert ids(info(image_ids=made, permissions=False)) == made
    assert world.operations().count("DescribeImages") == 3
    assert world.operations().count("DescribeSnapshots") == 3


def test_by_name_filters_image_and_version(world: World, info: Info) -> None:
    one = world.ami(Name="web one", tags={"golden:image": "web", "golden:version": "1"})
    two = world.ami(Name="web two", tags={"golden:image": "web", "golden:version": "2"}, Architecture="arm64")
    other = world.ami(Name="db one", tags={"golden:image": "db"})
    assert ids(info()) == [one, two, other]
    assert ids(info(names=["web *", "db t*"])) == [one, two]
    assert ids(info(filters={"architecture": "arm64"})) == [two]
    assert ids(info(filters={"tag:golden:image": ["db", "cache"]})) == [other]
    assert ids(info(image="web")) == [one, two]
    assert ids(info(image="web", version="2")) == [two]
    assert ids(info(image="web", names=["* one"])) == [one]
    assert ids(info(image="mail")) == []


def test_by_channel(world: World, info: Info) -> None:
    image_id = world.ami(State="disabled", tags={"golden:image": "web"})
    world.ami(tags={"golden:image": "web"})
    world.parameters[HOME, "eu-west-1"] = {"/golden/web/prod": image_id}
    assert ids(info(image="web", channel="prod")) == [image_id]
    result = info(image="web", channel="test")
    assert (
        f"There is no channel test of web in {HOME}/eu-west-1: SSM has no parameter /golden/web/test" in result["msg"]
    )


def test_deprecated_and_disabled_ones_are_shown_on_demand_or_by_their_names(world: World, info: Info) -> None:
    tags = {"golden:image": "web", "golden:version": "1"}
    plain = world.ami(DeprecationTime="2099-01-01T00:00:00.000Z")
    deprecated = world.ami(DeprecationTime="2026-01-01T00:00:00.000Z", tags=tags)
    disabled = world.ami(State="disabled")
    assert ids(info()) == [plain]
    assert ids(info(include_deprecated=True)) == [plain, deprecated]
    assert ids(info(include_disabled=True)) == [plain, disabled]
    assert ids(info(image_ids=[deprecated, disabled])) == [deprecated, disabled]
    assert ids(info(image="web", version="1")) == [deprecated]
    assert ids(info(image="web")) == []


def test_of_a_stranger_only_what_strangers_are_told(world: World, info: Info) -> None:
    image_id = world.ami(STRANGER, Public=True)
    world.images[HOME, "eu-west-1"] = world.images[STRANGER, "eu-west-1"]
    assert info(image_ids=[image_id])["missing"] == [image_id]
    result = info(image_ids=[image_id], owners=[])
    (one,) = result["images"]
    assert (one["launch_permissions"], one["snapshots"][0]["tags"], one["public"]) == (None, None, True)
    (unread,) = result["not_read"]
    assert (unread["what"], unread["image_id"]) == ("permissions", image_id)
    assert f"only the owner of {image_id} can read them, which is account {STRANGER}" in unread["reason"]
    assert "DescribeImageAttribute" not in world.operations()


def test_in_many_places_each_is_told_once_where_it_is_owned(world: World, info: Info) -> None:
    here, there = world.ami(), world.ami(OTHER, "us-east-1")
    world.images[HOME, "us-east-1"] = dict(world.images[OTHER, "us-east-1"])
    places = {"accounts": [HOME, OTHER], "regions": ["eu-west-1", "us-east-1"]}
    result = info(image_ids=[here, there, "ami-00000000"], owners=[], **places)
    found = {(one["account"], one["region"], one["image_id"]) for one in result["images"]}
    assert found == {(HOME, "eu-west-1", here), (OTHER, "us-east-1", there)}
    assert result["missing"] == ["ami-00000000"]


@pytest.mark.parametrize(
    ("operation", "what"),
    [
        ("DescribeImageAttribute", "launch permissions of "),
        ("DescribeSnapshotAttribute", "volume permissions of "),
        ("DescribeSnapshots", "snapshots"),
        ("GetImageAncestry", "ancestry of "),
    ],
)
def test_what_is_denied_is_said_to_be_unread(world: World, info: Info, operation: str, what: str) -> None:
    image_id = world.ami()
    world.answers["GetImageAncestry"] = {"ImageAncestryEntries": [{"ImageId": image_id}]}
    world.deny[operation] = "UnauthorizedOperation"
    result = info(image_ids=[image_id], ancestry=True)
    assert ids(result) == [image_id]
    (unread,) = result["not_read"]
    assert unread["what"].startswith(what)
    assert "UnauthorizedOperation" in unread["reason"]


def test_ancestry(world: World, info: Info) -> None:
    image_id = world.ami()
    made = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    chain = [
        {"ImageId": image_id, "CreationDate": made, "SourceImageId": "ami-base", "SourceImageRegion": "eu-west-1"},
        {"ImageId": "ami-base", "CreationDate": made, "ImageOwnerAlias": "amazon"},
    ]
    world.answers["GetImageAncestry"] = {"ImageAncestryEntries": chain}
    (one,) = info(image_ids=[image_id], ancestry=True)["images"]
    assert [(step["image_id"], step["source_image_id"]) for step in one["ancestry"]] == [
        (image_id, "ami-base"),
        ("ami-base", None),
    ]
    assert one["ancestry"][1]["created"] == "2026-01-01T00:00:00Z"


def test_what_an_old_botocore_does_not_know_is_said(world: World, info: Info, monkeypatch: pytest.MonkeyPatch) -> None:
    image_id = world.ami()
    old = types.SimpleNamespace(members={})
    monkeypatch.setattr("botocore.model.ServiceModel.shape_for", lambda *_given: old)
    (unread,) = info(image_ids=[image_id])["not_read"]
    assert (unread["what"], unread["image_id"]) == ("last launched", None)
    assert "install a newer one" in unread["reason"]


def test_references_of_every_account_that_is_looked_at(world: World, info: Info) -> None:
    image_id = world.ami()
    world.images[OTHER, "eu-west-1"] = dict(world.images[HOME, "eu-west-1"])
    world.parameters[HOME, "eu-west-1"] = {"/golden/web/prod": image_id, "/golden/web/versions/1": image_id}

    def instances(where: tuple[str, str], _request: dict[str, t.Any]) -> dict[str, t.Any]:
        running = {"InstanceId": "i-1", "ImageId": image_id, "State": {"Name": "running"}}
        return {"Reservations": [{"Instances": [running]}] if where[0] == OTHER else []}

    entry = {"ImageId": image_id, "AccountId": STRANGER, "UsageCount": 2, "ResourceType": "ec2:Instance"}
    usage = {"DescribeImageUsageReportEntries": {"ImageUsageReportEntries": [entry]}}
    world.answers = {**EMPTY, "DescribeInstances": instances, **usage}
    result = info(image_ids=[image_id], references=True, accounts=[HOME, OTHER])
    (one,) = result["images"]
    assert {(ref["kind"], ref["id"], ref["account"]) for ref in one["references"]} == {
        ("instance", "i-1", OTHER),
        ("ssm-parameter", "/golden/web/prod", HOME),
        ("account", STRANGER, HOME),
        ("account", STRANGER, OTHER),
    }
    assert result["not_read"] == []


def test_a_source_of_references_that_is_denied_is_said_to_be_unread(world: World, info: Info) -> None:
    image_id = world.ami()
    world.answers = dict(EMPTY)
    world.deny["DescribeAutoScalingGroups"] = "AccessDenied"
    result = info(image_ids=[image_id], references=True)
    assert result["images"][0]["references"] == []
    (unread,) = result["not_read"]
    assert (unread["what"], "AccessDenied" in unread["reason"]) == ("references: auto-scaling-groups", True)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"image_ids": ["i-1"]}, "is no id of an AMI"),
        ({"version": "1"}, "a version or a channel is one of an image"),
        ({"channel": "prod"}, "a version or a channel is one of an image"),
        ({"image": "web", "channel": "prod", "version": "1"}, "Say one of them"),
        ({"image": "web", "channel": "versions"}, "versions is no name of a channel"),
        ({"image": "web", "channel": "a/b"}, "a/b is no name of a channel"),
        ({"owners": []}, "all public AMIs there are"),
        ({"filters": {"name": []}}, "name is to have a text or a list of texts"),
        ({"filters": {"name": {"a": 1}}}, "name is to have a text or a list of texts"),
        ({"accounts": ["1"]}, "an account number has twelve digits"),
    ],
)
def test_refused_before_any_call_about_images(world: World, info: Info, given: dict[str, t.Any], said: str) -> None:
    result = info(**given)
    assert result["failed"]
    assert said in result["msg"]
    assert "DescribeImages" not in world.operations()


def test_filters_are_handed_on_as_ec2_wants_them(world: World, info: Info) -> None:
    world.answers["DescribeImages"] = {"Images": []}
    info(filters={"is-public": False, "block-device-mapping.volume-size": [8, 16]})
    (asked,) = [request for operation, _where, request in world.calls if operation == "DescribeImages"]
    assert asked["Filters"] == [
        {"Name": "is-public", "Values": ["false"]},
        {"Name": "block-device-mapping.volume-size", "Values": ["8", "16"]},
    ]
