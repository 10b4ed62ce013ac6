# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may use an image and its snapshots: accounts, organizations, the public, and the keys that it takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

OTHER = "210987654321"
ROLE = "arn:aws:iam::{}:role/OrganizationAccountAccessRole"
BLOCKED = "block public access"


@pytest.fixture
def client_of(cloud: Any) -> Callable[..., Any]:
    """A client for a service in another account."""

    def _client_of(account: str, service: str = "ec2", region: str = "us-east-1") -> Any:
        keys = cloud.client("sts").assume_role(RoleArn=ROLE.format(account), RoleSessionName="me")["Credentials"]
        return cloud.client(service, region, keys=keys)

    return _client_of


def _snapshot_of(ec2: Any, image_id: str) -> str:
    (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
    return str(image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"])


@pytest.fixture
def organization(cloud: Any) -> dict[str, str]:
    """An organization: an account in a unit within a unit, and one at the root."""
    client = cloud.client("organizations")
    arn = client.create_organization(FeatureSet="ALL")["Organization"]["Arn"]
    root = client.list_roots()["Roots"][0]["Id"]
    unit = client.create_organizational_unit(ParentId=root, Name="apps")["OrganizationalUnit"]
    inner = client.create_organizational_unit(ParentId=unit["Id"], Name="web")["OrganizationalUnit"]
    made = [
        client.create_account(Email=f"{name}@example.com", AccountName=name)["CreateAccountStatus"]["AccountId"]
        for name in ("inside", "outside")
    ]
    client.move_account(AccountId=made[0], SourceParentId=root, DestinationParentId=inner["Id"])
    return {"arn": arn, "root": root, "unit": unit["Arn"], "unit_id": unit["Id"], "in": made[0], "out": made[1]}


def test_an_organization_can_be_walked(cloud: Any, organization: dict[str, str], refused: Any, client_of: Any) -> None:
    client = cloud.client("organizations")
    assert {a["Id"] for a in client.list_accounts()["Accounts"]} == {
        "123456789012",
        organization["in"],
        organization["out"],
    }
    (inner,) = client.list_organizational_units_for_parent(ParentId=organization["unit_id"])["OrganizationalUnits"]
    (account,) = client.list_accounts_for_parent(ParentId=inner["Id"])["Accounts"]
    assert account["Id"] == organization["in"]
    assert client.list_parents(ChildId=account["Id"])["Parents"] == [{"Id": inner["Id"], "Type": "ORGANIZATIONAL_UNIT"}]
    children = client.list_children(ParentId=organization["unit_id"], ChildType="ORGANIZATIONAL_UNIT")["Children"]
    assert [child["Id"] for child in children] == [inner["Id"]]
    with refused("DuplicateOrganizationalUnitException"):
        client.create_organizational_unit(ParentId=organization["root"], Name="apps")
    with refused("ParentNotFoundException"):
        client.create_organizational_unit(ParentId="ou-none-12345678", Name="x")
    with refused("OrganizationalUnitNotEmptyException"):
        client.delete_organizational_unit(OrganizationalUnitId=inner["Id"])
    with refused("AccountNotFoundException"):
        client.move_account(
            AccountId=account["Id"], SourceParentId=organization["root"], DestinationParentId=inner["Id"]
        )
    member = client_of(organization["in"], "organizations")
    assert member.describe_organization()["Organization"]["Arn"] == organization["arn"]
    with refused("AccessDeniedException"):
        member.list_accounts()
    with refused("AWSOrganizationsNotInUseException"):
        client_of(OTHER, "organizations").list_accounts()


def test_what_is_shared_with_an_organization_follows_membership(
    cloud: Any, ec2: Any, make_image: Any, organization: dict[str, str], client_of: Any, refused: Any
) -> None:
    image_id = make_image()
    inside, outside, stranger = (client_of(account) for account in (organization["in"], organization["out"], OTHER))

    def seen() -> list[bool]:
        return [
            bool(c.describe_images(ExecutableUsers=["self"])["Images"])
            and c.describe_images(ImageIds=[image_id])["Images"][0]["OwnerId"] == "123456789012"
            for c in (inside, outside, stranger)
        ]

    ec2.modify_image_attribute(
        ImageId=image_id,
        Attribute="launchPermission",
        OperationType="add",
        OrganizationalUnitArns=[organization["unit"]],
    )
    assert seen() == [True, False, False]
    with refused("InvalidAMIID.NotFound"):
        outside.describe_images(ImageIds=[image_id])
    # By the account's number only what is shared with it by name.
    assert ec2.describe_images(ExecutableUsers=[organization["in"]])["Images"] == []
    ec2.modify_image_attribute(
        ImageId=image_id, LaunchPermission={"Add": [{"OrganizationArn": organization["arn"]}], "Remove": []}
    )
    assert seen() == [True, True, False]
    cloud.restart()
    ec2 = cloud.client("ec2")
    inside, outside, stranger = (client_of(account) for account in (organization["in"], organization["out"], OTHER))
    assert seen() == [True, True, False]
    ec2.modify_image_attribute(
        ImageId=image_id, LaunchPermission={"Remove": [{"OrganizationArn": organization["arn"]}]}
    )
    client = cloud.client("organizations")
    parent = client.list_parents(ChildId=organization["in"])["Parents"][0]["Id"]
    client.move_account(AccountId=organization["in"], SourceParentId=parent, DestinationParentId=organization["root"])
    assert seen() == [False, False, False]
    told = ec2.describe_image_attribute(ImageId=image_id, Attribute="launchPermission")["LaunchPermissions"]
    assert told == [{"OrganizationalUnitArn": organization["unit"]}]
    ec2.reset_image_attribute(ImageId=image_id, Attribute="launchPermission")
    assert ec2.describe_image_attribute(ImageId=image_id, Attribute="launchPermission")["LaunchPermissions"] == []


@pytest.mark.parametrize(
    "permission",
    [
        {"UserId": "12345678901"},
        {"OrganizationArn": "o-1234567890"},
        {"OrganizationArn": "arn:aws:organizations::123456789012:ou/o-1234567890/ou-ab12-12345678"},
        {"OrganizationalUnitArn": "ou-ab12-12345678"},
    ],
)
def test_who_can_not_be_given_a_permission(ec2: Any, make_image: Any, refused: Any, permission: dict[str, str]) -> None:
    with refused("InvalidAMIAttributeItemValue", next(iter(permission.values()))):
        ec2.modify_image_attribute(ImageId=make_image(), LaunchPermission={"Add": [permission]})


def test_the_public_is_kept_out_until_it_is_let_in(ec2: Any, make_image: Any, client_of: Any, refused: Any) -> None:
    image_id, other = make_image(), client_of(OTHER)
    public = {"ImageId": image_id, "LaunchPermission": {"Add": [{"Group": "all"}]}}
    assert ec2.get_image_block_public_access_state()["ImageBlockPublicAccessState"] == "block-new-sharing"
    with refused("OperationNotPermitted", BLOCKED):
        ec2.modify_image_attribute(**public)
    assert ec2.disable_image_block_public_access()["ImageBlockPublicAccessState"] == "unblocked"
    ec2.modify_image_attribute(**public)
    assert other.describe_images(ImageIds=[image_id])["Images"][0]["Public"] is True
    # What is public stays so.
    ec2.enable_image_block_public_access(ImageBlockPublicAccessState="block-new-sharing")
    assert other.describe_images(ImageIds=[image_id])["Images"][0]["Public"] is True


def test_public_snapshots_and_their_switch(cloud: Any, ec2: Any, make_image: Any, client_of: Any, refused: Any) -> None:
    snapshot, other = _snapshot_of(ec2, make_image()), client_of(OTHER)
    public = {"SnapshotId": snapshot, "Attribute": "createVolumePermission", "GroupNames": ["all"]}
    assert ec2.get_snapshot_block_public_access_state()["State"] == "unblocked"
    ec2.modify_snapshot_attribute(**public, OperationType="add")
    assert other.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["OwnerId"] == "123456789012"
    assert ec2.enable_snapshot_block_public_access(State="block-all-sharing")["State"] == "block-all-sharing"
    with refused("InvalidSnapshot.NotFound"):
        other.describe_snapshots(SnapshotIds=[snapshot])
    told = ec2.describe_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission")
    assert told["CreateVolumePermissions"] == [{"Group": "all"}]
    ec2.enable_snapshot_block_public_access(State="block-new-sharing")
    cloud.restart()
    ec2, other = cloud.client("ec2"), client_of(OTHER)
    assert ec2.get_snapshot_block_public_access_state()["State"] == "block-new-sharing"
    assert other.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
    ec2.modify_snapshot_attribute(**public, OperationType="remove")
    with refused("OperationNotPermitted", BLOCKED):
        ec2.modify_snapshot_attribute(**public, OperationType="add")
    with refused("InvalidParameterValue"):
        ec2.enable_snapshot_block_public_access(State="unblocked")
    ec2.disable_snapshot_block_public_access()
    ec2.modify_snapshot_attribute(**public, OperationType="add")


def test_a_shared_snapshot_is_seen_and_not_changed_by_others(
    ec2: Any, make_image: Any, client_of: Any, refused: Any
) -> None:
    snapshot, other = _snapshot_of(ec2, make_image()), client_of(OTHER)
    ec2.modify_snapshot_attribute(SnapshotId=snapshot, CreateVolumePermission={"Add": [{"UserId": OTHER}]})
    assert other.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
    with refused("AuthFailure"):
        other.reset_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission")
    with refused("InvalidParameterCombination"):
        both = {"Add": [{"UserId": "111122223333"}], "Remove": [{"UserId": OTHER}]}
        ec2.modify_snapshot_attribute(SnapshotId=snapshot, CreateVolumePermission=both)
    ec2.reset_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission")
    with refused("InvalidSnapshot.NotFound"):
        other.describe_snapshots(SnapshotIds=[snapshot])


def test_a_copy_of_a_shared_image_needs_its_snapshots(
    cloud: Any, ec2: Any, make_image: Any, client_of: Any, refused: Any, base_ami: str
) -> None:
    image_id, far = make_image(), client_of(OTHER, region="eu-west-1")
    ec2.modify_image_attribute(ImageId=image_id, LaunchPermission={"Add": [{"UserId": OTHER}]})
    asked = {"Name": "copy", "SourceImageId": image_id, "SourceRegion": "us-east-1"}
    with refused("InvalidRequest", "permission to access the storage"):
        far.copy_image(**asked)
    ec2.modify_snapshot_attribute(
        SnapshotId=_snapshot_of(ec2, image_id), CreateVolumePermission={"Add": [{"UserId": OTHER}]}
    )
    copy = far.copy_image(**asked)["ImageId"]
    far.copy_image(Name="base", SourceImageId=base_ami, SourceRegion="us-east-1")
    cloud.settle()
    (image,) = far.describe_images(ImageIds=[copy])["Images"]
    assert (image["State"], image["OwnerId"], image["SourceImageId"]) == ("available", OTHER, image_id)


def _encrypted(cloud: Any, ec2: Any, source: str, key: str | None) -> str:
    more = {"KmsKeyId": key} if key else {}
    made = ec2.copy_image(Name="enc", SourceImageId=source, SourceRegion="us-east-1", Encrypted=True, **more)
    cloud.settle()
    return str(made["ImageId"])


def test_what_amazons_key_encrypts_is_nobody_elses(cloud: Any, ec2: Any, make_image: Any, refused: Any) -> None:
    image_id = _encrypted(cloud, ec2, make_image(), None)
    snapshot = _snapshot_of(ec2, image_id)
    with refused("InvalidParameter", "AWS Managed CMK can't be shared"):
        ec2.modify_image_attribute(ImageId=image_id, LaunchPermission={"Add": [{"UserId": OTHER}]})
    with refused("OperationNotPermitted", "EBS default key cannot be shared"):
        ec2.modify_snapshot_attribute(SnapshotId=snapshot, CreateVolumePermission={"Add": [{"UserId": OTHER}]})
    kms = cloud.client("kms")
    key = ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["KmsKeyId"]
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyManager"] == "AWS"
    policy = json.loads(kms.get_key_policy(KeyId=key)["Policy"])
    assert policy["Statement"][0]["Condition"]["StringEquals"]["kms:CallerAccount"] == "123456789012"
    with refused("AccessDeniedException"):
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    with refused("InvalidRequest", "unencrypted copy"):
        ec2.copy_image(Name="plain", SourceImageId=image_id, SourceRegion="us-east-1", Encrypted=False)


def _let_in(policy: str, **more: Any) -> str:
    document = json.loads(policy)
    actions = ["kms:DescribeKey", "kms:CreateGrant", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"]
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"},
        "Action": actions,
        "Resource": "*",
    }
    document["Statement"].append(statement | more)
    return json.dumps(document)


@pytest.mark.parametrize("way", ["policy", "grant", "nothing", "policy of others", "policy without Decrypt"])
def test_a_customer_key_lets_in_whom_its_policy_or_a_grant_names(
    cloud: Any, ec2: Any, make_image: Any, client_of: Any, way: str
) -> None:
    kms, other = cloud.client("kms"), client_of(OTHER)
    key = kms.create_key()["KeyMetadata"]["Arn"]
    policy = kms.get_key_policy(KeyId=key)["Policy"]
    if way == "policy":
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=_let_in(policy))
    elif way == "policy of others":
        changed = _let_in(policy, Principal={"AWS": ["arn:aws:iam::111122223333:root"]})
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=changed)
    elif way == "policy without Decrypt":
        changed = _let_in(policy, Action=["kms:DescribeKey", "kms:CreateGrant"])
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=changed)
    elif way == "grant":
        operations = ["DescribeKey", "CreateGrant", "Decrypt"]
        kms.create_grant(KeyId=key, GranteePrincipal=ROLE.format(OTHER), Operations=operations)
        (grant,) = kms.list_grants(KeyId=key)["Grants"]
        assert (grant["GranteePrincipal"], grant["Operations"]) == (ROLE.format(OTHER), operations)
    image_id = _encrypted(cloud, ec2, make_image(), key)
    ec2.modify_image_attribute(ImageId=image_id, LaunchPermission={"Add": [{"UserId": OTHER}]})
    snapshot = _snapshot_of(ec2, image_id)
    ec2.modify_snapshot_attribute(SnapshotId=snapshot, CreateVolumePermission={"Add": [{"UserId": OTHER}]})
    copy = other.copy_image(Name="copy", SourceImageId=image_id, SourceRegion="us-east-1")["ImageId"]
    machine = other.run_instances(ImageId=image_id, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]
    cloud.settle()
    (image,) = other.describe_images(ImageIds=[copy])["Images"]
    (instance,) = other.describe_instances(InstanceIds=[machine["InstanceId"]])["Reservations"][0]["Instances"]
    lets_in = way in {"policy", "grant"}
    assert image["State"] == ("available" if lets_in else "failed")
    assert instance["State"]["Name"] == ("running" if lets_in else "terminated")
    if not lets_in:
        assert "key ID is not accessible" in image["StateReason"]["Message"]
        assert instance["StateReason"]["Code"] == "Client.InternalError"


