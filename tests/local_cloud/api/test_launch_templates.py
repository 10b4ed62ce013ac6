# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Launch templates, and images that are named by a parameter."""

from __future__ import annotations

from typing import Any

import pytest

OTHER = "210987654321"
CHANNEL = "/golden/wordpress/prod"
ALIAS = f"resolve:ssm:{CHANNEL}"


@pytest.fixture
def channel(ssm: Any, make_image: Any) -> str:
    """The image that the channel's parameter names."""
    image_id: str = make_image()
    ssm.put_parameter(Name=CHANNEL, Value=image_id, Type="String", DataType="aws:ec2:image")
    return image_id


def _described(ec2: Any, instance_id: str) -> dict[str, Any]:
    found: dict[str, Any] = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
    return found


def test_versions_of_a_template(cloud: Any, ec2: Any, base_ami: str, refused: Any) -> None:
    tags = [{"ResourceType": "launch-template", "Tags": [{"Key": "team", "Value": "web"}]}]
    made = ec2.create_launch_template(
        LaunchTemplateName="web",
        VersionDescription="first",
        LaunchTemplateData={"ImageId": base_ami, "InstanceType": "t3.micro"},
        TagSpecifications=tags,
    )["LaunchTemplate"]
    assert (made["DefaultVersionNumber"], made["LatestVersionNumber"]) == (1, 1)
    assert made["Tags"] == [{"Key": "team", "Value": "web"}]
    second = ec2.create_launch_template_version(
        LaunchTemplateId=made["LaunchTemplateId"], SourceVersion="1", LaunchTemplateData={"InstanceType": "t3.small"}
    )["LaunchTemplateVersion"]
    assert second["VersionNumber"] == 2
    assert second["LaunchTemplateData"] == {"ImageId": base_ami, "InstanceType": "t3.small"}
    ec2.create_launch_template_version(LaunchTemplateName="web", LaunchTemplateData={"InstanceType": "t3.large"})
    assert (
        ec2.modify_launch_template(LaunchTemplateName="web", DefaultVersion="2")["LaunchTemplate"][
            "DefaultVersionNumber"
        ]
        == 2
    )

    def numbers(**asked: Any) -> list[int]:
        found = ec2.describe_launch_template_versions(**asked)["LaunchTemplateVersions"]
        return [version["VersionNumber"] for version in found]

    assert numbers(LaunchTemplateName="web") == [3, 2, 1]
    assert numbers(LaunchTemplateName="web", Versions=["$Default", "1"]) == [2, 1]
    assert numbers(LaunchTemplateName="web", MinVersion="2") == [3, 2]
    assert numbers(Versions=["$Latest"]) == [3]
    assert numbers(LaunchTemplateName="web", Filters=[{"Name": "image-id", "Values": [base_ami]}]) == [2, 1]
    pages = ec2.get_paginator("describe_launch_template_versions").paginate(
        LaunchTemplateName="web", PaginationConfig={"PageSize": 2}
    )
    assert [len(page["LaunchTemplateVersions"]) for page in pages] == [2, 1]
    gone = ec2.delete_launch_template_versions(LaunchTemplateName="web", Versions=["3", "2", "9"])
    assert [v["VersionNumber"] for v in gone["SuccessfullyDeletedLaunchTemplateVersions"]] == [3]
    assert [v["ResponseError"]["Code"] for v in gone["UnsuccessfullyDeletedLaunchTemplateVersions"]] == [
        "unexpectedError",
        "launchTemplateVersionDoesNotExist",
    ]
    cloud.restart()
    ec2 = cloud.client("ec2")
    # A number is never given again.
    again = ec2.create_launch_template_version(LaunchTemplateName="web", LaunchTemplateData={"KeyName": "k"})
    assert again["LaunchTemplateVersion"]["VersionNumber"] == 4
    assert [t["LaunchTemplateName"] for t in ec2.describe_launch_templates()["LaunchTemplates"]] == ["web"]
    filtered = ec2.describe_launch_templates(Filters=[{"Name": "tag:team", "Values": ["ops"]}])
    assert filtered["LaunchTemplates"] == []
    ec2.delete_launch_template(LaunchTemplateName="web")
    with refused("InvalidLaunchTemplateName.NotFoundException"):
        ec2.describe_launch_templates(LaunchTemplateNames=["web"])


def test_what_a_template_can_not_be(ec2: Any, refused: Any, base_ami: str) -> None:
    data = {"ImageId": base_ami}
    made = ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)["LaunchTemplate"]
    with refused("InvalidLaunchTemplateName.AlreadyExistsException"):
        ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
    with refused("InvalidLaunchTemplateId.VersionNotFound"):
        ec2.modify_launch_template(LaunchTemplateName="web", DefaultVersion="7")
    with refused("InvalidLaunchTemplateId.NotFound"):
        ec2.delete_launch_template(LaunchTemplateId="lt-0123456789abcdef0")
    with refused("InvalidParameterCombination"):
        ec2.delete_launch_template(LaunchTemplateId=made["LaunchTemplateId"], LaunchTemplateName="web")
    with refused("UnsupportedOperation", "CpuOptions"):
        ec2.create_launch_template(LaunchTemplateName="cpu", LaunchTemplateData={"CpuOptions": {"CoreCount": 1}})
    with refused("InvalidParameterValue"):
        ec2.describe_launch_template_versions(Versions=["1"])


