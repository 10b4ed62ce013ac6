# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of AMIs in two accounts and three Regions: permissions, lineage, and each kind of reference."""

from __future__ import annotations

import secrets
import typing as t

import pytest
from harness.builds import DEBIAN
from harness.cloud import Cloud
from harness.faults import faults
from harness.four import Four
from harness.planted_amis import HOME_REGION, OTHER, OTHER_REGION, Amis

MODULE = "golden.ami.ami_info"
REGIONS = [HOME_REGION, OTHER_REGION, "ap-southeast-2"]


def test_a_version_in_two_accounts_and_three_regions(four: Four, cloud: Cloud) -> None:
    amis = Amis(cloud)
    places = [(account, region) for account in (amis.account, OTHER) for region in REGIONS]
    planted = {place: amis.plant(place[1], place[0]) for place in places}
    shared = planted[amis.account, HOME_REGION]
    amis.client("ec2").modify_image_attribute(ImageId=shared, LaunchPermission={"Add": [{"UserId": OTHER}]})
    options = {
        "image": amis.image,
        "version": amis.version,
        "accounts": [amis.account, OTHER],
        "regions": REGIONS,
    }
    outcome = four.module(MODULE, options)
    # Account, Regions, session; in each place AMIs and snapshots, and the permissions of one AMI and of its snapshot.
    outcome.expect(changed=False, writes={}, idle_reads=3 + 4 * 6)
    found = {(one["account"], one["region"]): one for one in outcome.apply.result["images"]}
    assert {place: one["image_id"] for place, one in found.items()} == planted
    assert found[amis.account, HOME_REGION]["launch_permissions"]["accounts"] == [OTHER]
    assert found[OTHER, HOME_REGION]["launch_permissions"]["accounts"] == []
    base = cloud.client("ssm").get_parameter(Name=DEBIAN)["Parameter"]["Value"]
    assert found[amis.account, HOME_REGION]["source_image_id"] == base
    assert outcome.apply.result["not_read"] == []
    # Who shares it tells of it; to whom it is shared is told the rest.
    alone = four.module(MODULE, {"image_ids": [shared], "owners": [], "accounts": [OTHER]})
    (one,) = alone.apply.result["images"]
    assert (one["account"], one["owner"], one["launch_permissions"]) == (OTHER, amis.account, None)
    assert "only the owner" in alone.apply.result["not_read"][0]["reason"]


def test_life_and_encryption(four: Four, cloud: Cloud) -> None:
    amis = Amis(cloud)
    key = amis.client("kms").create_key(Description="disks")["KeyMetadata"]["Arn"]
    image_id, disabled = amis.plant(key=key), amis.plant()
    ec2 = amis.client("ec2")
    ec2.enable_image_deregistration_protection(ImageId=image_id)
    ec2.disable_image(ImageId=disabled)
    result = four.module(MODULE, {"image": amis.image, "ancestry": True}).apply.result
    (one,) = result["images"]
    assert (one["image_id"], one["encrypted"], one["protected"]) == (image_id, True, True)
    assert one["snapshots"][0]["kms_key_id"] == key
    assert one["ancestry"][0]["image_id"] == image_id
    assert len(one["ancestry"]) > 1
    everything = four.module(MODULE, {"image": amis.image, "include_disabled": True}).apply.result
    assert {one["image_id"]: one["state"] for one in everything["images"]} == {
        image_id: "available",
        disabled: "disabled",
    }


@pytest.fixture
def referred(cloud: Cloud) -> t.Iterator[Amis]:
    amis = Amis(cloud)
    yield amis
    groups = amis.client("autoscaling")
    for group in groups.describe_auto_scaling_groups()["AutoScalingGroups"]:
        if group["AutoScalingGroupName"].startswith(amis.image):
            groups.delete_auto_scaling_group(AutoScalingGroupName=group["AutoScalingGroupName"], ForceDelete=True)
    ec2 = amis.client("ec2")
    images = [one["ImageId"] for one in ec2.describe_images(Owners=["self"])["Images"] if amis.image in one["Name"]]
    found = ec2.describe_instances(Filters=[{"Name": "image-id", "Values": images or ["none"]}])["Reservations"]
    if instances := [one["InstanceId"] for reservation in found for one in reservation["Instances"]]:
        ec2.terminate_instances(InstanceIds=instances)
    for template in ec2.describe_launch_templates()["LaunchTemplates"]:
        if template["LaunchTemplateName"].startswith(amis.image):
            ec2.delete_launch_template(LaunchTemplateId=template["LaunchTemplateId"])


def test_each_kind_of_reference_that_the_cloud_has(four: Four, cloud: Cloud, referred: Amis) -> None:
    amis = referred
    image_id = amis.plant()
    ec2, ssm = amis.client("ec2"), amis.client("ssm")
    channel = f"/golden/{amis.image}/prod"
    ssm.put_parameter(Name=channel, Value=image_id, Type="String", DataType="aws:ec2:image")
    record = f"/golden/{amis.image}/versions/{amis.version}"
    ssm.put_parameter(Name=record, Value=image_id, Type="String", DataType="aws:ec2:image")
    template = _template(ec2, amis, [image_id, image_id, f"resolve:ssm:{channel}"])
    group = f"{amis.image}-group"
    amis.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName=group,
        MinSize=0,
        MaxSize=0,
        AvailabilityZones=[f"{HOME_REGION}a"],
        LaunchTemplate={"LaunchTemplateId": template, "Version": "1"},
    )
    started = ec2.run_instances(ImageId=image_id, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    instance = started["Instances"][0]["InstanceId"]
    options = {"image": amis.image, "channel": "prod", "references": True, "accounts": [amis.account, OTHER]}
    result = four.module(MODULE, options).apply.result
    (one,) = result["images"]
    assert one["image_id"] == image_id
    found = {(ref["kind"], ref["id"]) for ref in one["references"]}
    assert found == {
        ("ssm-parameter", channel),
        ("launch-template", template),
        ("launch-template-version", f"{template}:2"),
        ("auto-scaling-group", group),
        ("instance", instance),
    }
    assert result["not_read"] == []


def _data(image: str) -> dict[str, str]:
    return {"ImageId": image, "InstanceType": "t3.micro"}


def _template(ec2: t.Any, amis: Amis, images: list[str]) -> str:
    """A launch template with a version for each image; the last one is the latest, and the default."""
    first, *more = images
    name = f"{amis.image}-{secrets.token_hex(2)}"
    made = ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=_data(first))
    template = str(made["LaunchTemplate"]["LaunchTemplateId"])
    for image in more:
        ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData=_data(image))
    ec2.modify_launch_template(LaunchTemplateId=template, DefaultVersion=str(len(images)))
    return template


def test_a_source_that_is_denied_is_said_to_be_unread(four: Four, cloud: Cloud) -> None:
    amis = Amis(cloud)
    image_id = amis.plant()
    with faults(cloud, "DescribeAutoScalingGroups", "error", code="AccessDenied", times=None):
        result = four.module(MODULE, {"image_ids": [image_id], "references": True}).apply.result
    unread = {line["what"]: line["reason"] for line in result["not_read"]}
    assert "AccessDenied" in unread["references: auto-scaling-groups"]
    assert result["images"][0]["references"] == []


def test_what_is_refused(four: Four, cloud: Cloud) -> None:
    amis = Amis(cloud)
    four.refuses(
        MODULE,
        {
            "versions is no name of a channel": {"image": amis.image, "channel": "versions"},
            f"There is no channel prod of {amis.image}": {"image": amis.image, "channel": "prod"},
            "is not a Region": {"regions": ["mars-north-1"]},
        },
    )