@pytest.mark.parametrize(
    ("allowed", "operation"), [(["kms:DescribeKey", "kms:CreateGrant"], ""), (["kms:DescribeKey"], "CreateGrant")]
)
def test_another_account_grants_what_the_key_lets_it(
    cloud: Any, client_of: Any, refused: Any, allowed: list[str], operation: str
) -> None:
    kms, theirs = cloud.client("kms"), client_of(OTHER, "kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    with refused("AccessDeniedException", "is not authorized to perform: kms:DescribeKey"):
        theirs.describe_key(KeyId=key)
    policy = _let_in(kms.get_key_policy(KeyId=key)["Policy"], Action=[*allowed, "kms:ListGrants"])
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy)
    assert theirs.describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key
    role = f"arn:aws:iam::{OTHER}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    asked = {"KeyId": key, "GranteePrincipal": role, "Operations": ["Decrypt"]}
    if operation:
        with refused("AccessDeniedException", f"is not authorized to perform: kms:{operation}"):
            theirs.create_grant(**asked)
        assert kms.list_grants(KeyId=key)["Grants"] == []
        return
    theirs.create_grant(**asked)
    (grant,) = theirs.list_grants(KeyId=key)["Grants"]
    assert grant["GranteePrincipal"] == role
    with refused("AccessDeniedException", "kms:GetKeyPolicy"):
        theirs.get_key_policy(KeyId=key, PolicyName="default")