def test_the_same_token_makes_one_template_and_one_version(ec2: Any, base_ami: str, refused: Any) -> None:
    asked = {"LaunchTemplateName": "web", "LaunchTemplateData": {"ImageId": base_ami}, "ClientToken": "a"}
    first, second = (ec2.create_launch_template(**asked)["LaunchTemplate"]["LaunchTemplateId"] for _unused in "12")
    assert first == second
    version = {"LaunchTemplateName": "web", "LaunchTemplateData": {"KeyName": "k"}, "ClientToken": "b"}
    made = [ec2.create_launch_template_version(**version)["LaunchTemplateVersion"]["VersionNumber"] for _unused in "12"]
    assert made == [2, 2]
    with refused("IdempotentParameterMismatch"):
        ec2.create_launch_template(**asked | {"LaunchTemplateData": {"ImageId": "ami-1"}})


def test_a_launch_takes_from_its_template_what_the_request_leaves_open(
    cloud: Any, ec2: Any, base_ami: str, refused: Any
) -> None:
    data = {
        "ImageId": base_ami,
        "InstanceType": "t3.micro",
        "UserData": "aGVsbG8=",
        "MetadataOptions": {"HttpTokens": "required"},
        "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "team", "Value": "web"}]}],
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20}}],
    }
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
    ec2.create_launch_template_version(
        LaunchTemplateName="web", SourceVersion="1", LaunchTemplateData={"InstanceType": "t3.small"}
    )

    def launched(version: str | None, **more: Any) -> dict[str, Any]:
        template = {"LaunchTemplateName": "web"} | ({"Version": version} if version else {})
        made = ec2.run_instances(LaunchTemplate=template, MinCount=1, MaxCount=1, **more)["Instances"][0]
        return _described(ec2, made["InstanceId"])

    first = launched(None)
    assert (first["ImageId"], first["InstanceType"]) == (base_ami, "t3.micro")
    assert first["MetadataOptions"]["HttpTokens"] == "required"
    tags = {t["Key"]: t["Value"] for t in first["Tags"]}
    assert (tags["team"], tags["aws:ec2launchtemplate:version"]) == ("web", "1")
    assert launched("$Latest")["InstanceType"] == "t3.small"
    assert launched("2", InstanceType="t3.large")["InstanceType"] == "t3.large"
    cloud.settle()
    assert cloud.machines.done[-1][3]["user_data"] == b"hello"
    assert ec2.describe_volumes()["Volumes"][0]["Size"] == 20
    with refused("InvalidLaunchTemplateId.VersionNotFound"):
        launched("9")
    with refused("InvalidLaunchTemplateName.NotFoundException"):
        ec2.run_instances(LaunchTemplate={"LaunchTemplateName": "none"}, MinCount=1, MaxCount=1)


def test_a_template_follows_its_parameter(
    cloud: Any, ec2: Any, ssm: Any, channel: str, make_image: Any, refused: Any
) -> None:
    data = {"ImageId": ALIAS, "InstanceType": "t3.micro"}
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)

    def image_of_a_launch(image_id: str | None = None) -> str:
        more = {"ImageId": image_id} if image_id else {}
        template = {"LaunchTemplateName": "web", "Version": "$Latest"}
        made = ec2.run_instances(LaunchTemplate=template, MinCount=1, MaxCount=1, **more)["Instances"][0]
        return str(_described(ec2, made["InstanceId"])["ImageId"])

    assert image_of_a_launch() == channel
    newer = make_image("wordpress-2")
    ssm.put_parameter(Name=CHANNEL, Value=newer, Type="String", DataType="aws:ec2:image", Overwrite=True)
    ssm.label_parameter_version(Name=CHANNEL, ParameterVersion=1, Labels=["good"])
    assert image_of_a_launch() == newer
    assert image_of_a_launch(f"{ALIAS}:1") == channel
    assert image_of_a_launch(f"{ALIAS}:good") == channel
    arn = ssm.get_parameter(Name=CHANNEL)["Parameter"]["ARN"]
    assert image_of_a_launch(f"resolve:ssm:{arn}") == newer
    (told,) = ec2.describe_launch_template_versions(LaunchTemplateName="web")["LaunchTemplateVersions"]
    assert told["LaunchTemplateData"]["ImageId"] == ALIAS
    (told,) = ec2.describe_launch_template_versions(LaunchTemplateName="web", ResolveAlias=True)[
        "LaunchTemplateVersions"
    ]
    assert told["LaunchTemplateData"]["ImageId"] == newer
    ec2.deregister_image(ImageId=newer)
    with refused("InvalidAMIID.Unavailable"):
        image_of_a_launch()
    ssm.delete_parameter(Name=CHANNEL)
    with refused("SsmInvalidParameter", "aliases are invalid"):
        image_of_a_launch()


def test_parameters_that_name_no_image(ec2: Any, ssm: Any, channel: str, refused: Any) -> None:
    ssm.put_parameter(Name="/text", Value=channel, Type="String")
    for alias, text in (
        ("resolve:ssm:/text", "Unsupported data type"),
        ("resolve:ssm:/none", "aliases are invalid: /none"),
        (f"{ALIAS}:9", "aliases are invalid"),
        (f"{ALIAS}:nolabel", "aliases are invalid"),
        (f"resolve:ssm:arn:aws:ssm:us-east-1:{OTHER}:parameter{CHANNEL}", "aliases are invalid"),
    ):
        with refused("SsmInvalidParameter", text):
            ec2.run_instances(ImageId=alias, InstanceType="t3.micro", MinCount=1, MaxCount=1)
        with refused("SsmInvalidParameter", text):
            ec2.create_launch_template(LaunchTemplateName="none", LaunchTemplateData={"ImageId": alias})


def test_a_public_parameter_names_an_image_too(ec2: Any, base_ami: str) -> None:
    made = ec2.run_instances(
        ImageId="resolve:ssm:/aws/service/debian/release/12/latest/amd64",
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
    )
    assert made["Instances"][0]["ImageId"] == base_ami
