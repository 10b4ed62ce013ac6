# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AMIs: pending until kept, described in full, and removed with what they keep."""

from __future__ import annotations

import time
from typing import Any

import pytest
from golden_cloud.ports import Timings


def test_an_image_is_pending_until_it_is_kept(cloud: Any, ec2: Any, launch: Any, base_ami: str) -> None:
    instance_id = launch(BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 12}}])
    cloud.machines.gate.clear()
    image_id = ec2.create_image(
        InstanceId=instance_id,
        Name="wordpress-1",
        Description="a blog",
        TagSpecifications=[
            {"ResourceType": "image", "Tags": [{"Key": "Name", "Value": "wordpress"}]},
            {"ResourceType": "snapshot", "Tags": [{"Key": "Of", "Value": "wordpress"}]},
        ],
    )["ImageId"]
    (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
    assert image["State"] == "pending"
    snapshot_id = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    assert ec2.describe_snapshots(SnapshotIds=[snapshot_id])["Snapshots"][0]["State"] == "pending"
    cloud.machines.gate.set()
    cloud.settle()
    (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
    expected = {
        "State": "available",
        "Name": "wordpress-1",
        "Description": "a blog",
        "Architecture": "x86_64",
        "EnaSupport": True,
        "Hypervisor": "xen",
        "ImageLocation": "123456789012/wordpress-1",
        "ImageType": "machine",
        "OwnerId": "123456789012",
        "Public": False,
        "RootDeviceName": "/dev/xvda",
        "RootDeviceType": "ebs",
        "SourceImageId": base_ami,
        "SourceInstanceId": instance_id,
        "SriovNetSupport": "simple",
        "Tags": [{"Key": "Name", "Value": "wordpress"}],
        "VirtualizationType": "hvm",
    }
    assert {key: image.get(key) for key in expected} == expected
    assert image["BlockDeviceMappings"] == [
        {
            "DeviceName": "/dev/xvda",
            "Ebs": {
                "SnapshotId": snapshot_id,
                "VolumeSize": 12,
                "VolumeType": "gp3",
                "Iops": 3000,
                "Throughput": 125,
                "DeleteOnTermination": True,
                "Encrypted": False,
            },
        }
    ]
    (snapshot,) = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert (snapshot["State"], snapshot["VolumeSize"], snapshot["Encrypted"]) == ("completed", 12, False)
    assert snapshot["FullSnapshotSizeInBytes"] == 1_234_567
    assert snapshot["Tags"] == [{"Key": "Of", "Value": "wordpress"}]


@pytest.mark.parametrize(("no_reboot", "reboot"), [(False, True), (True, False)])
def test_no_reboot(cloud: Any, ec2: Any, launch: Any, no_reboot: bool, reboot: bool) -> None:
    ec2.create_image(InstanceId=launch(), Name="abc", NoReboot=no_reboot)
    cloud.settle()
    assert cloud.machines.done[-1][0] == "commit"
    assert cloud.machines.done[-1][3] is reboot


def test_an_instance_of_the_image_boots_what_was_kept(cloud: Any, make_image: Any, launch: Any) -> None:
    image_id = make_image()
    launch(ImageId=image_id)
    assert cloud.machines.done[-1][:3:2] == ("launch", f"image:{image_id}")


def test_an_image_that_can_not_be_kept_fails(cloud: Any, ec2: Any, make_image: Any, refused: Any, launch: Any) -> None:
    cloud.machines.failures["commit"] = "the disk is full"
    image_id = make_image()
    (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
    assert image["State"] == "failed"
    assert "the disk is full" in image["StateReason"]["Message"]
    with refused("InvalidAMIID.Unavailable"):
        launch(ImageId=image_id)


@pytest.mark.parametrize(
    ("name", "code"),
    [("wordpress-20260101000000", "InvalidAMIName.Duplicate"), ("word*press", "InvalidAMIName.Malformed")],
)
def test_names(ec2: Any, make_image: Any, launch: Any, refused: Any, name: str, code: str) -> None:
    make_image()
    with refused(code):
        ec2.create_image(InstanceId=launch(), Name=name)


def test_deregistering_then_deleting_the_snapshot_frees_the_disk(
    cloud: Any, ec2: Any, make_image: Any, refused: Any
) -> None:
    image_id = make_image()
    (snapshot,) = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    with refused("InvalidSnapshot.InUse", image_id):
        ec2.delete_snapshot(SnapshotId=snapshot["SnapshotId"])
    ec2.deregister_image(ImageId=image_id)
    cloud.settle()
    assert cloud.machines.images == {f"image:{image_id}"}
    ec2.delete_snapshot(SnapshotId=snapshot["SnapshotId"])
    cloud.settle()
    assert cloud.machines.images == set()
    assert ec2.describe_tags()["Tags"] == []
    assert ec2.describe_images(ImageIds=[image_id])["Images"] == []
    with refused("InvalidAMIID.Unavailable"):
        ec2.deregister_image(ImageId=image_id)


def test_delete_associated_snapshots(cloud: Any, ec2: Any, make_image: Any) -> None:
    image_id = make_image()
    results = ec2.deregister_image(ImageId=image_id, DeleteAssociatedSnapshots=True)["DeleteSnapshotResults"]
    assert [result["ReturnCode"] for result in results] == ["success"]
    cloud.settle()
    assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []
    assert cloud.machines.images == set()


def test_an_instance_keeps_what_it_was_made_of(cloud: Any, ec2: Any, make_image: Any, launch: Any) -> None:
    image_id = make_image()
    instance_id = launch(ImageId=image_id)
    ec2.deregister_image(ImageId=image_id, DeleteAssociatedSnapshots=True)
    cloud.settle()
    assert cloud.machines.images == {f"image:{image_id}"}
    ec2.terminate_instances(InstanceIds=[instance_id])
    cloud.settle()
    assert cloud.machines.images == set()


def test_registering_a_snapshot_again(cloud: Any, ec2: Any, make_image: Any, launch: Any) -> None:
    image_id = make_image()
    (snapshot,) = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    ec2.deregister_image(ImageId=image_id)
    again = ec2.register_image(
        Name="again",
        Architecture="x86_64",
        RootDeviceName="/dev/xvda",
        VirtualizationType="hvm",
        ImdsSupport="v2.0",
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot["SnapshotId"]}}],
    )["ImageId"]
    launch(ImageId=again)
    assert cloud.machines.done[-1][2] == f"image:{image_id}"
    instance = ec2.describe_instances(Filters=[{"Name": "image-id", "Values": [again]}])["Reservations"][0]
    assert instance["Instances"][0]["MetadataOptions"]["HttpTokens"] == "required"


