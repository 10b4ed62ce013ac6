# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes and snapshots."""

from __future__ import annotations

import threading
import time
from typing import Any

from botocore.exceptions import WaiterError


def test_a_volume(ec2: Any, refused: Any) -> None:
    asked = {"AvailabilityZone": "us-east-1a", "Size": 5, "VolumeType": "gp3", "ClientToken": "once"}
    tags = [{"ResourceType": "volume", "Tags": [{"Key": "a", "Value": "b"}]}]
    volume_id = ec2.create_volume(**asked, TagSpecifications=tags)["VolumeId"]
    assert ec2.create_volume(**asked, TagSpecifications=tags)["VolumeId"] == volume_id
    (volume,) = ec2.describe_volumes(Filters=[{"Name": "tag:a", "Values": ["b"]}])["Volumes"]
    assert (volume["VolumeId"], volume["State"], volume["Size"]) == (volume_id, "available", 5)
    ec2.modify_volume(VolumeId=volume_id, Size=6)
    with refused("InvalidParameterValue"):
        ec2.modify_volume(VolumeId=volume_id, Size=5)
    with refused("NotImplemented"):
        ec2.attach_volume(VolumeId=volume_id, InstanceId="i-0123456789abcdef0", Device="/dev/sdb")
    ec2.delete_volume(VolumeId=volume_id)
    assert ec2.describe_tags()["Tags"] == []


def test_a_snapshot_of_a_root_volume_can_be_registered(cloud: Any, ec2: Any, launch: Any) -> None:
    launch()
    (volume,) = ec2.describe_volumes()["Volumes"]
    snapshot_id = ec2.create_snapshot(VolumeId=volume["VolumeId"], Description="by hand")["SnapshotId"]
    ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[snapshot_id])
    mapping = [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot_id}}]
    ec2.register_image(Name="by-hand", Architecture="x86_64", RootDeviceName="/dev/xvda", BlockDeviceMappings=mapping)
    assert cloud.machines.done[-1] == ("commit", cloud.machines.done[0][1], snapshot_id, False)


def test_a_waiter_for_a_snapshot_that_is_deleted_is_answered_at_once(cloud: Any, ec2: Any, launch: Any) -> None:
    launch()
    (volume,) = ec2.describe_volumes()["Volumes"]
    cloud.machines.gate.clear()
    snapshot_id = ec2.create_snapshot(VolumeId=volume["VolumeId"])["SnapshotId"]
    failures: list[str] = []

    def wait() -> None:
        try:
            cloud.client("ec2").get_waiter("snapshot_completed").wait(SnapshotIds=[snapshot_id])
        except WaiterError as error:
            failures.append(str(error))

    waiter = threading.Thread(target=wait)
    waiter.start()
    time.sleep(0.7)
    assert waiter.is_alive()
    ec2.delete_snapshot(SnapshotId=snapshot_id)
    waiter.join(5)
    assert not waiter.is_alive()
    assert "does not exist" in failures[0]
    cloud.machines.gate.set()
    cloud.settle()
    assert cloud.machines.images == set()


def test_permissions_of_a_snapshot(cloud: Any, ec2: Any, make_image: Any, refused: Any) -> None:
    make_image()
    snapshot_id = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"][0]["SnapshotId"]
    add = {"Add": [{"UserId": "210987654321"}]}
    ec2.modify_snapshot_attribute(
        SnapshotId=snapshot_id, Attribute="createVolumePermission", CreateVolumePermission=add
    )
    asked = {"SnapshotId": snapshot_id, "Attribute": "createVolumePermission"}
    assert ec2.describe_snapshot_attribute(**asked)["CreateVolumePermissions"] == add["Add"]
    ec2.modify_snapshot_attribute(**asked, OperationType="remove", UserIds=["210987654321"])
    assert ec2.describe_snapshot_attribute(**asked)["CreateVolumePermissions"] == []
    with refused("InvalidAMIAttributeItemValue"):
        ec2.modify_snapshot_attribute(**asked, OperationType="add", UserIds=["somebody"])


def test_instance_status(ec2: Any, launch: Any, refused: Any) -> None:
    instance_id = launch()
    (status,) = ec2.describe_instance_status(Filters=[{"Name": "instance-status.status", "Values": ["ok"]}])[
        "InstanceStatuses"
    ]
    assert (status["InstanceId"], status["SystemStatus"]["Status"]) == (instance_id, "ok")
    with refused("InvalidParameterValue"):
        ec2.describe_instance_status(Filters=[{"Name": "no", "Values": ["ok"]}])


def test_many_at_once(cloud: Any, ec2: Any, base_ami: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def life(number: int) -> str:
        client = cloud.client("ec2")
        asked = {"ImageId": base_ami, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
        instance_id = client.run_instances(**asked)["Instances"][0]["InstanceId"]
        client.get_waiter("instance_running").wait(InstanceIds=[instance_id])
        image_id = client.create_image(InstanceId=instance_id, Name=f"image-{number}")["ImageId"]
        client.get_waiter("image_available").wait(ImageIds=[image_id])
        client.terminate_instances(InstanceIds=[instance_id])
        client.get_waiter("instance_terminated").wait(InstanceIds=[instance_id])
        client.deregister_image(ImageId=image_id, DeleteAssociatedSnapshots=True)
        return str(image_id)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(life, range(16)))) == 16
    cloud.settle()
    assert cloud.machines.images == set()
    assert cloud.machines.machines == {}
    assert ec2.describe_volumes()["Volumes"] == []
    assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []
