# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters: SSM's own, and the public ones that name base images."""

from __future__ import annotations

from typing import Any

import pytest
from golden_cloud.ports import Timings

PARAMETER = "/aws/service/debian/release/12/latest/amd64"


@pytest.mark.parametrize("region", ["us-east-1", "ap-southeast-2"])
def test_base_images_have_public_parameters_everywhere(cloud: Any, base_ami: str, region: str) -> None:
    ssm = cloud.client("ssm", region)
    parameter = ssm.get_parameter(Name=PARAMETER)["Parameter"]
    assert (parameter["Value"], parameter["DataType"]) == (base_ami, "aws:ec2:image")
    assert parameter["ARN"] == f"arn:aws:ssm:{region}::parameter{PARAMETER}"
    by_path = ssm.get_parameters_by_path(Path="/aws/service/debian", Recursive=True)["Parameters"]
    assert [p["Name"] for p in by_path] == [PARAMETER]
    assert ssm.get_parameters(Names=[PARAMETER, "/no"])["InvalidParameters"] == ["/no"]


def test_public_parameters_are_nobodys_to_change(ssm: Any, refused: Any) -> None:
    with refused("ParameterNotFound"):
        ssm.delete_parameter(Name=PARAMETER)
    with refused("AccessDeniedException"):
        ssm.put_parameter(Name=PARAMETER, Value="x", Type="String")
    assert ssm.describe_parameters()["Parameters"] == []


def test_amazons_images_are_not_there(ssm: Any, refused: Any) -> None:
    with refused("ParameterNotFound"):
        ssm.get_parameter(Name="/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2")


def test_image_parameters_name_images_that_are_there(ssm: Any, make_image: Any, refused: Any) -> None:
    image_id = make_image()
    ssm.put_parameter(Name="/golden/wordpress/dev", Value=image_id, Type="String", DataType="aws:ec2:image")
    assert ssm.get_parameter(Name="/golden/wordpress/dev")["Parameter"]["DataType"] == "aws:ec2:image"
    for value in ("ami-00000000000000000", "wordpress"):
        # The call succeeds, as on AWS; the parameter stays what it was.
        asked = {"Value": value, "Type": "String", "DataType": "aws:ec2:image"}
        assert ssm.put_parameter(Name="/golden/wordpress/dev", Overwrite=True, **asked)["Version"] == 2
        parameter = ssm.get_parameter(Name="/golden/wordpress/dev")["Parameter"]
        assert (parameter["Value"], parameter["Version"]) == (image_id, 1)
        ssm.put_parameter(Name="/golden/x", Tags=[{"Key": "a", "Value": "b"}], **asked)
        with refused("ParameterNotFound"):
            ssm.get_parameter(Name="/golden/x")
    with refused("ParameterAlreadyExists"):
        ssm.put_parameter(Name="/golden/wordpress/dev", **asked)
    ssm.put_parameter(Name="/golden/x", Value="1", Type="String")
    assert ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/golden/x")["TagList"] == []


def test_an_image_parameter_has_its_value_after_the_time_that_its_validation_takes(cloud_with: Any) -> None:
    cloud = cloud_with(Timings(parameter_validation=1.0, save_delay=0.05))
    ssm, ec2 = cloud.client("ssm"), cloud.client("ec2")
    base, name = cloud.machines.base_images()[0].image_id, "/golden/w/dev"
    asked = {"Name": name, "Type": "String", "DataType": "aws:ec2:image", "Overwrite": True}
    assert ssm.put_parameter(Value=base, **asked)["Version"] == 1
    assert ssm.get_parameters(Names=[name])["InvalidParameters"] == [name]
    cloud.settle()
    assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == base
    instance = ec2.run_instances(ImageId=base, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]
    cloud.settle()
    newer = ec2.create_image(InstanceId=instance["InstanceId"], Name="newer")["ImageId"]
    cloud.settle()
    ssm.put_parameter(Value=newer, **asked)
    ssm.put_parameter(Value="ami-00000000000000000", **asked)
    assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == base
    cloud.settle()
    parameter = ssm.get_parameter(Name=name)["Parameter"]
    assert (parameter["Value"], parameter["Version"]) == (newer, 2)
    history = ssm.get_parameter_history(Name=name)["Parameters"]
    assert [p["Value"] for p in history] == [base, newer]


def test_the_history_has_a_hundred_entries(ssm: Any) -> None:
    for number in range(103):
        ssm.put_parameter(Name="/golden/w/dev", Value=str(number), Type="String", Overwrite=True)
    pages = ssm.get_paginator("get_parameter_history").paginate(Name="/golden/w/dev")
    history = [entry["Version"] for page in pages for entry in page["Parameters"]]
    assert history == list(range(4, 104))


def test_history_and_labels(ssm: Any, refused: Any) -> None:
    for number in range(3):
        ssm.put_parameter(Name="/golden/w/dev", Value=str(number), Type="String", Overwrite=bool(number))
    with refused("ParameterAlreadyExists"):
        ssm.put_parameter(Name="/golden/w/dev", Value="9", Type="String")
    ssm.label_parameter_version(Name="/golden/w/dev", ParameterVersion=2, Labels=["good"])
    history = ssm.get_parameter_history(Name="/golden/w/dev")["Parameters"]
    assert [(p["Version"], p["Value"], p["Labels"]) for p in history] == [
        (1, "0", []),
        (2, "1", ["good"]),
        (3, "2", []),
    ]
    assert ssm.get_parameter(Name="/golden/w/dev:good")["Parameter"]["Value"] == "1"
    assert ssm.get_parameter(Name="/golden/w/dev:1")["Parameter"]["Value"] == "0"
    with refused("ParameterNotFound"):
        ssm.label_parameter_version(Name="/golden/none", ParameterVersion=1, Labels=["good"])
    with refused("ParameterNotFound"):
        ssm.get_parameter(Name="/golden/none")


def test_an_allowed_pattern_is_kept_to(ssm: Any, refused: Any) -> None:
    with refused("ParameterPatternMismatchException"):
        ssm.put_parameter(Name="/n", Value="abc", Type="String", AllowedPattern="[0-9]+")
