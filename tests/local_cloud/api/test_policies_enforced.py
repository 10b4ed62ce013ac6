# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM's policies enforced: calls with the keys of roles and users, answered as AWS answers them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from golden_cloud.api import catalogue, inside, permitted
from golden_cloud.api import keys as kms_keys
from golden_cloud.api.access import Identity
from golden_cloud.api.errors import CloudError

ACCOUNT = "123456789012"
OTHER = "210987654321"
Role = Callable[..., dict[str, str]]


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions: str, on: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}


def trust(principal: Any, **more: Any) -> str:
    return document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more})


ANYBODY_HERE = trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})


@pytest.fixture
def enforced(cloud: Any) -> Any:
    """A cloud that enforces policies."""
    assert cloud.control("PUT", "iam", {"enforce": True}) == (200, {"enforce": True, "changed": True})
    return cloud


@pytest.fixture
def role(cloud: Any) -> Role:
    """Keys of a new role with these statements."""

    def _role(*statements: dict[str, Any], name: str = "build", trusted: str = ANYBODY_HERE) -> dict[str, str]:
        iam = cloud.client("iam")
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted, Path="/p/")
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
        arn = f"arn:aws:iam::{ACCOUNT}:role/p/{name}"
        made: dict[str, str] = cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="me")["Credentials"]
        return made

    return _role


@pytest.fixture
def user(cloud: Any) -> Callable[..., dict[str, str]]:
    """Keys of a new user."""

    def _user(name: str = "ann") -> dict[str, str]:
        cloud.client("iam").create_user(UserName=name)
        keys: dict[str, str] = cloud.client("iam").create_access_key(UserName=name)["AccessKey"]
        return keys

    return _user


def test_off_until_it_is_told_and_it_survives_a_restart(cloud: Any, role: Role, refused: Any) -> None:
    keys = role()
    assert cloud.control("GET", "iam") == (200, {"enforce": False})
    cloud.client("ec2", keys=keys).describe_regions()
    cloud.control("PUT", "iam", {"enforce": True})
    for _unused in range(2):
        with refused("UnauthorizedOperation"):
            cloud.client("ec2", keys=keys).describe_regions()
        cloud.restart()
    assert cloud.control("PUT", "iam", {"enforce": False}) == (200, {"enforce": False, "changed": True})
    cloud.client("ec2", keys=keys).describe_regions()


@pytest.mark.parametrize("body", [b"{", [], {}, {"enforce": "on"}, {"enforce": True, "more": 1}])
def test_a_wrong_switch_is_refused(cloud: Any, body: Any) -> None:
    assert cloud.control("PUT", "iam", body)[0] == 400
    assert cloud.control("GET", "iam")[1] == {"enforce": False}


def test_the_clouds_own_keys_may_do_everything(enforced: Any) -> None:
    enforced.client("ec2").describe_regions()
    session = enforced.client("sts").get_session_token()["Credentials"]
    enforced.client("iam", keys=session).create_user(UserName="ann")


