# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Key pairs, security groups and tags."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_key_pairs(ec2: Any, refused: Any, kind: str) -> None:
    made = ec2.create_key_pair(
        KeyName="k",
        KeyType=kind,
        TagSpecifications=[{"ResourceType": "key-pair", "Tags": [{"Key": "a", "Value": "b"}]}],
    )
    assert "PRIVATE KEY" in made["KeyMaterial"]
    (found,) = ec2.describe_key_pairs(KeyPairIds=[made["KeyPairId"]])["KeyPairs"]
    assert (found["KeyName"], found["KeyType"], found["Tags"]) == ("k", kind, [{"Key": "a", "Value": "b"}])
    tags = ec2.describe_tags(Filters=[{"Name": "resource-type", "Values": ["key-pair"]}])["Tags"]
    assert [tag["ResourceId"] for tag in tags] == [made["KeyPairId"]]
    with refused("InvalidKeyPair.Duplicate"):
        ec2.create_key_pair(KeyName="k")
    ec2.delete_key_pair(KeyPairId=made["KeyPairId"])
    ec2.delete_key_pair(KeyName="k")
    assert ec2.describe_key_pairs()["KeyPairs"] == []
    assert ec2.describe_tags()["Tags"] == []
    with refused("InvalidKeyPair.NotFound"):
        ec2.describe_key_pairs(KeyNames=["k"])


def test_an_imported_key_reaches_the_machine_as_it_is(cloud: Any, ec2: Any, launch: Any) -> None:
    public = Ed25519PrivateKey.generate().public_key()
    line = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH) + b" ann@laptop"
    ec2.import_key_pair(KeyName="ann", PublicKeyMaterial=line)
    launch(KeyName="ann")
    assert cloud.machines.done[0][3]["public_keys"] == [line.decode()]


def test_a_group_in_use_stays(cloud: Any, ec2: Any, launch: Any, refused: Any) -> None:
    group = ec2.create_security_group(GroupName="web", Description="web")["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    )
    instance_id = launch(SecurityGroupIds=[group])
    found = ec2.describe_instances(Filters=[{"Name": "group-id", "Values": [group]}])["Reservations"]
    assert found[0]["Instances"][0]["SecurityGroups"] == [{"GroupName": "web", "GroupId": group}]
    with refused("DependencyViolation"):
        ec2.delete_security_group(GroupId=group)
    ec2.terminate_instances(InstanceIds=[instance_id])
    cloud.settle()
    ec2.delete_security_group(GroupId=group)
    with refused("InvalidGroup.NotFound"):
        ec2.delete_security_group(GroupId=group)
    default = ec2.describe_security_groups(GroupNames=["default"])["SecurityGroups"][0]["GroupId"]
    with refused("CannotDelete"):
        ec2.delete_security_group(GroupId=default)


def test_a_group_that_another_names_stays(ec2: Any, refused: Any) -> None:
    first = ec2.create_security_group(GroupName="a", Description="a")["GroupId"]
    second = ec2.create_security_group(GroupName="b", Description="b")["GroupId"]
    permission = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "UserIdGroupPairs": [{"GroupId": first}]}
    ec2.authorize_security_group_ingress(GroupId=second, IpPermissions=[permission])
    with refused("DependencyViolation"):
        ec2.delete_security_group(GroupId=first)


def test_tags(ec2: Any, launch: Any, refused: Any) -> None:
    instance_id = launch()
    ec2.create_tags(Resources=[instance_id], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    ec2.delete_tags(Resources=[instance_id], Tags=[{"Key": "a", "Value": "other"}, {"Key": "b"}])
    for name, value in (("key", "a"), ("value", "1"), ("resource-id", instance_id), ("resource-type", "instance")):
        found = ec2.describe_tags(Filters=[{"Name": name, "Values": [value]}])["Tags"]
        assert found == [{"Key": "a", "Value": "1", "ResourceId": instance_id, "ResourceType": "instance"}]
    with refused("InvalidInstanceID.NotFound"):
        ec2.create_tags(Resources=["i-0123456789abcdef0"], Tags=[{"Key": "a", "Value": "1"}])
    with refused("InvalidParameterValue", "aws:"):
        ec2.create_tags(Resources=[instance_id], Tags=[{"Key": "aws:x", "Value": "1"}])
