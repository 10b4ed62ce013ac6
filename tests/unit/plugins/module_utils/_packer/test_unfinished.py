# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Of a run that was killed late: what it made is kept when all of it is good, and else goes with what names it."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.record import RunRecord
from ansible_collections.golden.ami.plugins.module_utils._packer.unfinished import (
    artifacts_to_keep,
    parameters_of,
    remove_parameters,
)

COMPLETE = [{"Key": "golden:complete", "Value": "yes"}]
INCOMPLETE = [{"Key": "golden:complete", "Value": "no"}]


class Cloud:
    """Images by id with their tags, parameters by Region and name."""

    def __init__(self, images: dict[str, t.Any], parameters: dict[tuple[str, str], str] | None = None) -> None:
        self.images = images
        self.parameters = parameters or {}
        self.region = ""
        self.asked = 0

    def ec2(self, region: str) -> Cloud:
        self.region = region
        return self

    ssm = ec2

    def describe_images(self, **request: t.Any) -> dict[str, t.Any]:
        self.asked += 1
        wanted = request["Filters"][0]["Values"]
        date = "2026-11-21T09:30:00.000Z"
        found = [
            {"ImageId": one, "CreationDate": date, "Tags": tags} for one, tags in self.images.items() if one in wanted
        ]
        return {"Images": found}

    def get_parameter(self, Name: str, **_more: t.Any) -> dict[str, t.Any]:  # noqa: N803 - as boto3 has it
        return {"Parameter": {"Value": self.parameters[(self.region, Name)]}}

    def delete_parameter(self, Name: str) -> None:  # noqa: N803
        del self.parameters[(self.region, Name)]


def record(*artifacts: str, parameters: list[dict[str, str]] | None = None) -> RunRecord:
    return RunRecord(
        "golden-1",
        "web",
        "eu-west-1",
        None,
        None,
        1,
        1,
        "here",
        "/x",
        artifacts=[*artifacts],
        parameters=parameters or [],
    )


@pytest.mark.parametrize(
    ("images", "kept"),
    [
        ({"ami-1": COMPLETE}, True),
        ({"ami-1": COMPLETE, "ami-2": COMPLETE}, True),
        ({"ami-1": COMPLETE, "ami-2": INCOMPLETE}, False),
        ({"ami-1": []}, False),
        ({}, False),
    ],
)
def test_all_of_it_is_kept_or_nothing(images: dict[str, t.Any], kept: bool) -> None:
    made = record("ami-1", "snap-1", "ami-2")
    cloud: t.Any = Cloud(images)
    assert artifacts_to_keep(cloud, made) == (made.artifacts if kept else [])
    assert (cloud.region, cloud.asked) == ("eu-west-1", 1)


def test_where_it_made_no_ami_nothing_is_asked() -> None:
    cloud: t.Any = Cloud({})
    assert artifacts_to_keep(cloud, record()) == []
    assert cloud.asked == 0


def test_just_the_parameters_that_name_its_amis_go() -> None:
    names = [{"region": region, "name": "/golden/web/versions/1"} for region in ("eu-west-1", "us-east-1")]
    cloud: t.Any = Cloud(
        {}, {("eu-west-1", names[0]["name"]): "ami-1", ("us-east-1", names[1]["name"]): "ami-of-another"}
    )
    found = parameters_of(cloud, record("ami-1", parameters=names))
    assert found == [{"region": "eu-west-1", "type": "parameter", "id": "/golden/web/versions/1"}]
    remove_parameters(cloud, found)
    assert list(cloud.parameters) == [("us-east-1", "/golden/web/versions/1")]