def test_ec2_says_who_what_on_which_resource_and_why(enforced: Any, role: Role, launch: Any, refused: Any) -> None:
    mine, other = launch(), launch()
    arn = f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/"
    ec2 = enforced.client("ec2", keys=role(allow("ec2:StopInstances", on=arn + mine)))
    ec2.stop_instances(InstanceIds=[mine])
    with refused("UnauthorizedOperation") as caught:
        ec2.stop_instances(InstanceIds=[mine, other])
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 403
    text, _words, encoded = answer["Error"]["Message"].partition(" Encoded authorization failure message: ")
    assert text == (
        "You are not authorized to perform this operation. User: "
        f"arn:aws:sts::{ACCOUNT}:assumed-role/build/me is not authorized to perform: ec2:StopInstances on resource: "
        f"{arn}{other} because no identity-based policy allows the ec2:StopInstances action."
    )
    told = json.loads(enforced.client("sts").decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"])
    assert (told["allowed"], told["explicitDeny"], told["context"]["resource"]) == (False, False, arn + other)
    with refused("InvalidAuthorizationMessageException"):
        enforced.client("sts").decode_authorization_message(EncodedMessage="no message")
    with refused("UnauthorizedOperation", "to perform: ec2:DescribeInstances because no identity-based policy"):
        ec2.describe_instances()


def test_a_dry_run_tells_what_the_call_would(enforced: Any, role: Role, base_ami: str, refused: Any) -> None:
    asked = {"ImageId": base_ami, "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.micro", "DryRun": True}
    with refused("UnauthorizedOperation"):
        enforced.client("ec2", keys=role()).run_instances(**asked)
    with refused("DryRunOperation"):
        enforced.client("ec2", keys=role(allow("ec2:RunInstances"), name="other")).run_instances(**asked)


LAUNCH = allow("ec2:RunInstances")
TAGS = allow("ec2:CreateTags", Condition={"StringEquals": {"ec2:CreateAction": "RunInstances"}})
PASS = allow(
    "iam:PassRole",
    on=f"arn:aws:iam::{ACCOUNT}:role/machine",
    Condition={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
)


@pytest.mark.parametrize("missing", [LAUNCH, TAGS, PASS, None])
def test_a_launch_needs_each_of_what_it_asks_for(
    enforced: Any, role: Role, base_ami: str, refused: Any, missing: Any
) -> None:
    iam = enforced.client("iam")
    iam.create_role(RoleName="machine", AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    iam.create_instance_profile(InstanceProfileName="machine")
    iam.add_role_to_instance_profile(InstanceProfileName="machine", RoleName="machine")
    keys = role(*(one for one in (LAUNCH, TAGS, PASS) if one is not missing))
    asked = {
        "ImageId": base_ami, "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.micro",
        "IamInstanceProfile": {"Name": "machine"},
        "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "Team", "Value": "web"}]}],
    }  # fmt: skip
    ec2 = enforced.client("ec2", keys=keys)
    if missing is None:
        ec2.run_instances(**asked)
        enforced.settle()
        return
    with refused("UnauthorizedOperation", f"to perform: {missing['Action'][0]} on resource"):
        ec2.run_instances(**asked)
    assert enforced.client("ec2").describe_instances()["Reservations"] == []


def test_tags_decide(enforced: Any, role: Role, launch: Any, refused: Any) -> None:
    mine, other = launch(), launch()
    enforced.client("ec2").create_tags(Resources=[mine], Tags=[{"Key": "Team", "Value": "web"}])
    is_web = {"StringEquals": {"aws:ResourceTag/Team": "web"}}
    no_other_key = {"ForAllValues:StringEquals": {"aws:TagKeys": ["Stage"]}}
    ec2 = enforced.client(
        "ec2", keys=role(allow("ec2:StopInstances", Condition=is_web), allow("ec2:CreateTags", Condition=no_other_key))
    )
    ec2.stop_instances(InstanceIds=[mine])
    with refused("UnauthorizedOperation"):
        ec2.stop_instances(InstanceIds=[other])
    ec2.create_tags(Resources=[other], Tags=[{"Key": "Stage", "Value": "prod"}])
    with refused("UnauthorizedOperation"):
        ec2.create_tags(Resources=[other], Tags=[{"Key": "Team", "Value": "web"}])


def test_other_services_in_their_words(enforced: Any, role: Role, refused: Any) -> None:
    region = {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}
    keys = role(allow("ssm:*Parameter", on=f"arn:aws:ssm:*:{ACCOUNT}:parameter/golden/*", Condition=region))
    ssm = enforced.client("ssm", keys=keys)
    ssm.put_parameter(Name="/golden/a", Value="1", Type="String")
    assert ssm.get_parameter(Name="/golden/a")["Parameter"]["Value"] == "1"
    enforced.client("ssm").add_tags_to_resource(
        ResourceType="Parameter", ResourceId="/golden/a", Tags=[{"Key": "Team", "Value": "web"}]
    )
    by_tag = allow("ssm:GetParameter", Condition={"StringEquals": {"ssm:ResourceTag/Team": "web"}})
    assert enforced.client("ssm", keys=role(by_tag, name="tagged")).get_parameter(Name="/golden/a")
    with refused("AccessDeniedException", f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/other because no") as caught:
        ssm.get_parameter(Name="/other")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    with refused("AccessDeniedException"):
        enforced.client("ssm", "eu-west-1", keys=keys).get_parameter(Name="/golden/a")
    with refused("AccessDenied", f"to perform: iam:GetRole on resource: arn:aws:iam::{ACCOUNT}:role/p/build") as caught:
        enforced.client("iam", keys=keys).get_role(RoleName="build")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    with refused("AccessDenied"):
        enforced.client("autoscaling", keys=keys).describe_auto_scaling_groups()
    with refused("AccessDeniedException"):
        enforced.client("rbin", keys=keys).list_rules(ResourceType="EC2_IMAGE")
    assert enforced.client("sts", keys=keys).get_caller_identity()["Arn"].endswith("assumed-role/build/me")


def test_an_explicit_deny_names_the_statement(enforced: Any, role: Role, refused: Any) -> None:
    no = {"Sid": "NoSecrets", "Effect": "Deny", "Action": "ssm:Get*", "Resource": "*"}
    keys = role(allow("*"), no)
    with refused(
        "AccessDeniedException", "with an explicit deny in an identity-based policy (own, statement NoSecrets)"
    ):
        enforced.client("ssm", keys=keys).get_parameter(Name="/a")


def test_a_policy_that_cannot_be_evaluated_denies(enforced: Any, role: Role, refused: Any) -> None:
    role(allow("ssm:*"))
    odd = document(allow("ssm:*", Condition={"StringMatches": {"aws:username": "x"}}))
    arn = f"arn:aws:iam::{ACCOUNT}:role/p/build"
    keys = enforced.client("sts").assume_role(RoleArn=arn, RoleSessionName="odd", Policy=odd)["Credentials"]
    with refused("AccessDeniedException", "the condition operator 'StringMatches' is not known"):
        enforced.client("ssm", keys=keys).describe_parameters()


def test_a_user_has_its_own_policies_attached_ones_and_those_of_its_groups(
    enforced: Any, user: Any, refused: Any
) -> None:
    iam, keys = enforced.client("iam"), user()
    ssm = enforced.client("ssm", keys=keys)

    def may() -> bool:
        try:
            ssm.put_parameter(Name="/home/ann/x", Value="1", Type="String", Overwrite=True)
        except ssm.exceptions.ClientError as error:
            assert f"arn:aws:iam::{ACCOUNT}:user/ann is not" in str(error)
            return False
        return True

    text = document(allow("ssm:PutParameter", on="arn:aws:ssm:*:*:parameter/home/${aws:username}/*"))
    assert not may()
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=text)
    assert may()
    iam.delete_user_policy(UserName="ann", PolicyName="p")
    managed = iam.create_policy(PolicyName="m", PolicyDocument=text)["Policy"]["Arn"]
    iam.attach_user_policy(UserName="ann", PolicyArn=managed)
    assert may()
    newer = document(allow("ec2:*"))
    iam.create_policy_version(PolicyArn=managed, PolicyDocument=newer, SetAsDefault=True)
    assert not may()
    iam.create_group(GroupName="g")
    iam.put_group_policy(GroupName="g", PolicyName="p", PolicyDocument=text)
    assert not may()
    iam.add_user_to_group(GroupName="g", UserName="ann")
    assert may()


def test_a_boundary_and_a_session_policy_bound(enforced: Any, role: Role, refused: Any) -> None:
    iam = enforced.client("iam")
    role(allow("ssm:*", "ec2:Describe*"))
    arn = iam.create_policy(PolicyName="bounds", PolicyDocument=document(allow("ssm:*")))["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName="build", PermissionsBoundary=arn)
    only = document(allow("ssm:DescribeParameters"))
    keys = enforced.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/p/build", RoleSessionName="less", Policy=only
    )["Credentials"]
    enforced.client("ssm", keys=keys).describe_parameters()
    with refused("AccessDeniedException", "because no session policy allows the ssm:GetParameter action"):
        enforced.client("ssm", keys=keys).get_parameter(Name="/a")
    with refused("UnauthorizedOperation", "because no permissions boundary allows the ec2:DescribeRegions action"):
        enforced.client("ec2", keys=keys).describe_regions()
    with refused("MalformedPolicyDocument"):
        enforced.client("sts").assume_role(
            RoleArn=arn.replace("policy/bounds", "role/p/build"), RoleSessionName="me", Policy="{"
        )


@pytest.mark.parametrize(
    ("trusted", "allowed", "asked", "may"),
    [
        (trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), False, {}, False),
        (trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), True, {}, True),
        (trust({"AWS": f"arn:aws:iam::{ACCOUNT}:user/ann"}), False, {}, True),
        (trust({"AWS": f"arn:aws:iam::{ACCOUNT}:user/bob"}), True, {}, False),
        (trust({"Service": "codebuild.amazonaws.com"}), True, {}, False),
        (trust("*", Condition={"StringEquals": {"sts:ExternalId": "x1"}}), True, {}, False),
        (trust("*", Condition={"StringEquals": {"sts:ExternalId": "x1"}}), True, {"ExternalId": "x1"}, True),
    ],
)
def test_who_may_assume_a_role(
    enforced: Any, user: Any, refused: Any, trusted: str, allowed: bool, asked: Any, may: bool
) -> None:
    iam, keys = enforced.client("iam"), user()
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trusted)
    arn = f"arn:aws:iam::{ACCOUNT}:role/r"
    if allowed:
        iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=document(allow("sts:AssumeRole", on=arn)))
    sts = enforced.client("sts", keys=keys)
    if may:
        sts.assume_role(RoleArn=arn, RoleSessionName="me", **asked)
        return
    with refused("AccessDenied", f"is not authorized to perform: sts:AssumeRole on resource: {arn}"):
        sts.assume_role(RoleArn=arn, RoleSessionName="me", **asked)