def test_base_images_belong_to_debian(cloud: Any, ec2: Any, base_ami: str, refused: Any) -> None:
    for region in ("us-east-1", "eu-central-1"):
        (image,) = cloud.client("ec2", region).describe_images(Owners=["136693071363"])["Images"]
        assert image["ImageId"] == base_ami
        assert image["Public"] is True
    for call in (ec2.deregister_image, ec2.disable_image):
        with refused("AuthFailure"):
            call(ImageId=base_ami)
    assert ec2.describe_images(Owners=["self"])["Images"] == []


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("name", "wordpress-*", True),
        ("name", "wordpress-????????000000", True),
        ("name", "Wordpress-*", False),
        ("tag:golden:image", "wordpress", True),
        ("tag:golden:image", "other", False),
        ("tag-key", "golden:image", True),
        ("architecture", "x86_64", True),
        ("root-device-type", "ebs", True),
        ("virtualization-type", "hvm", True),
        ("state", "available", True),
        ("image-type", "machine", True),
        ("is-public", "false", True),
        ("owner-id", "123456789012", True),
        ("block-device-mapping.volume-type", "gp3", True),
        ("creation-date", "20??-*", True),
        ("ena-support", "true", True),
        ("source-image-id", "ami-nothing", False),
        ("free-tier-eligible", "false", True),
        ("public-ssm-parameter-name", "*", False),
        ("product-code", "*", False),
        ("image-watermark.watermark-key", "*", False),
    ],
)
def test_image_filters(ec2: Any, make_image: Any, name: str, value: str, found: bool) -> None:
    tags = [{"ResourceType": "image", "Tags": [{"Key": "golden:image", "Value": "wordpress"}]}]
    image_id = make_image(TagSpecifications=tags)
    images = ec2.describe_images(Owners=["self"], Filters=[{"Name": name, "Values": [value]}])["Images"]
    assert [image["ImageId"] for image in images] == ([image_id] if found else [])


def test_pages_of_images(ec2: Any, launch: Any, cloud: Any, refused: Any) -> None:
    instance_id = launch()
    for number in range(6):
        ec2.create_image(InstanceId=instance_id, Name=f"image-{number}")
    pages = list(ec2.get_paginator("describe_images").paginate(Owners=["self"], PaginationConfig={"PageSize": 5}))
    assert [len(page["Images"]) for page in pages] == [5, 1]
    with refused("InvalidParameterValue", "greater than 5"):
        ec2.describe_images(MaxResults=4)
    for listing in (ec2.describe_images, ec2.describe_snapshots, ec2.describe_instances):
        with refused("InvalidParameterValue", "less than 1000"):
            listing(MaxResults=1001)
    with refused("InvalidParameterCombination"):
        ec2.describe_instances(InstanceIds=[instance_id], MaxResults=5)


