# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Of a run that was killed late: what it made goes when it is known to be incomplete, with what names it."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.leftovers import Learned
from ansible_collections.golden.ami.plugins.module_utils._packer.record import RunRecord
from ansible_collections.golden.ami.plugins.module_utils._packer.unfinished import (
    artifacts_to_keep,
    complete_ones,
    parameters_of,
    remove_parameters,
)

COMPLETE = [{"Key": "golden:complete", "Value": "yes"}, {"Key": "golden:run", "Value": "golden-1"}]
INCOMPLETE = [{"Key": "golden:complete", "Value": "no"}, {"Key": "golden:run", "Value": "golden-1"}]
# What a template that copies its parent's tags gives to an AMI.
COPIED = [{"Key": "golden:complete", "Value": "yes"}, {"Key": "golden:run", "Value": "golden-of-parent"}]
HOME, AWAY = "eu-west-1", "us-east-1"


class Cloud:
    """Images by Region and id with their tags, snapshots alike, and parameters by Region and name.

    ami-1 has the snapshot snap-1, and so on.
    """

    def __init__(
        self,
        images: dict[tuple[str, str], t.Any] | None = None,
        parameters: dict[tuple[str, str], str] | None = None,
        snapshots: dict[tuple[str, str], t.Any] | None = None,
    ) -> None:
        self.images = images or {}
        self.parameters = parameters or {}
        self.snapshots = snapshots or {}
        self.region = ""
        self.asked: list[str] = []

    def ec2(self, region: str) -> Cloud:
        self.region = region
        return self

    ssm = ec2

    def _found(self, of: dict[tuple[str, str], t.Any], request: dict[str, t.Any]) -> list[tuple[str, t.Any]]:
        wanted = request["Filters"][0]["Values"]
        return [(one, tags) for (region, one), tags in of.items() if region == self.region and one in wanted]

    def describe_images(self, **request: t.Any) -> dict[str, t.Any]:
        self.asked.append(self.region)
        date = "2026-11-21T09:30:00.000Z"
        found = [
            {
                "ImageId": one,
                "CreationDate": date,
                "Tags": tags,
                "BlockDeviceMappings": [{"Ebs": {"SnapshotId": one.replace("ami", "snap")}}],
            }
            for one, tags in self._found(self.images, request)
        ]
        return {"Images": found}

    def describe_snapshots(self, **request: t.Any) -> dict[str, t.Any]:
        found = self._found(self.snapshots, request)
        return {"Snapshots": [{"SnapshotId": one, "Tags": tags} for one, tags in found]}

    def get_parameter(self, Name: str, **_more: t.Any) -> dict[str, t.Any]:  # noqa: N803 - as boto3 has it
        return {"Parameter": {"Value": self.parameters[(self.region, Name)]}}

    def delete_parameter(self, Name: str) -> None:  # noqa: N803
        del self.parameters[(self.region, Name)]


def record(*artifacts: str, parameters: list[dict[str, str]] | None = None) -> RunRecord:
    return RunRecord(
        "golden-1",
        "web",
        HOME,
        None,
        None,
        1,
        1,
        "here",
        "/x",
        learned=Learned(regions=[AWAY]),
        artifacts=[*artifacts],
        parameters=parameters or [],
    )


@pytest.mark.parametrize(
    ("images", "kept"),
    [
        ({(HOME, "ami-1"): COMPLETE, (AWAY, "ami-2"): COMPLETE}, ["ami-1", "snap-1", "ami-2", "snap-2"]),
        # The template made its AMIs in another Region than the module's, or the one at home has been deregistered.
        ({(AWAY, "ami-2"): COMPLETE}, ["ami-1", "snap-1", "ami-2", "snap-2"]),
        ({}, ["ami-1", "snap-1", "ami-2", "snap-2"]),
        ({(HOME, "ami-1"): INCOMPLETE, (AWAY, "ami-2"): COMPLETE}, ["ami-2", "snap-2"]),
        ({(HOME, "ami-1"): [], (AWAY, "ami-2"): INCOMPLETE}, []),
        ({(HOME, "ami-1"): COPIED, (AWAY, "ami-2"): COMPLETE}, ["ami-2", "snap-2"]),
    ],
)
def test_only_what_is_known_to_be_incomplete_goes(images: dict[tuple[str, str], t.Any], kept: list[str]) -> None:
    cloud: t.Any = Cloud(images)
    assert artifacts_to_keep(cloud, record("ami-1", "snap-1", "ami-2", "snap-2")) == kept
    assert cloud.asked == [HOME, AWAY]


def test_a_snapshot_whose_ami_is_gone_goes_when_it_says_that_it_is_incomplete() -> None:
    cloud: t.Any = Cloud(snapshots={(HOME, "snap-1"): INCOMPLETE, (AWAY, "snap-2"): COMPLETE})
    assert artifacts_to_keep(cloud, record("ami-1", "snap-1", "ami-2", "snap-2")) == ["ami-1", "ami-2", "snap-2"]


def test_of_a_run_that_wrote_down_that_all_is_complete_nothing_is_asked() -> None:
    made = record("ami-1", "snap-1")
    made.complete = True
    cloud: t.Any = Cloud({(HOME, "ami-1"): INCOMPLETE})
    assert (artifacts_to_keep(cloud, made), cloud.asked) == (["ami-1", "snap-1"], [])


def test_complete_amis_that_did_not_come_on_record() -> None:
    cloud: t.Any = Cloud({(AWAY, "ami-2"): COMPLETE, (AWAY, "ami-3"): INCOMPLETE})
    tagged = [("image", "ami-2"), ("image", "ami-3"), ("volume", "vol-1")]
    assert complete_ones(cloud, AWAY, tagged, record()) == {"ami-2", "snap-2"}
    assert complete_ones(cloud, AWAY, [("volume", "vol-1")], record()) == set()
    assert cloud.asked == [AWAY]


def test_where_it_made_no_ami_nothing_is_asked() -> None:
    cloud: t.Any = Cloud()
    assert artifacts_to_keep(cloud, record()) == []
    assert cloud.asked == []


def test_just_the_parameters_that_name_what_goes_go() -> None:
    names = [{"region": region, "name": "/golden/web/versions/1"} for region in (HOME, AWAY)]
    cloud: t.Any = Cloud(parameters={(HOME, names[0]["name"]): "ami-1", (AWAY, names[1]["name"]): "ami-2"})
    found = parameters_of(cloud, record("ami-1", "ami-2", parameters=names), ["ami-1"])
    assert found == [{"region": HOME, "type": "parameter", "id": "/golden/web/versions/1"}]
    remove_parameters(cloud, found)
    assert list(cloud.parameters) == [(AWAY, "/golden/web/versions/1")]
