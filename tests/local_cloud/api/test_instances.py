# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances have the states of their machines, and RunInstances believes nothing that is not there."""

from __future__ import annotations

import base64
from typing import Any

import pytest


def test_an_instance_is_pending_until_its_machine_runs(cloud: Any, ec2: Any, base_ami: str, state_of: Any) -> None:
    cloud.machines.gate.clear()
    started = ec2.run_instances(ImageId=base_ami, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]
    assert started["State"]["Name"] == "pending"
    assert state_of(started["InstanceId"]) == "pending"
    cloud.machines.gate.set()
    cloud.settle()
    found = ec2.describe_instances(InstanceIds=[started["InstanceId"]])["Reservations"][0]["Instances"][0]
    assert found["State"] == {"Code": 16, "Name": "running"}
    assert found["PublicIpAddress"] == found["PrivateIpAddress"] == found["PublicDnsName"]
    assert found["NetworkInterfaces"][0]["PrivateIpAddress"] == found["PrivateIpAddress"]
    assert found["RootDeviceName"] == "/dev/xvda"


def test_key_user_data_and_host_name_reach_the_machine(cloud: Any, ec2: Any, launch: Any) -> None:
    ec2.create_key_pair(KeyName="builder", KeyType="ed25519")
    instance_id = launch(KeyName="builder", UserData="#cloud-config\n")
    verb, machine, image_ref, about = cloud.machines.done[0]
    assert (verb, machine, image_ref) == ("launch", instance_id, "base:debian-12")
    assert about["user_data"] == b"#cloud-config\n"
    assert about["hostname"] == instance_id
    assert [key.split()[0] for key in about["public_keys"]] == ["ssh-ed25519"]
    told = ec2.describe_instance_attribute(InstanceId=instance_id, Attribute="userData")["UserData"]["Value"]
    assert base64.b64decode(told) == b"#cloud-config\n"


def test_the_life_of_an_instance(cloud: Any, ec2: Any, launch: Any, state_of: Any) -> None:
    instance_id = launch()
    cloud.machines.gate.clear()
    assert ec2.stop_instances(InstanceIds=[instance_id])["StoppingInstances"][0]["CurrentState"]["Name"] == "stopping"
    assert state_of(instance_id) == "stopping"
    cloud.machines.gate.set()
    cloud.settle()
    assert state_of(instance_id) == "stopped"
    ec2.start_instances(InstanceIds=[instance_id])
    cloud.settle()
    assert state_of(instance_id) == "running"
    ec2.reboot_instances(InstanceIds=[instance_id])
    cloud.settle()
    ended = ec2.terminate_instances(InstanceIds=[instance_id])["TerminatingInstances"][0]
    assert (ended["PreviousState"]["Name"], ended["CurrentState"]["Name"]) == ("running", "shutting-down")
    cloud.settle()
    assert state_of(instance_id) == "terminated"
    assert cloud.machines.verbs() == ["launch", "stop", "start", "reboot", "terminate"]
    assert not cloud.machines.machines
    assert ec2.describe_volumes()["Volumes"] == []
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_a_machine_that_does_not_start_ends_the_instance(cloud: Any, ec2: Any, launch: Any) -> None:
    cloud.machines.failures["launch"] = "podman says no; install it"
    instance_id = launch()
    found = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
    assert found["State"]["Name"] == "terminated"
    assert found["StateReason"]["Code"] == "Server.InternalError"
    assert "podman says no; install it" in found["StateReason"]["Message"]
    assert ec2.describe_volumes()["Volumes"] == []


def test_a_machine_that_shuts_itself_down(cloud: Any, ec2: Any, launch: Any, state_of: Any) -> None:
    stopped, ended = launch(), launch(InstanceInitiatedShutdownBehavior="terminate")
    cloud.machines.ended(stopped)
    cloud.machines.ended(ended)
    cloud.settle()
    assert (state_of(stopped), state_of(ended)) == ("stopped", "terminated")


