# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Recycle Bin: what a rule keeps comes back whole, and goes for good when its time is over."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from golden_cloud.ports import Timings

IN_BIN = {"Key": "aws:recycle-bin:resource-in-bin", "Value": "true"}


def _period(days: int) -> dict[str, Any]:
    return {"RetentionPeriodValue": days, "RetentionPeriodUnit": "DAYS"}


@pytest.fixture
def rbin(cloud: Any) -> Any:
    return cloud.client("rbin")


def test_rules(cloud: Any, rbin: Any, refused: Any) -> None:
    tags = [{"ResourceTagKey": "keep", "ResourceTagValue": "yes"}]
    made = rbin.create_rule(
        RetentionPeriod=_period(7),
        ResourceType="EC2_IMAGE",
        Description="images",
        ResourceTags=tags,
        Tags=[{"Key": "a", "Value": "b"}],
    )
    assert (made["Status"], made["Tags"]) == ("available", [{"Key": "a", "Value": "b"}])
    rbin.create_rule(RetentionPeriod=_period(1), ResourceType="EBS_SNAPSHOT")
    (listed,) = rbin.list_rules(ResourceType="EC2_IMAGE")["Rules"]
    assert listed["Identifier"] == made["Identifier"]
    assert listed["RetentionPeriod"] == _period(7)
    changed = rbin.update_rule(Identifier=made["Identifier"], RetentionPeriod=_period(14))
    assert (changed["RetentionPeriod"], changed["ResourceTags"]) == (_period(14), tags)
    cloud.restart()
    rbin = cloud.client("rbin")
    found = rbin.get_rule(Identifier=made["Identifier"])
    assert (found["Description"], found["RetentionPeriod"], found["ResourceTags"]) == ("images", _period(14), tags)
    asked = [call["parameters"] for call in cloud.calls() if call["operation"] == "GetRule"]
    assert asked == [{"Identifier": made["Identifier"]}]
    rbin.delete_rule(Identifier=made["Identifier"])
    with refused("ResourceNotFoundException"):
        rbin.get_rule(Identifier=made["Identifier"])
    with refused("ValidationException"):
        rbin.create_rule(RetentionPeriod=_period(366), ResourceType="EC2_IMAGE")
    with refused("ValidationException"):
        rbin.create_rule(
            RetentionPeriod=_period(1), ResourceType="EC2_IMAGE", ResourceTags=tags, ExcludeResourceTags=tags
        )
    with refused("UnsupportedOperation", "EBS_SNAPSHOT"):
        rbin.create_rule(RetentionPeriod=_period(1), ResourceType="EBS_VOLUME")
    with refused("UnsupportedOperation", "LockConfiguration"):
        lock = {"UnlockDelay": {"UnlockDelayValue": 7, "UnlockDelayUnit": "DAYS"}}
        rbin.create_rule(RetentionPeriod=_period(1), ResourceType="EC2_IMAGE", LockConfiguration=lock)


