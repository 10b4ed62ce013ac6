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