def test_terminating_a_pending_instance_leaves_nothing(cloud: Any, ec2: Any, base_ami: str, state_of: Any) -> None:
    cloud.machines.gate.clear()
    started = ec2.run_instances(ImageId=base_ami, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]
    ec2.terminate_instances(InstanceIds=[started["InstanceId"]])
    cloud.machines.gate.set()
    cloud.settle()
    assert state_of(started["InstanceId"]) == "terminated"
    assert not cloud.machines.machines


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"ImageId": "ami-00000000000000000"}, "InvalidAMIID.NotFound"),
        ({"ImageId": "debian"}, "InvalidAMIID.Malformed"),
        ({"InstanceType": "t3.gigantic"}, "InvalidParameterValue"),
        ({"InstanceType": "t4g.micro"}, "InvalidParameterValue"),
        ({"KeyName": "nobody"}, "InvalidKeyPair.NotFound"),
        ({"SubnetId": "subnet-0123456789abcdef0"}, "InvalidSubnetID.NotFound"),
        ({"SecurityGroupIds": ["sg-0123456789abcdef0"]}, "InvalidGroup.NotFound"),
        ({"DryRun": True}, "DryRunOperation"),
        ({"MinCount": 2}, "InvalidParameterValue"),
        ({"UserData": "x" * 16385}, "InvalidParameterValue"),
        ({"PrivateIpAddress": "172.31.0.9"}, "UnsupportedOperation"),
        ({"InstanceMarketOptions": {"MarketType": "spot"}}, "UnsupportedOperation"),
        ({"BlockDeviceMappings": [{"DeviceName": "/dev/sdb", "Ebs": {"VolumeSize": 5}}]}, "UnsupportedOperation"),
        ({"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 5}}]}, "InvalidBlockDeviceMapping"),
        ({"TagSpecifications": [{"ResourceType": "image", "Tags": []}]}, "InvalidParameterValue"),
    ],
)
def test_what_can_not_be_launched(
    cloud: Any, ec2: Any, base_ami: str, refused: Any, options: dict[str, Any], code: str
) -> None:
    with refused(code):
        ec2.run_instances(**{"ImageId": base_ami, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1} | options)
    assert cloud.machines.done == []
    assert ec2.describe_instances()["Reservations"] == []


def test_the_same_client_token_launches_once(cloud: Any, ec2: Any, launch: Any, refused: Any) -> None:
    assert launch(ClientToken="once") == launch(ClientToken="once")
    assert cloud.machines.verbs() == ["launch"]
    with refused("IdempotentParameterMismatch"):
        launch(ClientToken="once", InstanceType="t3.small")


def test_volumes_and_tags_are_as_asked_for(cloud: Any, ec2: Any, launch: Any) -> None:
    tags = [{"Key": "golden:run", "Value": "r1"}]
    instance_id = launch(
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "Iops": 4000, "Encrypted": True}}],
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}, {"ResourceType": "volume", "Tags": tags}],
    )
    (volume,) = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [instance_id]}])["Volumes"]
    assert (volume["Size"], volume["VolumeType"], volume["Iops"]) == (20, "gp3", 4000)
    assert volume["Encrypted"] is True
    assert volume["KmsKeyId"].startswith("arn:aws:kms:us-east-1:")
    found = ec2.describe_tags(Filters=[{"Name": "key", "Values": ["golden:*"]}])["Tags"]
    assert {(tag["ResourceId"], tag["ResourceType"]) for tag in found} == {
        (instance_id, "instance"),
        (volume["VolumeId"], "volume"),
    }


def test_a_protected_instance_stays(cloud: Any, ec2: Any, launch: Any, refused: Any, state_of: Any) -> None:
    instance_id = launch(DisableApiTermination=True)
    with refused("OperationNotPermitted"):
        ec2.terminate_instances(InstanceIds=[instance_id])
    ec2.modify_instance_attribute(InstanceId=instance_id, DisableApiTermination={"Value": False})
    ec2.terminate_instances(InstanceIds=[instance_id])
    cloud.settle()
    assert state_of(instance_id) == "terminated"


def test_states_that_forbid(cloud: Any, ec2: Any, launch: Any, refused: Any) -> None:
    instance_id = launch()
    ec2.terminate_instances(InstanceIds=[instance_id])
    cloud.settle()
    for call in (ec2.start_instances, ec2.stop_instances, ec2.reboot_instances):
        with refused("IncorrectInstanceState"):
            call(InstanceIds=[instance_id])
    with refused("IncorrectState"):
        ec2.create_image(InstanceId=instance_id, Name="late")
    with refused("InvalidInstanceID.NotFound"):
        ec2.terminate_instances(InstanceIds=["i-0123456789abcdef0"])


def test_filters_and_pages(cloud: Any, ec2: Any, launch: Any, refused: Any) -> None:
    ids = {launch() for _unused in range(3)}
    ec2.stop_instances(InstanceIds=[min(ids)])
    cloud.settle()

    def found(**options: Any) -> set[str]:
        pages = ec2.get_paginator("describe_instances").paginate(**options)
        return {i["InstanceId"] for page in pages for r in page["Reservations"] for i in r["Instances"]}

    assert found(PaginationConfig={"PageSize": 5}) == ids
    assert found(Filters=[{"Name": "instance-state-name", "Values": ["running", "pending"]}]) == ids - {min(ids)}
    assert found(Filters=[{"Name": "instance-type", "Values": ["t3.*"]}]) == ids
    with refused("InvalidParameterValue", "nonsense"):
        found(Filters=[{"Name": "nonsense", "Values": ["1"]}])


