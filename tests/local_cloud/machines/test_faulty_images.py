# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that stay pending or fail, on real machines: nothing of them is left in podman's storage."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from own_cloud import Cloud


@pytest.fixture(scope="module")
def machine(cloud: Cloud) -> str:
    return cloud.launch(cloud.base("12"), KeyName="key")[0]


def fault(cloud: Cloud, *words: str) -> Any:
    done = cloud.run("faults", "--json", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def kept(cloud: Cloud, image: str) -> bool:
    """Whether podman's storage has something of the image."""
    return image in (cloud.state / "storage" / "overlay-images" / "images.json").read_text()


def wait(condition: Any, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it does not come about"
        time.sleep(0.2)


def described(cloud: Cloud, image: str) -> Any:
    return cloud.client("ec2").describe_images(ImageIds=[image])["Images"][0]


def test_a_pending_image_is_there_when_its_fault_is_removed(cloud: Cloud, machine: str) -> None:
    ec2 = cloud.client("ec2")
    added = fault(cloud, "add", "CreateImage", "image_pending")
    image = ec2.create_image(InstanceId=machine, Name="held", NoReboot=True)["ImageId"]
    wait(lambda: kept(cloud, image))
    assert described(cloud, image)["State"] == "pending"
    fault(cloud, "remove", added["id"])
    wait(lambda: described(cloud, image)["State"] == "available")
    ec2.deregister_image(ImageId=image, DeleteAssociatedSnapshots=True)
    wait(lambda: not kept(cloud, image))


def test_a_pending_image_that_is_given_up_leaves_nothing(cloud: Cloud, machine: str) -> None:
    ec2 = cloud.client("ec2")
    fault(cloud, "add", "CreateImage", "image_pending")
    image = ec2.create_image(InstanceId=machine, Name="given-up", NoReboot=True)["ImageId"]
    wait(lambda: kept(cloud, image))
    ec2.deregister_image(ImageId=image, DeleteAssociatedSnapshots=True)
    wait(lambda: not kept(cloud, image))
    fault(cloud, "clear")
    assert ec2.describe_images(Owners=["self"])["Images"] == []
    assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []


def test_a_failed_image_has_taken_no_space(cloud: Cloud, machine: str) -> None:
    ec2 = cloud.client("ec2")
    fault(cloud, "add", "CreateImage", "image_failed", "--message", "no space")
    image = ec2.create_image(InstanceId=machine, Name="bad", NoReboot=True)["ImageId"]
    wait(lambda: described(cloud, image)["State"] == "failed")
    assert described(cloud, image)["StateReason"]["Message"] == "Server.InternalError: no space"
    assert not kept(cloud, image)
    ec2.deregister_image(ImageId=image, DeleteAssociatedSnapshots=True)
    assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []
    calls = json.loads(cloud.run("calls", "--operation", "DeregisterImage", "--json").stdout.splitlines()[-1])
    assert calls["parameters"] == {"ImageId": image, "DeleteAssociatedSnapshots": True}
