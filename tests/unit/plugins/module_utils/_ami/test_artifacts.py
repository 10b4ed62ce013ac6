# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AMIs of ours as EC2 describes them."""

from __future__ import annotations

import typing as t

from ansible_collections.golden.ami.plugins.module_utils._ami.artifacts import (
    describe_artifacts,
    find_own_images,
    own_image,
    tag_where_missing,
)


class Ec2:
    def __init__(self, *images: dict[str, t.Any]) -> None:
        self.images = list(images)
        self.requests: list[dict[str, t.Any]] = []

    def describe_images(self, **request: t.Any) -> dict[str, t.Any]:
        self.requests.append(request)
        return {"Images": self.images}

    def create_tags(self, **request: t.Any) -> None:
        self.requests.append(request)


class Cloud:
    def __init__(self, ec2: Ec2) -> None:
        self.client = ec2
        self.regions: list[str | None] = []

    def ec2(self, region: str | None = None) -> Ec2:
        self.regions.append(region)
        return self.client


def image(ami_id: str, created: str = "2026-11-21T09:30:00.000Z", **more: t.Any) -> dict[str, t.Any]:
    return {"ImageId": ami_id, "CreationDate": created, **more}


def test_what_ec2_leaves_out() -> None:
    bare = own_image(image("ami-1"))
    assert (bare.tags, bare.snapshot_ids, bare.state, bare.version, bare.owner) == ({}, (), "", "", None)


def test_disks_without_a_snapshot_are_none() -> None:
    disks = [
        {"Ebs": {"SnapshotId": "snap-1"}},
        {"VirtualName": "ephemeral0"},
        {"Ebs": {}},
        {"Ebs": {"SnapshotId": "snap-2"}},
    ]
    full = own_image(
        image("ami-1", BlockDeviceMappings=disks, Tags=[{"Key": "golden:version", "Value": "7"}], State="available")
    )
    assert full.snapshot_ids == ("snap-1", "snap-2")
    assert (full.version, full.state) == ("7", "available")


def test_oldest_first_and_of_one_moment_by_id() -> None:
    ec2 = Ec2(image("ami-3"), image("ami-2"), image("ami-1", "2026-11-22T09:30:00.000Z"))
    found = find_own_images(t.cast(t.Any, Cloud(ec2)), "web")
    assert [one.image_id for one in found] == ["ami-2", "ami-3", "ami-1"]
    assert ec2.requests[0]["Owners"] == ["self"]
    assert {"Name": "tag:golden:image", "Values": ["web"]} in ec2.requests[0]["Filters"]


def test_artifacts_are_described_where_they_are() -> None:
    cloud = Cloud(Ec2(image("ami-1")))
    assert [one.image_id for one in describe_artifacts(t.cast(t.Any, cloud), "us-east-1", ["ami-1", "ami-2"])] == [
        "ami-1"
    ]
    assert cloud.regions == ["us-east-1"]


def test_only_what_lacks_a_tag_is_tagged() -> None:
    ec2 = Ec2()
    found = {"ami-1": {"a": "1", "b": "2"}, "snap-1": {"a": "0", "b": "2"}, "snap-2": {}}
    assert tag_where_missing(t.cast(t.Any, Cloud(ec2)), "eu-west-1", found, {"a": "1", "b": "2"}) == [
        "snap-1",
        "snap-2",
    ]
    assert ec2.requests[0]["Resources"] == ["snap-1", "snap-2"]
    assert tag_where_missing(t.cast(t.Any, Cloud(Ec2())), "eu-west-1", {"ami-1": {"a": "1"}}, {"a": "1"}) == []