def test_console_output(ec2: Any, launch: Any) -> None:
    instance_id = launch()
    assert ec2.get_console_output(InstanceId=instance_id)["Output"] == f"console of {instance_id}\n"


def test_a_waiter_is_answered_when_the_state_has_settled(cloud: Any, ec2: Any, base_ami: str) -> None:
    import threading
    import time

    cloud.machines.gate.clear()
    started = ec2.run_instances(ImageId=base_ami, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]
    threading.Timer(0.5, cloud.machines.gate.set).start()
    began = time.monotonic()
    ec2.get_waiter("instance_running").wait(InstanceIds=[started["InstanceId"]])
    assert time.monotonic() - began < 5  # the waiter alone would sleep for 15 s


def test_metadata_of_a_machine(cloud: Any, ec2: Any, launch: Any) -> None:
    ec2.create_key_pair(KeyName="builder", KeyType="rsa")
    instance_id = launch(KeyName="builder", UserData="hello", MetadataOptions={"HttpTokens": "required"})
    address = ec2.describe_instances()["Reservations"][0]["Instances"][0]["PrivateIpAddress"]
    told = cloud.app.instance_metadata(address)
    assert (told.instance_id, told.region, told.user_data) == (instance_id, "us-east-1", b"hello")
    assert told.http_tokens_required
    assert told.public_keys[0][0] == "builder"
    assert told.tags is None
    assert cloud.app.instance_metadata("10.99.99.99") is None


def test_credentials_of_an_instance_profile_work(cloud: Any, ec2: Any, launch: Any) -> None:
    iam = cloud.client("iam")
    iam.create_role(RoleName="builder", AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[]}')
    iam.create_instance_profile(InstanceProfileName="builder")
    iam.add_role_to_instance_profile(InstanceProfileName="builder", RoleName="builder")
    launch(IamInstanceProfile={"Name": "builder"})
    address = ec2.describe_instances()["Reservations"][0]["Instances"][0]["PrivateIpAddress"]
    keys = cloud.app.instance_metadata(address).role_credentials
    assert keys == cloud.app.instance_metadata(address).role_credentials
    caller = cloud.client(
        "sts",
        keys={
            "AccessKeyId": keys.access_key_id,
            "SecretAccessKey": keys.secret_access_key,
            "SessionToken": keys.session_token,
        },
    ).get_caller_identity()
    assert ":assumed-role/builder/i-" in caller["Arn"]


def test_metadata_is_told_while_the_machine_boots(cloud: Any, ec2: Any, base_ami: str) -> None:
    cloud.machines.gate.clear()
    made = ec2.run_instances(ImageId=base_ami, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]
    assert cloud.app.instance_metadata("10.9.0.200") is None
    told = cloud.app.instance_metadata("10.9.0.200", made["InstanceId"])
    assert (told.instance_id, told.private_ip) == (made["InstanceId"], "10.9.0.200")


def test_an_instance_without_a_public_address(cloud: Any, ec2: Any, launch: Any) -> None:
    nic = {"DeviceIndex": 0, "AssociatePublicIpAddress": False}
    instance_id = launch(NetworkInterfaces=[nic])
    for _unused in range(2):
        seen = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
        assert seen["State"]["Name"] == "running"
        assert "PublicIpAddress" not in seen
        assert not seen.get("PublicDnsName")
        assert not seen["NetworkInterfaces"][0].get("Association")
        told = cloud.app.instance_metadata(seen["PrivateIpAddress"])
        assert (told.private_ip, told.public_ip) == (seen["PrivateIpAddress"], None)
        ec2.stop_instances(InstanceIds=[instance_id])
        cloud.settle()
        cloud.restart()
        ec2 = cloud.client("ec2")
        ec2.start_instances(InstanceIds=[instance_id])
        cloud.settle()
    public = launch_public(cloud, ec2, seen["ImageId"])
    assert public["PublicIpAddress"] == public["PrivateIpAddress"]


def launch_public(cloud: Any, ec2: Any, image_id: str) -> Any:
    nic = {"DeviceIndex": 0, "AssociatePublicIpAddress": True}
    made = ec2.run_instances(
        ImageId=image_id, InstanceType="t3.micro", MinCount=1, MaxCount=1, NetworkInterfaces=[nic]
    )["Instances"][0]["InstanceId"]
    cloud.settle()
    return ec2.describe_instances(InstanceIds=[made])["Reservations"][0]["Instances"][0]
