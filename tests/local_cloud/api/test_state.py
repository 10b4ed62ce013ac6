# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cloud comes back as it was, and never from a state it can't trust."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from golden_cloud.api import app as api_app
from golden_cloud.state import StateError, StateFile


def test_everything_survives_a_restart(cloud: Any, ec2: Any, ssm: Any, make_image: Any, launch: Any) -> None:
    image_id = make_image(
        TagSpecifications=[{"ResourceType": "image", "Tags": [{"Key": "Name", "Value": "w"}]}],
    )
    key = ec2.create_key_pair(KeyName="k", KeyType="ed25519")["KeyPairId"]
    group = ec2.create_security_group(GroupName="web", Description="web")["GroupId"]
    kms_key = cloud.client("kms").create_key()["KeyMetadata"]["KeyId"]
    stopped, running = launch(KeyName="k", SecurityGroupIds=[group]), launch()
    ec2.stop_instances(InstanceIds=[stopped])
    ssm.put_parameter(Name="/golden/w/dev", Value="1", Type="String", Tags=[{"Key": "a", "Value": "b"}])
    ssm.put_parameter(Name="/golden/w/dev", Value="2", Type="String", Overwrite=True)
    far = cloud.client("ssm", "eu-west-1")
    far.put_parameter(Name="/far", Value="x", Type="String")
    role = cloud.client("sts").assume_role(
        RoleArn="arn:aws:iam::210987654321:role/OrganizationAccountAccessRole", RoleSessionName="me"
    )["Credentials"]
    cloud.settle()
    before = _inventory(ec2)
    cloud.restart()
    ec2, ssm = cloud.client("ec2"), cloud.client("ssm")
    assert _inventory(ec2) == before
    assert {image_id, key, group} <= {str(v) for v in before.values() for v in v}
    states = {
        i["InstanceId"]: i["State"]["Name"] for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]
    }
    assert (states[stopped], states[running]) == ("stopped", "running")
    history = ssm.get_parameter_history(Name="/golden/w/dev")["Parameters"]
    assert [p["Value"] for p in history] == ["1", "2"]
    assert ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/golden/w/dev")["TagList"] == [
        {"Key": "a", "Value": "b"}
    ]
    assert cloud.client("ssm", "eu-west-1").get_parameter(Name="/far")["Parameter"]["Value"] == "x"
    assert cloud.client("sts", keys=role).get_caller_identity()["Account"] == "210987654321"
    assert cloud.client("kms").describe_key(KeyId=kms_key)["KeyMetadata"]["KeyId"] == kms_key
    ec2.start_instances(InstanceIds=[stopped])
    launch_again = ec2.run_instances(ImageId=image_id, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    assert launch_again["Instances"][0]["State"]["Name"] == "pending"


def _inventory(ec2: Any) -> dict[str, list[str]]:
    return {
        "images": [i["ImageId"] for i in ec2.describe_images()["Images"]],
        "image tags": [str(i.get("Tags")) for i in ec2.describe_images()["Images"]],
        "snapshots": [s["SnapshotId"] for s in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]],
        "keys": [k["KeyPairId"] for k in ec2.describe_key_pairs()["KeyPairs"]],
        "groups": [g["GroupId"] for g in ec2.describe_security_groups()["SecurityGroups"]],
        "volumes": [v["VolumeId"] for v in ec2.describe_volumes()["Volumes"]],
        "subnets": sorted(s["SubnetId"] for s in ec2.describe_subnets()["Subnets"]),
    }


def test_machines_that_died_meanwhile(cloud: Any, launch: Any) -> None:
    gone, down = launch(), launch()
    cloud.stop()
    del cloud.machines.machines[gone]
    cloud.machines.machines[down] = "stopped"
    cloud.start()
    found = cloud.client("ec2").describe_instances()["Reservations"]
    states = {i["InstanceId"]: i["State"]["Name"] for r in found for i in r["Instances"]}
    assert states == {gone: "terminated", down: "stopped"}


def test_saved_at_once_and_for_nobody_else(cloud: Any, ssm: Any) -> None:
    import time

    ssm.put_parameter(Name="/a", Value="b", Type="String")
    file = cloud.directory / "api-state.pickle"
    end = time.monotonic() + 2
    while not file.exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"/a" in file.read_bytes()
    assert [f.name for f in cloud.directory.iterdir() if f.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda document: document[:-20], "damaged"),
        (lambda document: b"something else", "not a state file"),
        (lambda document: document.replace(b"\n1 ", b"\n999 ", 1), "other versions"),
    ],
)
def test_a_state_that_can_not_be_used_is_left_alone(cloud: Any, ssm: Any, damage: Any, said: str) -> None:
    ssm.put_parameter(Name="/a", Value="b", Type="String")
    cloud.app.save()
    path = cloud.directory / "api-state.pickle"
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    with pytest.raises(StateError, match=said) as caught:
        StateFile(path).read()
    assert "reset" in str(caught.value)
    assert path.read_bytes() == damaged


def test_a_file_that_others_may_write_is_not_read(cloud: Any) -> None:
    cloud.app.save()
    path = cloud.directory / "api-state.pickle"
    path.chmod(0o644)
    with pytest.raises(StateError, match="0600"):
        StateFile(path).read()
    path.chmod(0o600)


def test_a_save_that_failed_is_done_again(cloud: Any, ssm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_app, "SAVE_RETRY", 0.05)
    file = cloud.directory / "api-state.pickle"
    failures = []
    write = StateFile.write

    def full_disk_twice(self: StateFile, document: bytes) -> None:
        if len(failures) < 2:
            failures.append(document)
            raise OSError("No space left on device")
        write(self, document)

    monkeypatch.setattr(StateFile, "write", full_disk_twice)
    ssm.put_parameter(Name="/kept-after-all", Value="1", Type="String")
    assert _appears(file, b"/kept-after-all")
    assert len(failures) == 2


def _appears(file: Path, text: bytes, seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if file.exists() and text in file.read_bytes():
            return True
        time.sleep(0.02)
    return False


def test_an_address_can_be_bound_to_one_device() -> None:
    import socket

    from golden_cloud.server import Server

    server = Server(lambda _environ, _start: [], [("127.0.0.1", 0), ("127.0.0.2", 0)], devices={"127.0.0.1": "lo"})
    try:
        devices = [one.socket.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16) for one in server._servers]
    finally:
        server._close_sockets()
    assert [device.rstrip(b"\0") for device in devices] == [b"lo", b""]


def test_a_state_from_before_an_attribute_came_can_be_used(cloud: Any, ec2: Any, make_image: Any) -> None:
    from golden_cloud.api.ec2.backend import CloudEC2Backend
    from moto.ec2.models import ec2_backends

    image_id = make_image()
    backend = ec2_backends["123456789012"]["us-east-1"]
    newer = {"template_tokens", "bin", "usage_reports", "usage_tokens", "image_public_access", "snapshot_public_access"}
    older = CloudEC2Backend.__new__(CloudEC2Backend)
    older.__setstate__({k: v for k, v in backend.__dict__.items() if k not in newer})
    assert {name: getattr(older, name) for name in newer} == {name: getattr(backend, name) for name in newer}
    image = backend.amis[image_id]
    aged = type(image).__new__(type(image))
    aged.__setstate__({k: v for k, v in image.__dict__.items() if k not in {"last_launched", "protected_until"}})
    assert aged == image