def test_an_image_and_its_snapshot_come_back_whole(
    cloud: Any, ec2: Any, rbin: Any, make_image: Any, launch: Any, refused: Any
) -> None:
    for kind in ("EC2_IMAGE", "EBS_SNAPSHOT"):
        rbin.create_rule(RetentionPeriod=_period(3), ResourceType=kind)
    tags = [{"ResourceType": "image", "Tags": [{"Key": "a", "Value": "b"}]}]
    image_id = make_image(TagSpecifications=tags)
    (before,) = ec2.describe_images(ImageIds=[image_id])["Images"]
    snapshot_id = before["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    ec2.deregister_image(ImageId=image_id, DeleteAssociatedSnapshots=True)
    cloud.settle()
    assert ec2.describe_images(Owners=["self"])["Images"] == []
    assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []
    with refused("InvalidAMIID.Unavailable"):
        launch(ImageId=image_id)
    (image,) = ec2.list_images_in_recycle_bin()["Images"]
    assert (image["ImageId"], image["Name"]) == (image_id, before["Name"])
    assert image["RecycleBinExitTime"] - image["RecycleBinEnterTime"] == timedelta(days=3)
    (snapshot,) = ec2.list_snapshots_in_recycle_bin(SnapshotIds=[snapshot_id])["Snapshots"]
    assert snapshot["VolumeId"].startswith("vol-")
    ec2.create_tags(Resources=[image_id], Tags=[{"Key": "c", "Value": "d"}])
    cloud.restart()
    ec2 = cloud.client("ec2")
    told = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [image_id]}])["Tags"]
    assert IN_BIN in [{"Key": t["Key"], "Value": t["Value"]} for t in told]
    assert cloud.machines.images == {f"image:{image_id}"}
    with refused("InvalidSnapshot.NotFound", "restore it first"):
        ec2.restore_image_from_recycle_bin(ImageId=image_id)
    ec2.restore_snapshot_from_recycle_bin(SnapshotId=snapshot_id)
    assert ec2.restore_image_from_recycle_bin(ImageId=image_id)["Return"] is True
    (after,) = ec2.describe_images(ImageIds=[image_id])["Images"]
    assert sorted(t["Key"] for t in after.pop("Tags")) == ["a", "c"]
    before.pop("Tags")
    assert after == before
    assert ec2.list_images_in_recycle_bin()["Images"] == []
    started = ec2.run_instances(ImageId=image_id, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]
    cloud.settle()
    assert cloud.machines.done[-1][:3] == ("launch", started["InstanceId"], f"image:{image_id}")
    with refused("InvalidAMIID.NotFound"):
        ec2.restore_image_from_recycle_bin(ImageId=image_id)


def test_which_images_a_rule_keeps(cloud: Any, ec2: Any, rbin: Any, launch: Any) -> None:
    scratch = [{"ResourceTagKey": "scratch", "ResourceTagValue": "yes"}]
    rbin.create_rule(RetentionPeriod=_period(1), ResourceType="EC2_IMAGE", ExcludeResourceTags=scratch)
    gold = [{"ResourceTagKey": "gold", "ResourceTagValue": "yes"}]
    rbin.create_rule(RetentionPeriod=_period(9), ResourceType="EC2_IMAGE", ResourceTags=gold)
    instance_id, images = launch(), {}
    for name in ("plain", "scratch", "gold"):
        tags = [{"ResourceType": "image", "Tags": [{"Key": name, "Value": "yes"}]}]
        images[name] = ec2.create_image(InstanceId=instance_id, Name=name, TagSpecifications=tags)["ImageId"]
    cloud.settle()
    for image_id in images.values():
        ec2.deregister_image(ImageId=image_id)
    kept = {
        i["Name"]: (i["RecycleBinExitTime"] - i["RecycleBinEnterTime"]).days
        for i in ec2.list_images_in_recycle_bin()["Images"]
    }
    assert kept == {"plain": 1, "gold": 9}


def test_what_is_in_the_bin_ends_by_itself(cloud_with: Any) -> None:
    cloud = cloud_with(Timings(recycle_bin_day=1.0, save_delay=0.05))
    ec2, rbin = cloud.client("ec2"), cloud.client("rbin")
    rbin.create_rule(RetentionPeriod=_period(1), ResourceType="EC2_IMAGE")
    base = cloud.machines.base_images()[0].image_id
    instance = ec2.run_instances(ImageId=base, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]
    cloud.settle()
    image_id = ec2.create_image(InstanceId=instance["InstanceId"], Name="gone")["ImageId"]
    cloud.settle()
    ec2.deregister_image(ImageId=image_id, DeleteAssociatedSnapshots=True)
    cloud.settle()
    assert cloud.machines.images == {f"image:{image_id}"}
    end = time.monotonic() + 20
    while cloud.machines.images:
        assert time.monotonic() < end, "it is kept for ever"
        time.sleep(0.05)
    assert ec2.list_images_in_recycle_bin()["Images"] == []
    assert ec2.describe_tags()["Tags"] == []