def test_a_service_assumes_what_trusts_it(enforced: Any) -> None:
    iam = enforced.client("iam")
    iam.create_role(RoleName="b", AssumeRolePolicyDocument=trust({"Service": "codebuild.amazonaws.com"}))
    arn = f"arn:aws:iam::{ACCOUNT}:role/b"
    inside.assume(arn, "s", "us-east-1", service="codebuild.amazonaws.com")
    with pytest.raises(CloudError, match="codepipeline.amazonaws.com is not authorized to perform: sts:AssumeRole"):
        inside.assume(arn, "s", "us-east-1", service="codepipeline.amazonaws.com")


def test_a_service_assumes_what_trusts_it_for_what_it_works_for(enforced: Any) -> None:
    mine = f"arn:aws:codepipeline:us-east-1:{ACCOUNT}:mine"
    condition = {"ArnEquals": {"aws:SourceArn": mine}, "StringEquals": {"aws:SourceAccount": ACCOUNT}}
    trusted = trust({"Service": "codepipeline.amazonaws.com"}, Condition=condition)
    enforced.client("iam").create_role(RoleName="b", AssumeRolePolicyDocument=trusted)
    arn, service = f"arn:aws:iam::{ACCOUNT}:role/b", "codepipeline.amazonaws.com"
    inside.assume(arn, "s", "us-east-1", service=service, source_arn=mine)
    for other in (mine + "s", ""):
        with pytest.raises(CloudError, match="codepipeline.amazonaws.com is not authorized to perform: sts:AssumeRole"):
            inside.assume(arn, "s", "us-east-1", service=service, source_arn=other)