def test_another_account_sees_what_is_shared_with_it(cloud: Any, ec2: Any, make_image: Any, refused: Any) -> None:
    image_id = make_image()
    keys = cloud.client("sts").assume_role(
        RoleArn="arn:aws:iam::210987654321:role/OrganizationAccountAccessRole", RoleSessionName="test"
    )["Credentials"]
    other = cloud.client("ec2", keys=keys)
    with refused("InvalidAMIID.NotFound"):
        other.describe_images(ImageIds=[image_id])
    ec2.modify_image_attribute(ImageId=image_id, LaunchPermission={"Add": [{"UserId": "210987654321"}]})
    assert other.describe_images(ExecutableUsers=["self"])["Images"][0]["OwnerId"] == "123456789012"
    with refused("AuthFailure"):
        other.deregister_image(ImageId=image_id)
    # As Packer does it: by both ways at once.
    permission = {"Add": [{"UserId": "111122223333"}]}
    ec2.modify_image_attribute(
        ImageId=image_id,
        Attribute="launchPermission",
        OperationType="add",
        UserIds=["111122223333"],
        LaunchPermission=permission,
    )
    shared = ec2.describe_image_attribute(ImageId=image_id, Attribute="launchPermission")["LaunchPermissions"]
    assert shared == [{"UserId": "210987654321"}, {"UserId": "111122223333"}]
    ec2.modify_image_attribute(ImageId=image_id, LaunchPermission={"Remove": [{"UserId": "210987654321"}]})
    with refused("InvalidAMIID.NotFound"):
        other.describe_images(ImageIds=[image_id])


def test_imds_support_deprecation_and_protection(ec2: Any, make_image: Any, refused: Any) -> None:
    image_id = make_image()
    ec2.modify_image_attribute(ImageId=image_id, ImdsSupport={"Value": "v2.0"})
    ec2.enable_image_deprecation(ImageId=image_id, DeprecateAt="2099-01-02T03:04:05Z")
    ec2.enable_image_deregistration_protection(ImageId=image_id)
    (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
    assert (image["ImdsSupport"], image["DeprecationTime"]) == ("v2.0", "2099-01-02T03:04:00.000Z")
    with refused("OperationNotPermitted"):
        ec2.deregister_image(ImageId=image_id)
    ec2.disable_image_deregistration_protection(ImageId=image_id)
    ec2.deregister_image(ImageId=image_id)


def test_filters_that_there_are_not_are_refused(ec2: Any, base_ami: str, refused: Any) -> None:
    parameter = {"Name": "public-ssm-parameter-name", "Values": ["/aws/service/debian/release/12/*"]}
    (image,) = ec2.describe_images(Filters=[parameter])["Images"]
    assert image["ImageId"] == base_ami
    with refused("InvalidParameterValue", "nothing-like-it"):
        ec2.describe_images(Filters=[{"Name": "nothing-like-it", "Values": ["x"]}])


def test_protection_with_cooldown_goes_on_after_it_is_disabled(cloud_with: Any, refused: Any) -> None:
    cloud = cloud_with(Timings(deregistration_cooldown=2.0, save_delay=0.05))
    ec2, base = cloud.client("ec2"), cloud.machines.base_images()[0].image_id
    instance = ec2.run_instances(ImageId=base, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]
    cloud.settle()
    image_id = ec2.create_image(InstanceId=instance["InstanceId"], Name="kept")["ImageId"]
    cloud.settle()
    ec2.enable_image_deregistration_protection(ImageId=image_id, WithCooldown=True)
    (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
    assert image["DeregistrationProtection"] == "enabled-with-cooldown"
    ec2.disable_image_deregistration_protection(ImageId=image_id)
    with refused("OperationNotPermitted", "cooldown"):
        ec2.deregister_image(ImageId=image_id)
    time.sleep(2.1)
    ec2.deregister_image(ImageId=image_id)


def test_states_last_as_long_as_configured(cloud_with: Any) -> None:
    cloud = cloud_with(Timings(image_pending=1.0, save_delay=0.05))
    ec2 = cloud.client("ec2")
    base = cloud.machines.base_images()[0].image_id
    instance = ec2.run_instances(ImageId=base, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]
    cloud.settle()
    began = time.monotonic()
    ec2.create_image(InstanceId=instance["InstanceId"], Name="slow")
    cloud.settle()
    assert time.monotonic() - began >= 1.0
