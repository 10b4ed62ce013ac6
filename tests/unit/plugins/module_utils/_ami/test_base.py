# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which AMI of another image a build starts from: the newest complete one, or what a channel names."""

from __future__ import annotations

import typing as t

import botocore.exceptions
import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.base import BaseImage, resolve_base
from ansible_collections.golden.ami.plugins.module_utils._ami.calls import AmiError


class FakeCloud:
    """Answers as EC2 and SSM do; C(requests) are what was asked."""

    region = "eu-west-1"

    def __init__(self, images: list[dict[str, str]] | None = None, parameters: dict[str, str] | None = None) -> None:
        self.images = images or []
        self.parameters = parameters or {}
        self.requests: list[dict[str, t.Any]] = []

    def ec2(self) -> FakeCloud:
        return self

    def ssm(self) -> FakeCloud:
        return self

    def describe_images(self, **request: t.Any) -> dict[str, t.Any]:
        self.requests.append(request)
        return {"Images": self.images}

    def get_parameter(self, Name: str) -> dict[str, t.Any]:  # noqa: N803 - boto3's name
        self.requests.append({"Name": Name})
        if Name not in self.parameters:
            error = {"Error": {"Code": "ParameterNotFound", "Message": "no"}}
            raise botocore.exceptions.ClientError(t.cast(t.Any, error), "GetParameter")
        return {"Parameter": {"Value": self.parameters[Name]}}


def resolve(cloud: FakeCloud, **base: t.Any) -> str:
    return resolve_base(t.cast(t.Any, cloud), BaseImage(child="web", **base))


def test_an_image_is_its_newest_complete_ami_of_this_account() -> None:
    old = {"ImageId": "ami-0ffffffffffffffff", "CreationDate": "2026-01-01T00:00:00.000Z"}
    new = {"ImageId": "ami-00000000000000001", "CreationDate": "2026-02-01T00:00:00.000Z"}
    cloud = FakeCloud([new, old])
    assert resolve(cloud, image="base") == "ami-00000000000000001"
    (request,) = cloud.requests
    assert request["Owners"] == ["self"]
    assert {entry["Name"]: entry["Values"] for entry in request["Filters"]} == {
        "tag:golden:image": ["base"],
        "tag:golden:complete": ["yes"],
        "state": ["available"],
    }


def test_a_channel_is_what_its_parameter_holds() -> None:
    cloud = FakeCloud(parameters={"/golden/base/prod": "ami-0ccccccccccccccc1"})
    assert resolve(cloud, image="base", channel="prod") == "ami-0ccccccccccccccc1"
    assert cloud.requests == [{"Name": "/golden/base/prod"}]


def test_a_parent_that_was_never_built_is_told_with_what_to_type() -> None:
    with pytest.raises(AmiError, match="no complete AMI of base in eu-west-1 yet.*build it first: -e image=base,web$"):
        resolve(FakeCloud(), image="base")


def test_a_channel_that_names_nothing_is_told_with_what_to_type() -> None:
    with pytest.raises(AmiError, match="channel prod of base names no AMI.*/golden/base/prod.*-e image=base,web"):
        resolve(FakeCloud(), image="base", channel="prod")