@pytest.mark.parametrize("lets_in", [True, False])
def test_a_copy_can_be_encrypted_with_a_key_of_another_account(
    cloud: Any, ec2: Any, make_image: Any, client_of: Any, refused: Any, lets_in: bool
) -> None:
    theirs = client_of(OTHER, "kms")
    key = theirs.create_key()["KeyMetadata"]["Arn"]
    policy = theirs.get_key_policy(KeyId=key)["Policy"]
    if lets_in:
        changed = _let_in(policy, Principal={"AWS": "arn:aws:iam::123456789012:root"})
        theirs.put_key_policy(KeyId=key, PolicyName="default", Policy=changed)
    source = make_image()
    image_id = _encrypted(cloud, ec2, source, key)
    (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
    assert image["State"] == ("available" if lets_in else "failed")
    (snapshot,) = ec2.describe_snapshots(SnapshotIds=[_snapshot_of(ec2, image_id)])["Snapshots"]
    assert snapshot["KmsKeyId"] == key
    mapping = [{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True, "KmsKeyId": key}}]
    machine = ec2.run_instances(
        ImageId=source, InstanceType="t3.micro", MinCount=1, MaxCount=1, BlockDeviceMappings=mapping
    )["Instances"][0]["InstanceId"]
    cloud.settle()
    (instance,) = ec2.describe_instances(InstanceIds=[machine])["Reservations"][0]["Instances"]
    assert instance["State"]["Name"] == ("running" if lets_in else "terminated")
    with refused("InvalidParameterValue", "eu-west-1"):
        cloud.client("ec2", "eu-west-1").copy_image(
            Name="far", SourceImageId=source, SourceRegion="us-east-1", Encrypted=True, KmsKeyId=key
        )


