# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of images: whole, in other Regions, encrypted when asked."""

from __future__ import annotations

import time
from typing import Any

from golden_cloud.api.ec2 import lifecycle
from golden_cloud.ports import Timings


def test_a_copy_boots_in_another_region_and_outlives_its_source(cloud: Any, ec2: Any, make_image: Any) -> None:
    source = make_image(TagSpecifications=[{"ResourceType": "image", "Tags": [{"Key": "a", "Value": "b"}]}])
    far = cloud.client("ec2", "eu-west-1")
    copy = far.copy_image(
        Name="copy",
        SourceImageId=source,
        SourceRegion="us-east-1",
        CopyImageTags=True,
        TagSpecifications=[{"ResourceType": "snapshot", "Tags": [{"Key": "c", "Value": "d"}]}],
    )["ImageId"]
    cloud.settle()
    (image,) = far.describe_images(Owners=["self"])["Images"]
    assert (image["ImageId"], image["State"], image["SourceImageId"]) == (copy, "available", source)
    assert (image["SourceImageRegion"], image["Tags"]) == ("us-east-1", [{"Key": "a", "Value": "b"}])
    (snapshot,) = far.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert (snapshot["Tags"], snapshot["Encrypted"]) == ([{"Key": "c", "Value": "d"}], False)
    ec2.deregister_image(ImageId=source, DeleteAssociatedSnapshots=True)
    cloud.settle()
    started = far.run_instances(ImageId=copy, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]
    cloud.settle()
    assert cloud.machines.done[-1][:3] == ("launch", started["InstanceId"], f"image:{source}")
    far.terminate_instances(InstanceIds=[started["InstanceId"]])
    far.deregister_image(ImageId=copy, DeleteAssociatedSnapshots=True)
    cloud.settle()
    assert cloud.machines.images == set()


def test_an_encrypted_copy_names_its_key(cloud: Any, ec2: Any, make_image: Any, refused: Any) -> None:
    source = make_image()
    key = cloud.client("kms").create_key()["KeyMetadata"]
    asked = {"SourceImageId": source, "SourceRegion": "us-east-1", "Encrypted": True}
    copy = ec2.copy_image(Name="mine", KmsKeyId=key["KeyId"], **asked)["ImageId"]
    default = ec2.copy_image(Name="default", **asked)["ImageId"]
    cloud.settle()
    for image_id in (copy, default):
        (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
        ebs = image["BlockDeviceMappings"][0]["Ebs"]
        (snapshot,) = ec2.describe_snapshots(SnapshotIds=[ebs["SnapshotId"]])["Snapshots"]
        assert (ebs["Encrypted"], snapshot["Encrypted"]) == (True, True)
        assert (snapshot["KmsKeyId"] == key["Arn"]) is (image_id == copy)
    with refused("InvalidParameterValue"):
        ec2.copy_image(Name="none", KmsKeyId="alias/none", **asked)
    with refused("InvalidParameterDependency"):
        ec2.copy_image(Name="none", KmsKeyId=key["KeyId"], SourceImageId=source, SourceRegion="us-east-1")


def test_the_same_client_token_copies_once(ec2: Any, make_image: Any) -> None:
    asked = {"Name": "copy", "SourceImageId": make_image(), "SourceRegion": "us-east-1", "ClientToken": "once"}
    assert ec2.copy_image(**asked)["ImageId"] == ec2.copy_image(**asked)["ImageId"]


def test_a_copy_with_a_duration_is_told_as_such(cloud: Any, ec2: Any, make_image: Any, refused: Any) -> None:
    asked = {"Name": "copy", "SourceImageId": make_image(), "SourceRegion": "us-east-1"}
    for minutes in (0, 14, 20, 2895):
        with refused("InvalidParameterValue", "from 15 to 2880"):
            ec2.copy_image(SnapshotCopyCompletionDurationMinutes=minutes, **asked)
    image_id = ec2.copy_image(SnapshotCopyCompletionDurationMinutes=30, **asked)["ImageId"]
    cloud.settle()
    (snapshot,) = ec2.describe_snapshots(Filters=[{"Name": "transfer-type", "Values": ["time-based"]}])["Snapshots"]
    assert (snapshot["TransferType"], snapshot["CompletionDurationMinutes"]) == ("time-based", 30)
    assert ec2.describe_images(ImageIds=[image_id])["Images"][0]["State"] == "available"


def test_a_copy_takes_its_time_and_no_longer_than_its_duration(cloud_with: Any, monkeypatch: Any) -> None:
    cloud = cloud_with(Timings(image_pending=3.0, save_delay=0.05))
    monkeypatch.setattr(lifecycle, "MINUTE", 0.1)
    far, base = cloud.client("ec2", "eu-west-1"), cloud.machines.base_images()[0].image_id

    def seconds(**more: Any) -> float:
        began = time.monotonic()
        far.copy_image(Name=f"copy-{began}", SourceImageId=base, SourceRegion="us-east-1", **more)
        cloud.settle()
        return time.monotonic() - began

    assert 1.5 <= seconds(SnapshotCopyCompletionDurationMinutes=15) < 3.0
    assert seconds() >= 3.0


def test_while_a_copy_is_made_its_snapshot_says_how_far_it_is(cloud_with: Any) -> None:
    """As EC2 does: whole per cent, nothing at first, and all at the end."""
    cloud = cloud_with(Timings(image_pending=1.0, save_delay=0.05))
    far, base = cloud.client("ec2", "eu-west-1"), cloud.machines.base_images()[0].image_id
    image_id = far.copy_image(Name="copy", SourceImageId=base, SourceRegion="us-east-1")["ImageId"]
    filters = [{"Name": "description", "Values": [f"Copied for DestinationAmi {image_id} *"]}]
    told = []
    while not told or told[-1]["State"] == "pending":
        told += far.describe_snapshots(Filters=filters)["Snapshots"]
        time.sleep(0.05)
    assert told[0]["Progress"] == "" or int(told[0]["Progress"].removesuffix("%")) < 50
    percents = [int(one["Progress"].removesuffix("%")) for one in told if one["Progress"]]
    assert percents == sorted(percents)
    assert len(set(percents)) > 3
    assert max(percents[:-1]) < 100 == percents[-1]
