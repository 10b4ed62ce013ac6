# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What refers to an image, and what an image was made of."""

from __future__ import annotations

from typing import Any

import pytest

ACCOUNT = "arn:aws:{}:us-east-1:123456789012:{}"


@pytest.fixture
def used(ec2: Any, ssm: Any, make_image: Any, launch: Any) -> dict[str, str]:
    """An image with an instance, a parameter, and a launch template that had it eleven versions ago."""
    image_id = make_image()
    instance = launch(ImageId=image_id)
    ssm.put_parameter(Name="/golden/w/dev", Value=image_id, Type="String", DataType="aws:ec2:image")
    ssm.put_parameter(Name="plain", Value=image_id, Type="String")
    template = ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData={"ImageId": image_id})
    return {
        "image": image_id,
        "instance": ACCOUNT.format("ec2", f"instance/{instance}"),
        "template": ACCOUNT.format("ec2", f"launch-template/{template['LaunchTemplate']['LaunchTemplateId']}"),
        "parameter": ACCOUNT.format("ssm", "parameter/golden/w/dev"),
    }


def _arns(ec2: Any, image_id: str, **more: Any) -> set[str]:
    found = ec2.describe_image_references(ImageIds=[image_id], **more)["ImageReferences"]
    assert all(reference["ImageId"] == image_id for reference in found)
    return {reference["Arn"] for reference in found}


def test_everything_that_refers_to_an_image(ec2: Any, used: dict[str, str], base_ami: str) -> None:
    image_id = used["image"]
    everything = {used["instance"], used["template"], used["parameter"]}
    # The parameter is a reference, not who goes by it.
    follows = {"ImageId": "resolve:ssm:/golden/w/dev"}
    ec2.create_launch_template(LaunchTemplateName="follows", LaunchTemplateData=follows)
    assert _arns(ec2, image_id, IncludeAllResourceTypes=True) == everything
    for kind, name in (
        ("ec2:Instance", "instance"),
        ("ec2:LaunchTemplate", "template"),
        ("ssm:Parameter", "parameter"),
    ):
        assert _arns(ec2, image_id, ResourceTypes=[{"ResourceType": kind}]) == {used[name]}
    assert used["instance"] not in _arns(ec2, base_ami, IncludeAllResourceTypes=True)
    assert _arns(ec2, "ami-00000000000000000", IncludeAllResourceTypes=True) == set()


def test_how_far_is_looked(ec2: Any, used: dict[str, str], base_ami: str) -> None:
    image_id = used["image"]

    def templates(**options: Any) -> set[str]:
        return _arns(ec2, image_id, ResourceTypes=[{"ResourceType": "ec2:LaunchTemplate"} | options])

    for _unused in range(10):
        ec2.create_launch_template_version(LaunchTemplateName="web", LaunchTemplateData={"ImageId": base_ami})
    assert templates() == set()
    deeper = [{"OptionName": "version-depth", "OptionValues": ["11"]}]
    assert templates(ResourceTypeOptions=deeper) == {used["template"]}
    stopped = [{"OptionName": "state-name", "OptionValues": ["stopped"]}]
    instances = [{"ResourceType": "ec2:Instance", "ResourceTypeOptions": stopped}]
    assert _arns(ec2, image_id, ResourceTypes=instances) == set()


def test_what_can_not_be_asked(ec2: Any, refused: Any) -> None:
    with refused("MissingParameter"):
        ec2.describe_image_references(ImageIds=["ami-1"])
    with refused("InvalidAMIID.Malformed"):
        ec2.describe_image_references(ImageIds=["i-1"], IncludeAllResourceTypes=True)
    depth = [{"OptionName": "version-depth", "OptionValues": ["0"]}]
    with refused("InvalidParameterValue"):
        ec2.describe_image_references(
            ImageIds=["ami-1"], ResourceTypes=[{"ResourceType": "ec2:LaunchTemplate", "ResourceTypeOptions": depth}]
        )


def test_the_ancestry_of_an_image_goes_back_to_its_base(cloud: Any, ec2: Any, make_image: Any, base_ami: str) -> None:
    parent = make_image()
    far = cloud.client("ec2", "eu-west-1")
    copy = far.copy_image(Name="copy", SourceImageId=parent, SourceRegion="us-east-1")["ImageId"]
    cloud.settle()
    entries = far.get_image_ancestry(ImageId=copy)["ImageAncestryEntries"]
    assert [(e["ImageId"], e.get("SourceImageId"), e.get("SourceImageRegion")) for e in entries] == [
        (copy, parent, "us-east-1"),
        (parent, base_ami, "us-east-1"),
        (base_ami, None, None),
    ]
    ec2.deregister_image(ImageId=parent)
    entries = far.get_image_ancestry(ImageId=copy)["ImageAncestryEntries"]
    assert [(e["ImageId"], e["SourceImageId"]) for e in entries] == [(copy, parent)]


def test_a_report_tells_what_other_accounts_do_with_an_image(
    cloud: Any, ec2: Any, make_image: Any, refused: Any
) -> None:
    image_id = make_image()
    other = "210987654321"
    ec2.modify_image_attribute(ImageId=image_id, LaunchPermission={"Add": [{"UserId": other}]})
    role = f"arn:aws:iam::{other}:role/OrganizationAccountAccessRole"
    keys = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
    theirs = cloud.client("ec2", keys=keys)
    theirs.run_instances(ImageId=image_id, InstanceType="t3.micro", MinCount=2, MaxCount=2)
    theirs.create_launch_template(LaunchTemplateName="web", LaunchTemplateData={"ImageId": image_id})
    # What is in the own account is no matter of the report.
    ec2.run_instances(ImageId=image_id, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    types = [{"ResourceType": "ec2:Instance"}, {"ResourceType": "ec2:LaunchTemplate"}]
    report = ec2.create_image_usage_report(ImageId=image_id, ResourceTypes=types)["ReportId"]
    (told,) = ec2.describe_image_usage_reports(ImageIds=[image_id])["ImageUsageReports"]
    assert (told["ReportId"], told["State"], told["ResourceTypes"]) == (report, "available", types)
    cloud.settle()
    cloud.restart()
    ec2 = cloud.client("ec2")
    entries = ec2.describe_image_usage_report_entries(ImageIds=[image_id])["ImageUsageReportEntries"]
    assert sorted((e["AccountId"], e["ResourceType"], e["UsageCount"]) for e in entries) == [
        (other, "ec2:Instance", 2),
        (other, "ec2:LaunchTemplate", 1),
    ]
    with refused("AuthFailure"):
        cloud.client("ec2", keys=keys).create_image_usage_report(ImageId=image_id, ResourceTypes=types)
    with refused("InvalidParameterValue", "ssm:Parameter"):
        ec2.create_image_usage_report(ImageId=image_id, ResourceTypes=[{"ResourceType": "ssm:Parameter"}])
    ec2.delete_image_usage_report(ReportId=report)
    assert ec2.describe_image_usage_report_entries()["ImageUsageReportEntries"] == []


def test_what_can_not_be_made_here_is_listed_as_none(cloud: Any, ec2: Any) -> None:
    assert ec2.describe_spot_instance_requests()["SpotInstanceRequests"] == []
    assert ec2.describe_spot_fleet_requests()["SpotFleetRequestConfigs"] == []
    assert ec2.describe_fleets()["Fleets"] == []
    assert cloud.client("autoscaling").describe_launch_configurations()["LaunchConfigurations"] == []