def test_conditions_of_a_key_policy_count(cloud: Any, organization: dict[str, str], client_of: Any) -> None:
    from golden_cloud.api import keys
    from golden_cloud.api.access import Identity

    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    policy = kms.get_key_policy(KeyId=key)["Policy"]
    ours, theirs = (Identity("", account, ROLE.format(account), "") for account in (organization["in"], OTHER))

    def lets_in(condition: dict[str, Any]) -> list[bool]:
        document = _let_in(policy, Principal="*", Condition=condition)
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=document)
        return [keys.may_use(key, who, "ec2") for who in (ours, theirs)]

    organization_id = organization["arn"].rsplit("/", 1)[-1]
    assert lets_in({}) == [True, True]
    assert lets_in({"StringEquals": {"aws:PrincipalOrgID": organization_id}}) == [True, False]
    assert lets_in({"StringEquals": {"kms:CallerAccount": [OTHER]}}) == [False, True]
    assert lets_in({"StringLike": {"kms:ViaService": "ec2.*.amazonaws.com"}}) == [True, True]
    assert lets_in({"StringEquals": {"kms:ViaService": "rds.us-east-1.amazonaws.com"}}) == [False, False]
    # One that is not known here lets nobody in.
    assert lets_in({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}) == [False, False]


def test_when_an_image_was_launched_last(cloud: Any, ec2: Any, make_image: Any, launch: Any) -> None:
    image_id = make_image()
    asked = {"ImageId": image_id, "Attribute": "lastLaunchedTime"}
    assert "Value" not in ec2.describe_image_attribute(**asked).get("LastLaunchedTime", {})
    launch(ImageId=image_id)
    first = ec2.describe_image_attribute(**asked)["LastLaunchedTime"]["Value"]
    assert first.endswith("Z")
    cloud.restart()
    ec2 = cloud.client("ec2")
    assert ec2.describe_image_attribute(**asked)["LastLaunchedTime"]["Value"] == first
    assert ec2.describe_images(ImageIds=[image_id])["Images"][0]["LastLaunchedTime"] == first