def key_policy(*statements: dict[str, Any]) -> str:
    return document(*statements)


ROOT = {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}


@pytest.mark.parametrize(
    ("statement", "identity", "grant", "may"),
    [
        (allow("kms:*", **ROOT), True, False, True),
        (allow("kms:*", **ROOT), False, False, False),
        (allow("kms:*", **ROOT, Condition={"StringEquals": {"aws:ResourceTag/Team": "web"}}), True, False, True),
        (allow("kms:*", **ROOT, Condition={"StringEquals": {"aws:ResourceTag/Team": "db"}}), True, False, False),
        (allow("kms:DescribeKey", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/p/build"}), False, False, True),
        (allow("kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:user/bob"}), True, False, False),
        (allow("kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:user/bob"}), False, True, True),
        (allow("kms:*", **ROOT) | {"Effect": "Deny"}, True, True, False),
    ],
)
def test_a_keys_policy_rules(
    enforced: Any, role: Role, refused: Any, statement: Any, identity: bool, grant: bool, may: bool
) -> None:
    kms = enforced.client("kms")
    keys = role(*([allow("kms:DescribeKey")] if identity else []))
    key = kms.create_key(Tags=[{"TagKey": "Team", "TagValue": "web"}])["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=document(statement))
    if grant:
        grantee = f"arn:aws:iam::{ACCOUNT}:role/p/build"
        kms.create_grant(KeyId=key, GranteePrincipal=grantee, Operations=["DescribeKey"])
    theirs = enforced.client("kms", keys=keys)
    if may:
        assert theirs.describe_key(KeyId="alias/mine")["KeyMetadata"]["Arn"] == key
        return
    with refused("AccessDeniedException", f"to perform: kms:DescribeKey on resource: {key}"):
        theirs.describe_key(KeyId="alias/mine")


def test_what_is_encrypted_needs_the_key_by_way_of_the_service(enforced: Any, role: Role, refused: Any) -> None:
    key = enforced.client("kms").create_key()["KeyMetadata"]["Arn"]
    enforced.client("ssm").put_parameter(Name="/s", Value="x", Type="SecureString", KeyId=key)
    ask = {"Name": "/s", "WithDecryption": True}
    with refused("AccessDeniedException", f"to perform: kms:Decrypt on resource: {key}"):
        enforced.client("ssm", keys=role(allow("ssm:GetParameter"))).get_parameter(**ask)
    via = {"StringEquals": {"kms:ViaService": "ssm.us-east-1.amazonaws.com"}}
    keys = role(allow("ssm:GetParameter"), allow("kms:Decrypt", on=key, Condition=via), name="other")
    assert enforced.client("ssm", keys=keys).get_parameter(**ask)["Parameter"]["Value"] == "x"


def test_another_account_is_entered_by_its_administrators_role(enforced: Any, user: Any, refused: Any) -> None:
    arn = f"arn:aws:iam::{OTHER}:role/OrganizationAccountAccessRole"
    keys = enforced.client("sts").assume_role(RoleArn=arn, RoleSessionName="me")["Credentials"]
    enforced.client("iam", keys=keys).create_user(UserName="theirs")
    with refused("AccessDenied"):
        enforced.client("sts", keys=user()).assume_role(RoleArn=arn, RoleSessionName="me")


def test_what_has_no_call_of_its_own_is_asked_of_the_same_policies(cloud: Any, role: Role) -> None:
    repository = f"arn:aws:codecommit:us-east-1:{ACCOUNT}:app"
    role(allow("codecommit:GitPull", on=repository))
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/build/me"
    permitted.require(session, "codecommit:GitPush", repository)
    cloud.control("PUT", "iam", {"enforce": True})
    permitted.require(session, "codecommit:GitPull", repository)
    permitted.require(f"arn:aws:iam::{ACCOUNT}:user/golden-local", "codecommit:GitPush", repository)
    with pytest.raises(CloudError, match=re.escape(f"{session} is not authorized to perform: codecommit:GitPush")):
        permitted.require(session, "codecommit:GitPush", repository)
    with pytest.raises(CloudError, match="user/nobody is not authorized"):
        permitted.require(f"arn:aws:iam::{ACCOUNT}:user/nobody", "codecommit:GitPull", repository)


needs_s3 = pytest.mark.skipif(not catalogue.has("s3", "PutBucketPolicy"), reason="this cloud has no S3")


@needs_s3
def test_a_buckets_policy_lets_in_and_keeps_out(enforced: Any, role: Role, refused: Any) -> None:
    s3 = enforced.client("s3")
    s3.create_bucket(Bucket="artifacts")
    s3.put_object(Bucket="artifacts", Key="a/k", Body=b"x")
    theirs = enforced.client("s3", keys=role(allow("s3:ListBucket", on="arn:aws:s3:::artifacts")))
    assert theirs.list_objects_v2(Bucket="artifacts")["KeyCount"] == 1
    with refused(
        "AccessDenied", "to perform: s3:GetObject on resource: arn:aws:s3:::artifacts/a/k because no"
    ) as caught:
        theirs.get_object(Bucket="artifacts", Key="a/k")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    us = {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/p/build"}}
    objects = "arn:aws:s3:::artifacts/*"
    s3.put_bucket_policy(Bucket="artifacts", Policy=document(allow("s3:GetObject", on=objects, **us)))
    assert theirs.get_object(Bucket="artifacts", Key="a/k")["Body"].read() == b"x"
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    unencrypted = allow("s3:*", on=objects, Principal="*", Condition=insecure) | {"Effect": "Deny"}
    s3.put_bucket_policy(Bucket="artifacts", Policy=document(allow("s3:GetObject", on=objects, **us), unencrypted))
    theirs.get_object(Bucket="artifacts", Key="a/k")
    no_role = allow("s3:*", on=objects, **us) | {"Effect": "Deny"}
    s3.put_bucket_policy(Bucket="artifacts", Policy=document(allow("s3:GetObject", on=objects, **us), no_role))
    with refused("AccessDenied", "with an explicit deny in a resource-based policy"):
        theirs.get_object(Bucket="artifacts", Key="a/k")


@needs_s3
@pytest.mark.parametrize("leave", [False, True])
def test_a_bucket_of_another_account_needs_both_sides(enforced: Any, role: Role, refused: Any, leave: bool) -> None:
    way_in = f"arn:aws:iam::{OTHER}:role/OrganizationAccountAccessRole"
    owner = enforced.client("sts").assume_role(RoleArn=way_in, RoleSessionName="me")["Credentials"]
    s3 = enforced.client("s3", keys=owner)
    s3.create_bucket(Bucket="theirs")
    s3.put_object(Bucket="theirs", Key="k", Body=b"x")
    if leave:
        statement = allow("s3:GetObject", on="arn:aws:s3:::theirs/*", Principal={"AWS": ACCOUNT})
        s3.put_bucket_policy(Bucket="theirs", Policy=document(statement))
    ours = enforced.client("s3", keys=role(allow("s3:GetObject")))
    if leave:
        assert ours.get_object(Bucket="theirs", Key="k")["Body"].read() == b"x"
    else:
        with refused("AccessDenied", "because no resource-based policy allows the s3:GetObject action"):
            ours.get_object(Bucket="theirs", Key="k")


@needs_s3
def test_an_encrypted_bucket_needs_its_key(enforced: Any, role: Role, refused: Any) -> None:
    key = enforced.client("kms").create_key()["KeyMetadata"]["Arn"]
    s3 = enforced.client("s3")
    s3.create_bucket(Bucket="secret")
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(Bucket="secret", ServerSideEncryptionConfiguration={"Rules": [default]})
    s3.put_object(Bucket="secret", Key="k", Body=b"x")
    theirs = enforced.client("s3", keys=role(allow("s3:GetObject", "s3:PutObject")))
    with refused("AccessDenied", f"to perform: kms:Decrypt on resource: {key}"):
        theirs.get_object(Bucket="secret", Key="k")
    with refused("AccessDenied", f"to perform: kms:GenerateDataKey on resource: {key}"):
        theirs.put_object(Bucket="secret", Key="k", Body=b"y")
    enough = allow("s3:GetObject"), allow("kms:Decrypt", on=key)
    reader = enforced.client("s3", keys=role(*enough, name="reader"))
    assert reader.get_object(Bucket="secret", Key="k")["Body"].read() == b"x"


def test_a_disks_key_is_asked_for_by_way_of_ec2(cloud: Any, role: Role) -> None:
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    without = Identity("", ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/build/me", "")
    having = Identity("", ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/disks/me", "")
    role(allow("ec2:*"))
    actions = ("kms:DescribeKey", "kms:CreateGrant", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*")
    via = {
        "StringEquals": {"kms:ViaService": "ec2.us-east-1.amazonaws.com"},
        "Bool": {"kms:GrantIsForAWSResource": True},
    }
    role(allow(*actions, on=key, Condition=via), name="disks")
    assert [kms_keys.may_use(key, who, "ec2") for who in (without, having)] == [True, True]
    cloud.control("PUT", "iam", {"enforce": True})
    assert [kms_keys.may_use(key, who, "ec2") for who in (without, having)] == [False, True]


@pytest.mark.parametrize("service", ["ec2.amazonaws.com", "codebuild.amazonaws.com"])
def test_an_instance_gets_keys_of_a_role_that_trusts_ec2(enforced: Any, launch: Any, service: str) -> None:
    iam = enforced.client("iam")
    iam.create_role(RoleName="machine", AssumeRolePolicyDocument=trust({"Service": service}))
    iam.create_instance_profile(InstanceProfileName="machine")
    iam.add_role_to_instance_profile(InstanceProfileName="machine", RoleName="machine")
    instance = launch(IamInstanceProfile={"Name": "machine"})
    told = enforced.app.instance_metadata("10.9.0.99", instance)
    assert (told.role_credentials is not None) is (service == "ec2.amazonaws.com")


@pytest.mark.skipif(not catalogue.has("sns", "Publish"), reason="this cloud has no SNS")
def test_a_topic_lets_in_roles_and_services(enforced: Any, role: Role, refused: Any) -> None:
    sns = enforced.client("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    theirs = enforced.client("sns", keys=role())
    with refused("AuthorizationError", f"to perform: sns:Publish on resource: {topic} because no identity-based"):
        theirs.publish(TopicArn=topic, Message="hello")
    source = {"ArnLike": {"aws:SourceArn": f"arn:aws:events:us-east-1:{ACCOUNT}:rule/*"}}
    policy = document(
        allow("sns:Publish", on=topic, Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/p/build"}),
        allow("sns:Publish", on=topic, Principal={"Service": "events.amazonaws.com"}, Condition=source),
    )
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    theirs.publish(TopicArn=topic, Message="hello")
    rule = {"aws:SourceArn": f"arn:aws:events:us-east-1:{ACCOUNT}:rule/r"}
    permitted.require("events.amazonaws.com", "sns:Publish", topic, rule)
    with pytest.raises(CloudError, match="because no resource-based policy allows the sns:Publish action"):
        permitted.require("events.amazonaws.com", "sns:Publish", topic, {"aws:SourceArn": "arn:aws:events:x:y:z"})


@pytest.mark.skipif(not catalogue.has("codebuild", "CreateProject"), reason="this cloud has no CodeBuild")
@pytest.mark.parametrize("service", ["codebuild.amazonaws.com", "codepipeline.amazonaws.com"])
def test_a_project_gets_a_role_that_may_be_passed_to_codebuild(
    enforced: Any, role: Role, refused: Any, service: str
) -> None:
    enforced.client("iam").create_role(
        RoleName="worker", AssumeRolePolicyDocument=trust({"Service": "codebuild.amazonaws.com"})
    )
    worker = f"arn:aws:iam::{ACCOUNT}:role/worker"
    passing = allow("iam:PassRole", on=worker, Condition={"StringEquals": {"iam:PassedToService": service}})
    here = f"arn:aws:codebuild:us-east-1:{ACCOUNT}:project/web"
    codebuild = enforced.client("codebuild", keys=role(passing, allow("codebuild:CreateProject", on=here)))
    asked = {
        "name": "web", "serviceRole": worker, "artifacts": {"type": "NO_ARTIFACTS"},
        "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2\nphases: {build: {commands: [true]}}\n"},
        "environment": {"type": "LINUX_CONTAINER", "image": "debian:12", "computeType": "BUILD_GENERAL1_SMALL"},
    }  # fmt: skip
    if service == "codebuild.amazonaws.com":
        codebuild.create_project(**asked)
    else:
        with refused("AccessDeniedException", f"to perform: iam:PassRole on resource: {worker}"):
            codebuild.create_project(**asked)
