# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A version is taken out of use in two accounts and three Regions, with what is made from it, and given back."""

from __future__ import annotations

import typing as t

import pytest
from harness.cloud import Cloud
from harness.four import Four
from harness.versions import OTHER, Versions

MODULE = "golden.ami.ami_revoke"
PROMOTE = "golden.ami.ami_promote"
REGIONS = ["us-east-1", "eu-west-1", "ap-southeast-2"]
CUSTOMER = "333333333333"
Place = tuple[str, str]


@pytest.fixture(scope="module")
def versions(cloud: Cloud) -> Versions:
    return Versions(cloud)


@pytest.fixture(scope="module")
def places(versions: Versions) -> list[Place]:
    return [(account, region) for account in (versions.home, OTHER) for region in REGIONS]


@pytest.fixture(scope="module")
def everywhere(versions: Versions) -> dict[str, t.Any]:
    return {"accounts": [versions.home, OTHER], "regions": REGIONS}


def _image(versions: Versions, place: Place, image_id: str) -> dict[str, t.Any]:
    ec2 = versions.client("ec2", place[1], place[0])
    (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
    attribute = ec2.describe_image_attribute(ImageId=image_id, Attribute="launchPermission")
    (disk,) = image["BlockDeviceMappings"]
    snapshot = ec2.describe_snapshot_attribute(SnapshotId=disk["Ebs"]["SnapshotId"], Attribute="createVolumePermission")
    return {
        "state": image["State"],
        "revoked": any(tag["Key"] == "golden:revoked" for tag in image["Tags"]),
        "launch": attribute["LaunchPermissions"],
        "volumes": snapshot["CreateVolumePermissions"],
    }


def _share(versions: Versions, place: Place, image_id: str) -> None:
    ec2 = versions.client("ec2", place[1], place[0])
    added = {"Add": [{"UserId": CUSTOMER}]}
    ec2.modify_image_attribute(ImageId=image_id, Attribute="launchPermission", LaunchPermission=added)
    (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
    for disk in image["BlockDeviceMappings"]:
        ec2.modify_snapshot_attribute(
            SnapshotId=disk["Ebs"]["SnapshotId"], Attribute="createVolumePermission", CreateVolumePermission=added
        )


def test_revoked_with_all_that_is_made_from_it_and_restored(
    four: Four, versions: Versions, places: list[Place], everywhere: dict[str, t.Any]
) -> None:
    good = versions.make("ground", "1.0", *places)
    bad = versions.make("ground", "1.1", *places)
    (child,) = versions.make("house", "5", places[0], **{"golden:source-ami": bad[0]})
    for version in ("1.0", "1.1"):
        four.module(PROMOTE, {"image": "ground", "channel": "prod", "version": version, **everywhere})
    _share(versions, places[0], bad[0])
    before = [_image(versions, place, image_id) for place, image_id in zip(places, bad, strict=True)]
    options = {"image": "ground", "version": "1.1", "descendants": True, **everywhere}

    outcome = four.module(MODULE, {**options, "reason": "leaks"})
    # A record, a tag and the end of it for each AMI; the channel, and in each place a lock for each of the two images.
    writes = {
        "CreateTags": 7,
        "DisableImage": 7,
        "ModifySnapshotAttribute": 1,
        "PutParameter": 7 + 6 + 12,
        "DeleteParameter": 12,
    }
    outcome.expect(changed=True, writes=writes, idle_reads=200)
    gone = {"state": "disabled", "revoked": True, "launch": [], "volumes": []}
    assert [_image(versions, place, image_id) for place, image_id in zip(places, bad, strict=True)] == [gone] * 6
    assert _image(versions, places[0], child) == gone
    assert versions.named("ground", "prod", *places) == good
    told = {one["image_id"]: one for one in outcome.check.result["images"]}
    assert set(told) == {*bad, child}
    assert told[bad[0]]["shared_with"] == [CUSTOMER]
    assert ("ssm-parameter", "/golden/ground/prod") in {(one["kind"], one["id"]) for one in told[bad[0]]["references"]}
    assert "failed  not_revoked" in four.refused(
        PROMOTE, {"image": "ground", "channel": "prod", "version": "1.1", **everywhere}
    )

    outcome = four.module(MODULE, {**options, "state": "restored"})
    assert outcome.apply.writes["EnableImage"] == 7
    assert [_image(versions, place, image_id) for place, image_id in zip(places, bad, strict=True)] == before
    assert versions.named("ground", "prod", *places) == bad


def test_refused(four: Four, everywhere: dict[str, t.Any]) -> None:
    said = four.refused(MODULE, {"image": "nowhere", "version": "1", **everywhere})
    assert "There is no AMI of version 1 of nowhere in" in said
